"""The native library keeps onnxruntime's telemetry off, unless the app has decided otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mobileiqa_sdk import library

from .toolbox import Jvm

SWITCH = "ORT_DISABLE_TELEMETRY"


def files_after_scoring(classes: Path, host_library: Path, home: Path, switch: str | None) -> list[str]:
    """Scores in a process with a new home; gives the files that it has left there."""
    kept = {key: value for key, value in os.environ.items() if key != SWITCH and not key.startswith("XDG_")}
    environment = {**kept, "HOME": str(home)}
    if switch is not None:
        environment[SWITCH] = switch
    jvm = Jvm(classes, host_library, environment)
    model = jvm.call("open", path=str(library.find(None)), threads=1)
    jvm.call("replay", model=model)
    jvm.call("close", model=model)
    jvm.close()
    return [str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()]


def test_scoring_in_a_new_home_leaves_no_file(classes: Path, host_library: Path, tmp_path: Path) -> None:
    assert files_after_scoring(classes, host_library, tmp_path, None) == []


def test_the_app_may_decide_otherwise(classes: Path, host_library: Path, tmp_path: Path) -> None:
    """This shows too that the test above would see telemetry."""
    files = files_after_scoring(classes, host_library, tmp_path, "0")
    if not files:
        pytest.skip("this onnxruntime has no telemetry")
    assert any("onnxruntime" in file for file in files)
