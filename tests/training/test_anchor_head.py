"""The anchor moves large photos, nothing and the worst faults, and keeps the rest to the bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

from mobileiqa_export.checkpoint import load_student, save_checkpoint
from mobileiqa_export.student import MomentStudent, StudentConfig, build_student
from training.anchor_head import (
    EMPTY,
    POOR,
    AnchorSettings,
    fit_anchor,
    shift_to,
    shifts_of,
    split,
)
from training.anchors import NOTHING, Ladder, fill_ladders
from training.cli import commands
from training.cli.anchor import logits_of
from training.errors import TrainingError
from training.extractor import Extractor
from training.features import fingerprint
from training.picture_moments import PictureCache

CONFIG = StudentConfig(
    "moments", "mobilenetv3-large-minimalistic", hidden=2, views=2, settings=(("fast", 4096), ("high", 9216))
)


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def logits(moments: np.ndarray) -> np.ndarray:
    """Two views, a logit apart; the first moment is the middle."""
    return moments[:, :1] + np.array([[-0.5, 0.5]], np.float32)


def ladder(rows: list[tuple[str, int, int, float]]) -> Ladder:
    """Each row: fault, step, budget, and the middle of the two logits."""
    faults, steps, budgets, middles = zip(*rows, strict=True)
    features = np.stack(
        [np.array([middle, budget], np.float32) for middle, budget in zip(middles, budgets, strict=False)]
    )
    return Ladder(features, faults, np.array(steps, np.float32), np.array(budgets, np.float32))


LARGE = ladder(
    [
        ("", 0, 10, 1.0),
        ("JPEG", 1, 10, 0.9),
        ("JPEG", 3, 10, 0.8),
        ("gaussian blur", 3, 10, -2.0),
        ("", 0, 60, 0.6),
        ("JPEG", 1, 60, 0.2),
        ("JPEG", 3, 60, 0.1),
        ("gaussian blur", 3, 60, -2.5),
    ]
)
SMALL = ladder([("", 0, 10, 1.0), ("JPEG", 3, 10, 0.5), ("gaussian blur", 3, 10, 0.4)])
EMPTIES = ladder([(NOTHING, 0, 10, 0.5), (NOTHING, 0, 10, -3.0)])


def test_a_shift_takes_the_mean_of_opinions_to_a_score() -> None:
    values = np.array([[0.3, -2.0], [4.0, 5.0]], np.float32)
    shifts = shift_to(values, 0.4)
    assert sigmoid(values + shifts[:, np.newaxis]).mean(1) == pytest.approx([0.4, 0.4], abs=1e-6)
    assert shifts[1] < shifts[0]


def test_what_is_moved_and_how_far() -> None:
    rows, _ = split([LARGE, SMALL, EMPTIES], logits)
    middles = rows.moments[:, 0]
    assert middles.tolist() == pytest.approx([0.8, 0.6, 0.2, 0.1, -2.5, 0.5])
    raised, lowered = rows.amounts.T
    # A large photograph, and its mild faults with it, as far as its score at the smaller budget.
    assert raised[[1, 2, 4]] == pytest.approx([0.4, 0.4, 0.4], abs=1e-5)
    assert lowered[[1, 2, 4]].tolist() == [0, 0, 0]
    scores = sigmoid(logits(rows.moments) + (raised - lowered)[:, np.newaxis]).mean(1)
    assert scores[[0, 3]] == pytest.approx([POOR, POOR], abs=1e-5)
    assert scores[5] == pytest.approx(EMPTY, abs=1e-5)
    assert (rows.amounts >= 0).all()


def test_the_rest_is_kept() -> None:
    _, kept = split([LARGE, SMALL, EMPTIES], logits)
    assert kept[:, 0].tolist() == pytest.approx([1.0, 0.9, -2.0, 1.0, 0.5, 0.4])


def test_a_fitted_anchor_moves_and_keeps() -> None:
    generator = np.random.default_rng(0)
    kept = generator.standard_normal((512, 6)).astype(np.float32) - 1
    raised = kept[:128] + np.array([4, 0, 0, 0, 0, 0], np.float32)
    lowered = kept[128:256] + np.array([0, 4, 0, 0, 0, 0], np.float32)
    amounts = np.repeat(np.array([[0.5, 0.0], [0.0, 0.8]], np.float32), 128, axis=0)
    settings = AnchorSettings(hidden=8, epochs=120, batch=64, rate=0.02, dropout=0.0, decay=0.0)
    state = fit_anchor(kept, np.concatenate([raised, lowered]), amounts, settings)
    assert (shifts_of(state, kept) == 0).mean() > 0.97
    assert shifts_of(state, raised).mean() == pytest.approx(0.5, abs=0.15)
    assert shifts_of(state, lowered).mean() == pytest.approx(-0.8, abs=0.15)
    again = fit_anchor(kept, np.concatenate([raised, lowered]), amounts, settings)
    assert all(torch.equal(state[name], again[name]) for name in state)
    other = fit_anchor(kept, np.concatenate([raised, lowered]), amounts, replace(settings, seed=1))
    assert not torch.equal(state["hidden.weight"], other["hidden.weight"])


def test_an_amount_below_zero_moves_nothing() -> None:
    state = {
        "hidden.weight": torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
        "hidden.bias": torch.zeros(2),
        "amounts.weight": torch.tensor([[2.0, 0.0], [0.0, 3.0]]),
        "amounts.bias": torch.tensor([-1.0, -1.5]),
    }
    rows = np.array([[1.0, 0.0], [0.25, 0.0], [0.0, 2.0], [9.0, 0.0], [-9.0, -9.0]], np.float32)
    assert shifts_of(state, rows).tolist() == [1.0, 0.0, -4.5, 7.0, 0.0]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "student.safetensors"
    save_checkpoint(path, build_student(CONFIG), CONFIG, name="small", version="1.0")
    return path


def test_the_commands_from_caches_to_a_student(checkpoint: Path, tmp_path: Path, scenes: list[Path]) -> None:
    loaded = load_student(checkpoint)
    student = loaded.network
    assert isinstance(student, MomentStudent)
    extract = Extractor(student, CONFIG.backbone, 1)
    fill_ladders(tmp_path / "ladders", scenes[:1], extract, (4096, 9216))
    weights = fingerprint(dict(student.local_cnn.state_dict()))
    PictureCache(tmp_path / "plain", tuple(scenes), weights, 4096).fill(extract)
    run = CliRunner().invoke(
        commands,
        [
            "fit-anchor",
            "--checkpoint",
            str(checkpoint),
            "--ladders",
            str(tmp_path / "ladders"),
            "--photographs",
            str(tmp_path / "plain"),
            "--out",
            str(tmp_path / "anchor.safetensors"),
            "--set",
            "epochs=2",
            "--set",
            "hidden=3",
        ],
    )
    assert run.exit_code == 0, run.output
    assert {key: tuple(value.shape) for key, value in load_file(tmp_path / "anchor.safetensors").items()} == {
        "hidden.weight": (3, 3456),
        "hidden.bias": (3,),
        "amounts.weight": (2, 3),
        "amounts.bias": (2,),
    }
    run = CliRunner().invoke(
        commands,
        [
            "add-heads",
            "--checkpoint",
            str(checkpoint),
            "--anchor",
            str(tmp_path / "anchor.safetensors"),
            "--out",
            str(tmp_path / "whole.safetensors"),
            "--model-version",
            "2.0",
        ],
    )
    assert run.exit_code == 0, run.output
    whole = load_student(tmp_path / "whole.safetensors")
    assert whole.config == replace(CONFIG, anchor_hidden=3)
    assert whole.info["version"] == "2.0"


def test_a_linear_head_has_no_logits() -> None:
    config = replace(CONFIG, head="linear")
    student = build_student(config)
    assert isinstance(student, MomentStudent)
    with pytest.raises(TrainingError):
        logits_of(student)
