from __future__ import annotations

from pathlib import Path

import click
import pytest
import torch

from mobileiqa_export.student import StudentConfig, build_student, save_checkpoint
from training.features import fingerprint
from training.training_set import backbone_of

CONFIG = StudentConfig(form="moments", backbone="mobilenetv3-large-minimalistic", hidden=4, views=2)


def test_a_students_backbone_can_be_taken(tmp_path: Path) -> None:
    torch.manual_seed(0)
    student = build_student(CONFIG)
    save_checkpoint(tmp_path / "a.safetensors", student, CONFIG)
    weights = backbone_of(None, tmp_path / "a.safetensors")
    assert fingerprint(weights) == fingerprint(dict(student.local_cnn.state_dict()))


def test_one_backbone_is_needed_not_two(tmp_path: Path) -> None:
    for files in ((None, None), (tmp_path, tmp_path)):
        with pytest.raises(click.UsageError, match="a backbone is needed"):
            backbone_of(*files)
