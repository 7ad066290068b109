from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mobileiqa_bench.evaluation.distortions import DISTORTIONS
from mobileiqa_export.student import BACKBONES
from training import anchors
from training.anchors import NOTHING, fill_ladders, ladder_pictures, pictures_of_nothing, read_ladders
from training.closed_form import Standardiser
from training.features import to_batch
from training.lite_head import HeadWeights, anchor_sums, difference_rows, fit_head
from training.lite_student import headless_student, lite_config, moments_of

LITE0 = "efficientnet-lite0"


def photo(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


def test_a_small_photograph_has_three_faults_of_three_steps() -> None:
    pictures = list(ladder_pictures(photo(40, 50), 0))
    assert [picture.step for picture in pictures] == [0, 1, 3, 5, 1, 3, 5, 1, 3, 5]
    assert pictures[0].fault == ""
    np.testing.assert_array_equal(pictures[0].pixels, photo(40, 50))
    assert len({picture.fault for picture in pictures}) == 4
    distortion = DISTORTIONS[pictures[2].fault]
    np.testing.assert_array_equal(
        pictures[2].pixels, distortion.apply(pictures[0].pixels, distortion.steps[2], 0)
    )
    assert all(picture.pixels.shape == (40, 50, 3) for picture in pictures)


def test_a_large_photograph_has_the_faults_of_full_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "LARGE", 2000)
    names = [picture.fault for picture in ladder_pictures(photo(40, 50), 0)]
    assert names[:4] == ["", "gaussian blur", "gaussian blur", "gaussian blur"]
    assert len(names) == 1 + 12
    assert len(list(ladder_pictures(photo(40, 49), 0))) == 10


def test_pictures_of_nothing_are_flat_or_noise() -> None:
    pictures = [picture.pixels for picture in pictures_of_nothing(32, 40)]
    assert {picture.shape for picture in pictures} == {(32, 40, 3)}
    assert sum(picture.reshape(-1, 3).std(0).max() == 0 for picture in pictures) == 18
    assert len(pictures) == 23


def test_ladders_are_extracted_once_and_seen_at_every_budget_if_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchors, "LARGE", 4000)
    monkeypatch.setattr(anchors, "NOTHING_SIZES", ((128, 128), (48, 48)))
    torch.manual_seed(0)
    student = headless_student(lite_config(LITE0), BACKBONES[LITE0].build().state_dict())

    @torch.inference_mode()
    def extract(pixels: np.ndarray) -> np.ndarray:
        return moments_of(student, LITE0, to_batch([pixels]))[0].numpy()

    paths = [tmp_path / "small.png", tmp_path / "large.png"]
    for path, size in zip(paths, ((40, 50), (80, 100)), strict=True):
        Image.fromarray(photo(*size)).save(path)
    assert fill_ladders(tmp_path / "cache", paths, extract, (1024, 4096)) == 2
    assert fill_ladders(tmp_path / "cache", paths, extract, (1024, 4096)) == 0
    ladders = read_ladders(tmp_path / "cache")
    assert set(ladders) == {"small", "large", NOTHING}
    assert set(ladders["small"].budgets) == {1024}
    assert list(ladders[NOTHING].budgets) == [1024] * 46 + [4096] * 46
    large = ladders["large"]
    assert list(large.budgets) == [1024] * 13 + [4096] * 13
    np.testing.assert_array_equal(large.clean(4096), large.features[13])
    assert large.faults[13] == ""
    shrunk = anchors._shrunk(photo(80, 100), 4096)
    np.testing.assert_allclose(large.features[13], extract(shrunk), rtol=1e-5, atol=1e-6)

    # The head learns from them that faults cost, that budgets do not, and that nothing is worth little.
    standardiser = Standardiser.of(np.concatenate([ladder.features for ladder in ladders.values()]))
    faults, budgets = difference_rows(large, standardiser, 0.1)
    assert faults[0].shape == (24, 6288)
    np.testing.assert_allclose(faults[1][:3], [0.1, 0.2, 0.3], rtol=1e-6)
    rows = standardiser.apply(large.features)
    np.testing.assert_allclose(faults[0][12], rows[13] - rows[14])
    np.testing.assert_allclose(budgets[0][0], rows[13] - rows[0])
    assert list(budgets[1]) == [0]
    assert anchor_sums({}, standardiser, HeadWeights()) is None
    rated = np.stack([ladder.clean(1024) for name, ladder in ladders.items() if name != NOTHING])
    weights = HeadWeights(strength=1.0, nothing=100.0, budget=1000.0, floor=0.3)
    own, head = fit_head(rated, np.array([0.8, 0.6], np.float32), ladders, weights)
    nothing = head.score(own.apply(ladders[NOTHING].features))
    assert abs(nothing - 0.3).max() < 0.05
    first, second = head.score(own.apply(large.features[[0, 13]]))
    assert abs(first - second) < 0.02
