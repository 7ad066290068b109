"""Accelerators: what is asked for, what computes, and that the golden image decides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..sdk import artifacts
from . import toolbox
from .models import GREY
from .toolbox import Jvm, picture

ACCELERATORS = {"XNNPACK": b"XnnpackExecutionProvider", "NNAPI": b"NnapiExecutionProvider"}


def saved_model(folder: Path, score: float | None = None) -> str:
    """The path of the tiny model; with a score, that is what its golden case promises."""
    contract = artifacts.contract()
    if score is not None:
        contract["golden"]["cases"][0]["score"] = score
    return str(artifacts.save(folder, artifacts.model(contract)))


@pytest.mark.parametrize("accelerator", ACCELERATORS)
def test_without_the_accelerator_the_cpu_scores(jvm: Jvm, tmp_path: Path, accelerator: str) -> None:
    """The onnxruntime of this machine has neither."""
    opened = jvm.call("open_accelerated", path=saved_model(tmp_path), accelerator=accelerator)
    assert opened["used"] == "CPU"
    assert opened["refusal"].startswith("model.onnx: ")
    assert jvm.call("run", model=opened["model"], **picture(GREY)) == pytest.approx(128 / 255)


def test_the_cpu_needs_no_golden_image(jvm: Jvm, tmp_path: Path) -> None:
    opened = jvm.call("open_accelerated", path=saved_model(tmp_path, 0.9), accelerator="CPU")
    assert (opened["used"], opened["refusal"]) == ("CPU", None)


def test_an_accelerator_that_computes_nothing_is_not_said_to_be_used(jvm: Jvm, tmp_path: Path) -> None:
    opened = jvm.call("open_accelerated", path=saved_model(tmp_path), accelerator="XNNPACK", pretends=True)
    assert (opened["used"], opened["refusal"]) == ("CPU", "XNNPACK can compute no part of this model")


def test_an_accelerator_that_scores_the_golden_image_wrong_is_not_used(jvm: Jvm, tmp_path: Path) -> None:
    opened = jvm.call("open_accelerated", path=saved_model(tmp_path, 0.9), accelerator="NNAPI", pretends=True)
    assert opened["used"] == "CPU"
    assert re.match(r"NNAPI scores the golden image wrong: 0\.\d+ instead of 0\.9$", opened["refusal"])


def test_a_damaged_model_is_an_error_on_every_accelerator(jvm: Jvm, tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(toolbox.JavaError, match=r"^ModelException: bad\.onnx: "):
        jvm.call("open_accelerated", path=str(path), accelerator="XNNPACK")


@pytest.mark.parametrize("abi", ["arm64-v8a", "x86_64"])
def test_the_shipped_onnxruntime_has_both(abi: str) -> None:
    toolbox.need_onnxruntime("onnxruntime-android")
    library = (toolbox.CACHE / "onnxruntime-android/jni" / abi / "libonnxruntime.so").read_bytes()
    assert all(provider in library for provider in ACCELERATORS.values())
    assert b"OrtSessionOptionsAppendExecutionProvider_Nnapi\0" in library
