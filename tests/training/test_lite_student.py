from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from training.closed_form import LinearHead, Standardiser
from training.efficientnet_lite import MEMBERS, LiteBackbone
from training.errors import TrainingError
from training.finetune import FinetuneSettings, Rated
from training.lite_features import lite_moments, measure_lite, read_fitted
from training.lite_finetune import LiteFinetuning, score_photos
from training.lite_student import LiteStudent, load_lite_student, save_lite_student, with_head

LITE0 = "efficientnet-lite0"


def made_student(scenes: list[Path]) -> LiteStudent:
    """Random weights, and a head that reacts to a few moments of these photos."""
    torch.manual_seed(0)
    weights = LiteBackbone(MEMBERS[LITE0]).state_dict()
    network = lite_moments(LITE0, weights)
    standardiser = Standardiser.of(np.stack([measure_lite(network, read_fitted(p, 9216)) for p in scenes]))
    weight = np.random.default_rng(0).standard_normal(6288).astype(np.float32) * 0.002
    return with_head(LITE0, weights, standardiser, LinearHead(weight, 0.5))


def test_the_student_scores_as_the_closed_form_does(scenes: list[Path]) -> None:
    student = made_student(scenes)
    features = np.random.default_rng(1).standard_normal((3, 6288)).astype(np.float32) * 50
    standardiser = Standardiser(student.mean.numpy(), student.deviation.numpy())
    head = LinearHead(student.head.weight.detach().numpy()[0], float(student.head.bias.detach()))
    with torch.no_grad():
        scores = student.score(torch.from_numpy(features)).numpy()
    np.testing.assert_allclose(scores, head.score(standardiser.apply(features)), rtol=1e-4)


def test_a_file_keeps_the_student_and_its_facts(tmp_path: Path, scenes: list[Path]) -> None:
    student = made_student(scenes)
    path = tmp_path / "folder" / "student.safetensors"
    save_lite_student(path, student, {"licence": "Apache-2.0"})
    loaded, facts = load_lite_student(path)
    assert facts == {"member": LITE0, "licence": "Apache-2.0"}
    expected, actual = (score_photos(one, scenes[:2], 9216) for one in (student, loaded))
    np.testing.assert_array_equal(actual, expected)
    assert actual[0] != actual[1]


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"none\.safetensors"):
        load_lite_student(tmp_path / "none.safetensors")
    path = tmp_path / "other.safetensors"
    safetensors.torch.save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(TrainingError, match="lite-head"):
        load_lite_student(path)
    safetensors.torch.save_file({"x": torch.zeros(1)}, path, {"lite_student": '{"member": "b9"}'})
    with pytest.raises(TrainingError, match="damaged"):
        load_lite_student(path)


def test_a_resumed_run_gives_the_weights_of_an_uninterrupted_one(tmp_path: Path, scenes: list[Path]) -> None:
    mos = np.linspace(0.2, 0.9, 6, dtype=np.float32)
    learn, validate = Rated(scenes[:6], mos), Rated(scenes[6:9], mos[:3])
    settings = FinetuneSettings(stages=((1, 64),), batch=3, ladders=1, average=0.5, frozen_stages=6)

    def finetuning(name: str) -> LiteFinetuning:
        return LiteFinetuning(made_student(scenes), learn, validate, [], settings, tmp_path / name)

    whole = finetuning("whole")
    whole.run(save_every=1)
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
    assert {"last.weight", "head.weight"} <= {name.removeprefix("backbone.") for name in moved}
    assert not any(name.startswith(("backbone.stem", "backbone.stages.5", "mean")) for name in moved)
    assert [figures["step"] for figures in whole.history] == [2]
    with pytest.raises(TrainingError, match="other settings"):
        LiteFinetuning(
            made_student(scenes), learn, validate, [], replace(settings, rate=1e-3), tmp_path / "whole"
        ).run()


def test_ladders_move_the_head(tmp_path: Path, scenes: list[Path]) -> None:
    rated = Rated(scenes[:3], np.linspace(0.2, 0.9, 3, dtype=np.float32))
    heads = []
    for ranking in (0.0, 50.0):
        settings = FinetuneSettings(
            stages=((1, 64),), batch=3, ladders=1, frozen_stages=7, ranking=ranking, margin=0.5
        )
        finetuning = LiteFinetuning(made_student(scenes), rated, rated, [], settings, tmp_path / "state")
        finetuning._learn(*finetuning.batches[0])
        heads.append(finetuning.student.head.weight.detach().clone())
    assert not torch.equal(*heads)
