from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from mobileiqa_bench.fidelity import images
from mobileiqa_export.checkpoint import save_checkpoint
from mobileiqa_export.student import Student, StudentConfig, build_student
from mobileiqa_export.teacher import Teacher, TeacherConfig, build_teacher

from .formulas import formula_weights


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Beside another process, two threads of small work wait for each other far longer than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", autouse=True)
def few_images() -> Iterator[None]:
    """Twenty images to verify with, enough for the gate: more take minutes over all the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(images, "default_count", lambda size: 20)
        yield


SMALL = StudentConfig(grid=6, width=16, hidden=24, views=2, input_size=(197, 230))
TINY = StudentConfig("moments", "mobilenetv3-large-minimalistic", hidden=4, views=2, input_size=(97, 130))


SMALL_TEACHER = TeacherConfig(stem=8, grid=12, width=16, hidden=24, views=2, input_size=(166, 206))


def filled(config: StudentConfig, seed: int = 1) -> Student:
    student = build_student(config)
    student.load_state_dict(formula_weights(student, seed))
    return student


def filled_teacher(config: TeacherConfig = SMALL_TEACHER, seed: int = 1) -> Teacher:
    """A teacher whose answers to photos lie around 0.5, as a trained one's do."""
    teacher = build_teacher(config)
    state = formula_weights(teacher, seed)
    state["fc_score.3.weight"] *= 0.1
    state["fc_score.3.bias"].fill_(0.5)
    teacher.load_state_dict(state)
    return teacher


@pytest.fixture(scope="session")
def small() -> tuple[Student, StudentConfig]:
    """A published-form student with small numbers."""
    return filled(SMALL), SMALL


@pytest.fixture(scope="session")
def tiny() -> tuple[Student, StudentConfig]:
    """A moments student with small numbers."""
    return filled(TINY), TINY


@pytest.fixture(scope="session")
def tiny_checkpoint(tiny: tuple[Student, StudentConfig], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The moments student as a self-describing file."""
    path = tmp_path_factory.mktemp("checkpoint") / "tiny.safetensors"
    save_checkpoint(path, *tiny, name="tiny", version="1.2", licence="Apache-2.0")
    return path
