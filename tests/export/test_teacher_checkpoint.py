"""Teacher or student: which of them a file holds, and errors where the other is needed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mobileiqa_export.checkpoint import load_checkpoint, load_student, load_teacher, save_checkpoint
from mobileiqa_export.errors import CheckpointMismatch, StudentCheckpoint, TeacherCheckpoint
from mobileiqa_export.student import AttentionStudent, StudentConfig
from mobileiqa_export.teacher import Teacher, TeacherConfig

from .conftest import SMALL, SMALL_TEACHER, filled, filled_teacher

PUBLISHED_SIZE = StudentConfig().input_size


def test_a_teacher_is_told_from_a_student(tmp_path: Path) -> None:
    teacher, student = filled_teacher(), filled(SMALL)
    torch.save(
        {"state_dict": {f"module.{k}": v for k, v in teacher.state_dict().items()}}, tmp_path / "t.pkl"
    )
    torch.save(student.state_dict(), tmp_path / "s.pkl")
    loaded = load_checkpoint(tmp_path / "t.pkl")
    assert isinstance(loaded.network, Teacher)
    assert loaded.config == TeacherConfig.from_dict({**SMALL_TEACHER.to_dict(), "input_size": PUBLISHED_SIZE})
    assert all(torch.equal(v, teacher.state_dict()[k]) for k, v in loaded.network.state_dict().items())
    assert isinstance(load_checkpoint(tmp_path / "s.pkl").network, AttentionStudent)


def test_a_saved_teacher_describes_itself(tmp_path: Path) -> None:
    path = tmp_path / "teacher.safetensors"
    save_checkpoint(path, filled_teacher(), SMALL_TEACHER, name="mine")
    for loaded in (load_teacher(path), load_checkpoint(path)):
        assert loaded.config == SMALL_TEACHER
        assert loaded.info["name"] == "mine"
    assert load_teacher(path, input_size=(64, 96)).config.input_size == (64, 96)


def test_the_other_kind_is_named(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "t.safetensors", filled_teacher(), SMALL_TEACHER)
    save_checkpoint(tmp_path / "s.safetensors", filled(SMALL), SMALL)
    with pytest.raises(TeacherCheckpoint, match="student is needed"):
        load_student(tmp_path / "t.safetensors")
    with pytest.raises(StudentCheckpoint, match="teacher is needed"):
        load_teacher(tmp_path / "s.safetensors")


def test_a_teacher_beside_its_student(tmp_path: Path) -> None:
    both = {"student": filled(SMALL).state_dict(), "teacher": filled_teacher().state_dict()}
    path = tmp_path / "both.pth"
    torch.save(both, path)
    with pytest.raises(CheckpointMismatch) as caught:
        load_checkpoint(path)
    assert all(name in caught.value.reason for name in ("student", "teacher", "--weights"))
    assert isinstance(load_checkpoint(path, weights="teacher").network, Teacher)
    assert isinstance(load_checkpoint(path, weights="student").network, AttentionStudent)
    assert isinstance(load_student(path).network, AttentionStudent)
    assert isinstance(load_teacher(path).network, Teacher)


def test_part_of_a_teacher_is_compared_with_a_teacher(tmp_path: Path) -> None:
    state = filled_teacher().state_dict()
    del state["LGF3.cnn1.bias"]
    torch.save(state, tmp_path / "t.pkl")
    with pytest.raises(CheckpointMismatch, match=r"a teacher on MobileViT-V2 0.25: .*LGF3\.cnn1\.bias"):
        load_checkpoint(tmp_path / "t.pkl")


def test_metadata_may_not_ask_for_other_sizes(tmp_path: Path) -> None:
    path = tmp_path / "t.safetensors"
    save_checkpoint(path, filled_teacher(), TeacherConfig(stem=16, grid=12, width=16, hidden=24, views=2))
    with pytest.raises(CheckpointMismatch, match="stem 16, its tensors 8"):
        load_checkpoint(path)
