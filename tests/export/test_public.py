"""The declared API."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mobileiqa_export


@pytest.mark.parametrize("name", mobileiqa_export.__all__)
def test_every_name_is_there(name: str) -> None:
    value = getattr(mobileiqa_export, name)
    assert isinstance(value, dict) or value.__module__.startswith("mobileiqa_export")
    assert name in dir(mobileiqa_export)


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError):
        mobileiqa_export.workshop  # noqa: B018 - the access is the test


def test_importing_it_does_not_load_torch() -> None:
    code = "import sys, mobileiqa_export; mobileiqa_export.ExportError; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
