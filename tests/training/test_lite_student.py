from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mobileiqa_bench.scenes import scene
from mobileiqa_export.checkpoint import load_student, save_checkpoint
from mobileiqa_export.student import BACKBONES, MomentStudent
from training.budgets import SIDE, BudgetPairs
from training.closed_form import LinearHead, Standardiser
from training.errors import TrainingError
from training.features import to_batch
from training.finetune import Rated
from training.lite_features import read_fitted
from training.lite_finetune import LiteFinetuneSettings, LiteFinetuning, score_photos
from training.lite_student import headless_student, linear_head, lite_config, moments_of, set_head

LITE0 = "efficientnet-lite0"


def made_student(scenes: list[Path]) -> MomentStudent:
    """Random weights, and a head that reacts to a few moments of these photos."""
    torch.manual_seed(0)
    student = headless_student(lite_config(LITE0), BACKBONES[LITE0].build().state_dict())
    with torch.no_grad():
        rows = [moments_of(student, LITE0, to_batch([read_fitted(path, 9216)]))[0].numpy() for path in scenes]
    weight = np.random.default_rng(0).standard_normal(6288).astype(np.float32) * 0.002
    set_head(student, Standardiser.of(np.stack(rows)), LinearHead(weight, 0.5))
    return student


def test_the_student_scores_as_the_closed_form_does(scenes: list[Path]) -> None:
    student = made_student(scenes)
    features = np.random.default_rng(1).standard_normal((3, 6288)).astype(np.float32) * 50
    views = linear_head(student)
    standardiser = Standardiser(views.mean.numpy(), views.std.numpy())
    head = LinearHead(views.opinion.weight.detach().numpy()[0], float(views.opinion.bias.detach()))
    with torch.no_grad():
        scores = views.unlimited((torch.from_numpy(features) - views.mean) / views.std)[:, 0].numpy()
    np.testing.assert_allclose(scores, head.score(standardiser.apply(features)), rtol=1e-4)


def test_a_checkpoint_keeps_the_student(tmp_path: Path, scenes: list[Path]) -> None:
    student = made_student(scenes)
    path = tmp_path / "student.safetensors"
    save_checkpoint(path, student, lite_config(LITE0))
    loaded = load_student(path)
    assert loaded.config == lite_config(LITE0)
    assert isinstance(loaded.network, MomentStudent)
    expected, actual = (score_photos(one, LITE0, scenes[:2], 9216) for one in (student, loaded.network))
    np.testing.assert_array_equal(actual, expected)
    assert actual[0] != actual[1]


def test_a_resumed_run_gives_the_weights_of_an_uninterrupted_one(tmp_path: Path, scenes: list[Path]) -> None:
    mos = np.linspace(0.2, 0.9, 6, dtype=np.float32)
    learn, validate = Rated(scenes[:6], mos), Rated(scenes[6:9], mos[:3])
    settings = LiteFinetuneSettings(stages=((1, 64),), batch=3, ladders=1, average=0.5, frozen_stages=6)

    def finetuning(name: str) -> LiteFinetuning:
        return LiteFinetuning(made_student(scenes), LITE0, learn, validate, [], settings, tmp_path / name)

    whole = finetuning("whole")
    whole.run(save_seconds=0)
    stopped = finetuning("stopped")
    stopped._learn(*stopped.batches[0])
    stopped.step = 1
    stopped._save()
    resumed = finetuning("stopped")
    resumed.run()
    for ours, theirs in zip(
        whole.finished().state_dict().values(), resumed.finished().state_dict().values(), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
    before, after = made_student(scenes).state_dict(), whole.finished().state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert {"local_cnn.last.weight", "head.opinion.weight"} <= moved
    assert not any(name.startswith(("local_cnn.stem", "local_cnn.stages.5", "head.mean")) for name in moved)
    assert [figures["step"] for figures in whole.history] == [2]
    with pytest.raises(TrainingError, match="other settings"):
        LiteFinetuning(
            made_student(scenes), LITE0, learn, validate, [], replace(settings, rate=1e-3), tmp_path / "whole"
        ).run()


def test_ladders_move_the_head(tmp_path: Path, scenes: list[Path]) -> None:
    rated = Rated(scenes[:3], np.linspace(0.2, 0.9, 3, dtype=np.float32))
    heads = []
    for ranking in (0.0, 50.0):
        settings = LiteFinetuneSettings(
            stages=((1, 64),), batch=3, ladders=1, frozen_stages=7, ranking=ranking, margin=0.5
        )
        finetuning = LiteFinetuning(
            made_student(scenes), LITE0, rated, rated, [], settings, tmp_path / "state"
        )
        finetuning._learn(*finetuning.batches[0])
        heads.append(linear_head(finetuning.student).opinion.weight.detach().clone())
    assert not torch.equal(*heads)


def test_training_brings_the_scores_of_two_budgets_together(tmp_path: Path, scenes: list[Path]) -> None:
    rated = Rated(scenes[:3], np.linspace(0.2, 0.9, 3, dtype=np.float32))
    pairs = BudgetPairs([scene(5, SIDE, SIDE)])
    settings = LiteFinetuneSettings(stages=((1, 64),), batch=3, ladders=0, frozen_stages=7)

    def apart(budgets: float) -> tuple[float, float]:
        finetuning = LiteFinetuning(
            made_student(scenes), LITE0, rated, rated, [], replace(settings, budgets=budgets), tmp_path, pairs
        )
        before = finetuning._between_budgets().item()
        finetuning._learn(*finetuning.batches[0])
        return before, finetuning._between_budgets().item()

    before, after = apart(1e4)
    assert 0 < after < before
    assert apart(0.0) == (0.0, 0.0)
