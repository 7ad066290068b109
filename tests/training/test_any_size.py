"""A student of one size made one for any size: the same weights, the same score where nothing is resized."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from mobileiqa_export.checkpoint import load_student, save_checkpoint
from training.cli import commands

PATH = Path(__file__).parents[2] / "training" / "checkpoints" / "mobileiqa-small.safetensors"


def test_weights_stay_and_settings_are_written(tmp_path: Path) -> None:
    fixed, out = tmp_path / "fixed.safetensors", tmp_path / "any.safetensors"
    bundled = load_student(PATH)
    info = {key: value for key, value in bundled.info.items() if key != "student"}
    save_checkpoint(fixed, bundled.network, replace(bundled.config, settings=()), **info)
    options = ["--setting", "fast", "262144", "--setting", "high", "1048576", "--model-version", "9"]
    done = CliRunner().invoke(
        commands,
        ["any-size", "--checkpoint", str(fixed), *options, "--out", str(out)],
        catch_exceptions=False,
    )
    assert done.exit_code == 0, done.output
    before, after = load_student(fixed), load_student(out)
    assert before.config.settings == ()
    assert after.config.settings == (("fast", 262144), ("high", 1048576))
    assert (after.info["version"], after.info["licence"]) == ("9", before.info["licence"])
    for key, tensor in before.network.state_dict().items():
        assert torch.equal(tensor, after.network.state_dict()[key]), key
    photo = torch.rand(1, 3, 64, 96) - 0.5
    with torch.no_grad():
        scores = [loaded.network.observe(photo).score.item() for loaded in (before, after)]
    assert scores[1] == pytest.approx(scores[0], abs=1e-6)
