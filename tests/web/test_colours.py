"""The pages show maps in the colours of Python's."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from mobileiqa_sdk.where.colours import colours_of

ROOT = Path(__file__).parents[2]
STEPS = ["".join(f"{int(level):02x}" for level in colour) for colour in colours_of(np.linspace(0, 1, 9))]


def test_the_report_has_them() -> None:
    style = (ROOT / "mobileiqa_sdk/report_page/page.css").read_text(encoding="utf-8")
    (ramp,) = re.findall(r"\.ramp \.colours \{[^}]*gradient\(to right, ([^)]*)\)", style)
    assert ramp.replace("#", "").split(", ") == STEPS


def test_the_package_for_browsers_has_them() -> None:
    code = (ROOT / "web/src/where/overlay.ts").read_text(encoding="utf-8")
    colours = re.findall(r"^  \[0x(..), 0x(..), 0x(..)\],$", code, re.MULTILINE)
    assert ["".join(colour) for colour in colours] == STEPS
