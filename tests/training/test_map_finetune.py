from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mobileiqa_export.student import BACKBONES, MomentStudent, build_student
from training.errors import FeatureCacheError, TrainingError
from training.frozen_maps import CELL, FrozenPart, Records
from training.lite_student import lite_config
from training.map_finetune import MapBatches, MapFinetuneSettings, MapFinetuning, Mapped
from training.map_moments import cached_moments, whole_moments

LITE0 = "efficientnet-lite0"
PART = FrozenPart(LITE0, 6, 96)
SETTINGS = MapFinetuneSettings(
    stages=((1, 64), (1, 96)), batch=3, ladders=1, average=0.5, frozen_stages=6, micro=2, margin=0.5
)


def made_student() -> MomentStudent:
    torch.manual_seed(0)
    student = build_student(replace(lite_config(LITE0), head="mlp", hidden=4, views=2))
    assert isinstance(student, MomentStudent)
    return student


def made_records(count: int, seed: int) -> list[Records]:
    """Stands in for photos: maps and cells that differ in everything."""
    generator = np.random.default_rng(seed)
    sizes = BACKBONES[LITE0].tap_channels[:6]
    return [
        PART.record(
            generator.standard_normal((192, 3, 3)).astype(np.float32),
            generator.random((3, sum(sizes), 3, 3)).astype(np.float32),
        )
        for _ in range(count)
    ]


def mapped(count: int = 6, *, mirrored: bool = False) -> Mapped:
    paths = [Path(f"{index}.png") for index in range(count)]
    mos = np.linspace(0.2, 0.9, count, dtype=np.float32)
    return Mapped(paths, mos, made_records(count, 1), made_records(count, 2) if mirrored else None)


def made_ladders() -> list[Records]:
    return [np.stack(made_records(3, seed)) for seed in (3, 4)]


def finetuning(state: Path, settings: MapFinetuneSettings = SETTINGS, threads: int = 1) -> MapFinetuning:
    return MapFinetuning(made_student(), mapped(), mapped(4), made_ladders(), PART, settings, state, threads)


def test_a_resumed_run_on_more_threads_gives_the_weights_of_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = finetuning(tmp_path / "whole")
    whole.run(save_seconds=0)
    stopped = finetuning(tmp_path / "stopped")
    with ThreadPoolExecutor(1) as pool:
        stopped._learn(stopped.batches[0], pool)
    stopped.step = 1
    stopped._save()
    resumed = finetuning(tmp_path / "stopped", threads=2)
    resumed.run()
    after = whole.finished().state_dict()
    for ours, theirs in zip(after.values(), resumed.finished().state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
    before = made_student().state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert {"local_cnn.last.weight", "local_cnn.stages.6.0.expand.bias", "head.hidden.weight"} <= moved
    assert not any(name.startswith(("local_cnn.stem", "local_cnn.stages.5", "head.mean")) for name in moved)
    assert [figures["step"] for figures in whole.history] == [2, 4]
    with pytest.raises(TrainingError, match="other settings"):
        finetuning(tmp_path / "whole", replace(SETTINGS, rate=1e-3)).run()


def test_groups_of_crops_give_the_gradients_of_the_whole_batch(tmp_path: Path) -> None:
    gradients = []
    for micro in (1, 6):
        run = finetuning(tmp_path / "state", replace(SETTINGS, micro=micro, dropout=0.0, rate=0.0))
        with ThreadPoolExecutor(1) as pool:
            run._learn(run.batches[0], pool)
        gradients.append(
            torch.cat([tensor.grad.flatten() for tensor in run.trained if tensor.grad is not None])
        )
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-3, atol=1e-6)
    assert gradients[0].abs().max() > 1e-4


def test_ladders_move_the_backbone(tmp_path: Path) -> None:
    weights = []
    for ranking in (0.0, 5.0):
        run = finetuning(tmp_path / "state", replace(SETTINGS, ranking=ranking))
        with ThreadPoolExecutor(1) as pool:
            _, ladders = run._learn(run.batches[0], pool)
        assert ladders > 0
        weights.append(run.student.state_dict()["local_cnn.last.weight"].clone())
    assert not torch.equal(*weights)


def test_noise_depends_on_the_step_alone(tmp_path: Path) -> None:
    losses = []
    for noise in (0.0, 2.0, 2.0):
        run = finetuning(tmp_path / "state", replace(SETTINGS, noise=noise, dropout=0.0))
        with ThreadPoolExecutor(1) as pool:
            losses.append(run._learn(run.batches[0], pool))
    assert losses[0] != losses[1] == losses[2]


def test_an_epoch_sees_every_photo_once_plain_or_mirrored() -> None:
    learn = mapped(mirrored=True)
    batches = MapBatches(learn, [], PART, replace(SETTINGS, stages=((8, 96),)))
    assert len(batches) == 16
    assert batches[0].rungs is None
    plain, other = (
        [PART.crop([record], np.zeros((1, 2), int), 96).maps for record in records]
        for records in (learn.plain, learn.mirrored or ())
    )
    mirrored = 0
    for epoch in range(8):
        rows = []
        for step in (2 * epoch, 2 * epoch + 1):
            batch = batches[step]
            for row, crop in zip(batch.rows.tolist(), batch.rated.maps, strict=True):
                assert any(torch.equal(crop, maps[row][0]) for maps in (plain, other))
                mirrored += torch.equal(crop, other[row][0])
                rows.append(row)
        assert sorted(rows) == list(range(6))
    assert 12 < mirrored < 36


def test_crops_are_cut_anywhere_and_alike_from_the_rungs_of_a_ladder() -> None:
    record = made_records(1, 1)[0]
    batches = MapBatches(mapped(), [np.stack([record] * 3)], PART, replace(SETTINGS, stages=((8, CELL),)))
    assert batches.settings.side(0) == CELL
    crops = [rungs for step in range(8) if (rungs := batches[step].rungs) is not None]
    assert all(torch.equal(rungs.maps[0], rungs.maps[2]) for rungs in crops)
    assert all(torch.equal(rungs.early[0], rungs.early[1]) for rungs in crops)
    assert len({rungs.maps[0].contiguous().numpy().tobytes() for rungs in crops}) > 3
    sides = MapBatches(mapped(), [], PART, SETTINGS)
    assert [sides.settings.side(step // sides.per_epoch) for step in range(len(sides))] == [64, 64, 96, 96]


def test_moments_are_computed_once(tmp_path: Path) -> None:
    student, records = made_student(), made_records(3, 1)
    moments = whole_moments(student, PART)
    with ThreadPoolExecutor(2) as pool:
        rows = cached_moments(tmp_path / "photos", records, {"of": "these"}, moments, pool)
        ladders = cached_moments(tmp_path / "ladders", [np.stack(records)], {"of": "these"}, moments, pool)
        np.testing.assert_allclose(ladders[0], rows, rtol=1e-4, atol=1e-5)
        assert rows.shape == (3, 6288)
        assert np.abs(rows[0] - rows[1]).max() > 0.1
        again = cached_moments(tmp_path / "photos", [records[0]] * 3, {"of": "these"}, moments, pool)
        np.testing.assert_array_equal(again, rows)
        with pytest.raises(FeatureCacheError):
            cached_moments(tmp_path / "photos", records, {"of": "others"}, moments, pool)
