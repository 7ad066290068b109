from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from mobileiqa_export.checkpoint import load_student, save_checkpoint
from mobileiqa_export.student import MomentStudent, StudentConfig, build_student
from training.cli import commands
from training.companion import with_companion
from training.errors import TrainingError

SETTINGS = (("fast", 9216),)
OWN = StudentConfig("moments", "mobilenetv3-large-minimalistic", views=2, hidden=4, settings=SETTINGS)
SECOND = StudentConfig(
    "moments", "efficientnet-lite0-stages", views=3, hidden=4, settings=(("high", 18432),), halved=True
)


def made(config: StudentConfig) -> MomentStudent:
    torch.manual_seed(len(config.backbone))
    student = build_student(config)
    assert isinstance(student, MomentStudent)
    return student


def test_both_students_keep_their_weights(tmp_path: Path) -> None:
    own, second, out = (tmp_path / f"{name}.safetensors" for name in ("own", "second", "out"))
    save_checkpoint(own, made(OWN), OWN, name="own", version="1", training={"data": "photos"})
    save_checkpoint(second, made(SECOND), SECOND, name="second", training={"data": "others"})
    options = ["--checkpoint", own, "--companion", second, "--model-version", "2", "--out", out]
    done = CliRunner().invoke(commands, ["add-companion", *map(str, options)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    loaded = load_student(out)
    assert loaded.config == replace(OWN, companion=replace(SECOND, settings=SETTINGS))
    assert (loaded.info["name"], loaded.info["version"]) == ("own", "2")
    assert loaded.info["training"] == {"student": {"data": "photos"}, "companion": {"data": "others"}}
    photo = torch.rand(1, 3, 64, 96) - 0.5
    with torch.no_grad():
        views = [load_student(path).network.observe(photo).views for path in (own, second, out)]
    torch.testing.assert_close(views[2], torch.cat(views[:2], 1))


def test_another_companion_takes_the_place_of_the_first() -> None:
    student, config = with_companion(made(OWN), OWN, made(SECOND), SECOND)
    other = replace(SECOND, views=1)
    again, described = with_companion(student, config, made(other), other)
    assert described.opinions == 3
    assert again.companion is not None
    assert again.companion.head.views == 1


def test_a_companion_that_is_none() -> None:
    faulty = replace(SECOND, photo_hidden=2)
    with pytest.raises(TrainingError, match="opinions alone"):
        with_companion(made(OWN), OWN, made(faulty), faulty)
