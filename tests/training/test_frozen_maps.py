from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mobileiqa_bench.scenes import Pixels
from mobileiqa_export.student import BACKBONES, MomentStudent, build_student, normalise
from mobileiqa_export.student.moments import moments
from training.errors import FeatureCacheError
from training.features import read_resized, to_batch
from training.frozen_cache import FrozenCache, frozen_weights
from training.frozen_maps import CELL, FrozenExtractor, FrozenPart, Records, moments_after
from training.ladders import RUNGS, LadderSource
from training.lite_student import lite_config, moments_of
from training.map_moments import backbone_of

LITE0 = "efficientnet-lite0"
PART = FrozenPart(LITE0, 2, 96)
WHOLE = np.zeros((1, 2), np.intp)


def made_student() -> MomentStudent:
    torch.manual_seed(0)
    student = build_student(lite_config(LITE0))
    assert isinstance(student, MomentStudent)
    return student.requires_grad_(False)


@pytest.fixture(scope="module")
def extract() -> FrozenExtractor:
    return FrozenExtractor(made_student(), PART)


def photo(path: Path) -> Pixels:
    return read_resized(path, (PART.side, PART.side))


def test_the_moments_of_a_record_are_those_of_the_network(
    scenes: list[Path], extract: FrozenExtractor
) -> None:
    student, pixels = made_student(), photo(scenes[0])
    record = extract(pixels)
    assert record.dtype == PART.record_type
    actual = moments_after(backbone_of(student), PART.stages, PART.crop([record], WHOLE, PART.side))
    expected = moments_of(student, LITE0, to_batch([pixels]))
    assert actual.shape == expected.shape == (1, 6288)
    # A level is 1/255 of a channel's range.
    torch.testing.assert_close(actual, expected, rtol=0.01, atol=0.002)
    assert expected.std() > 0.01


def test_a_student_that_sees_halves_keeps_what_it_sees(scenes: list[Path]) -> None:
    config = lite_config("efficientnet-lite0-stages", halved=True)
    part = FrozenPart(config.backbone, 2, PART.side, halved=True)
    torch.manual_seed(0)
    student = build_student(config)
    assert isinstance(student, MomentStudent)
    pixels = read_resized(scenes[0], (part.photo_side, part.photo_side))
    assert pixels.shape == (2 * PART.side, 2 * PART.side, 3)
    record = FrozenExtractor(student, part)(pixels)
    with torch.no_grad():
        actual = moments_after(backbone_of(student), part.stages, part.crop([record], WHOLE, part.side))
        expected = moments_of(student, config.backbone, to_batch([pixels]))
    assert actual.shape == expected.shape == (1, 2448)
    torch.testing.assert_close(actual, expected, rtol=0.01, atol=0.002)


def test_the_frozen_moments_of_a_crop_are_those_of_its_part_of_every_map(
    scenes: list[Path], extract: FrozenExtractor
) -> None:
    student = made_student()
    pixels = photo(scenes[1])
    records = [extract(pixels)] * 2
    crops = PART.crop(records, np.array([[0, 1], [1, 0]]), 2 * CELL)
    taps = student.local_cnn(normalise(to_batch([pixels]), BACKBONES[LITE0]))[: PART.stages + 1]
    for index, (top, left) in enumerate(((0, 32), (32, 0))):
        areas = [
            tap[:, :, top // stride : (top + 64) // stride, left // stride : (left + 64) // stride]
            for tap, stride in zip(taps, (2, 2, 4), strict=True)
        ]
        expected = torch.cat([moments(area) for area in areas[:-1]], 1)
        torch.testing.assert_close(crops.early[index : index + 1], expected, rtol=2e-3, atol=2e-3)
        torch.testing.assert_close(crops.maps[index], areas[-1][0], rtol=0, atol=0.01)
    assert not torch.allclose(crops.early[0], crops.early[1], rtol=0.01)


def test_a_channel_that_never_changes_is_kept() -> None:
    part = FrozenPart(LITE0, 1, 32)
    last = np.zeros((part.channels, 16, 16), np.float32)
    last[0], last[1, 3, 5] = 7, -2
    record = part.record(last, np.zeros((3, 32, 1, 1), np.float32))
    np.testing.assert_allclose(part.crop([record], WHOLE, 32).maps[0].numpy(), last, atol=1e-6)


def test_groups_of_crops_keep_their_order(scenes: list[Path], extract: FrozenExtractor) -> None:
    records = [extract(photo(path)) for path in scenes[:3]]
    crops = PART.crop(records, np.repeat(WHOLE, 3, 0), 32)
    groups = crops.split(2)
    assert [len(group.early) for group in groups] == [2, 1]
    torch.testing.assert_close(groups[1].maps[0], crops.maps[2], rtol=0, atol=0)
    torch.testing.assert_close(groups[1].early[0], crops.early[2], rtol=0, atol=0)


class Corner(FrozenExtractor):
    """Stands in for a network: the record's first value is the photo's top left pixel."""

    def __init__(self) -> None:
        self.part = PART

    def __call__(self, pixels: Pixels) -> Records:
        record = np.zeros((), self.part.record_type)
        record["least"] = pixels[0, 0, 0]
        return record


def test_a_cache_keeps_photos_in_order_and_refuses_others(tmp_path: Path, scenes: list[Path]) -> None:
    cache = FrozenCache(tmp_path / "maps", PART, "made")
    assert cache.fill_photos(scenes[:3], False, Corner()) == 3
    assert cache.fill_photos(scenes[:3], False, Corner()) == 0
    rows = cache.photos(scenes[:3], False).rows()
    assert [rows[index]["least"][0] for index in range(len(rows))] == [
        photo(path)[0, 0, 0] for path in scenes[:3]
    ]
    mirrored = FrozenCache(tmp_path / "mirrored", PART, "made")
    mirrored.fill_photos(scenes[:1], True, Corner())
    assert mirrored.photos(scenes[:1], True).rows()[0]["least"][0] == photo(scenes[0])[0, -1, 0]
    others = (
        cache.photos(scenes[2::-1], False),
        cache.photos(scenes[:3], True),
        FrozenCache(cache.folder, PART, "other").photos(scenes[:3], False),
        FrozenCache(cache.folder, FrozenPart(LITE0, 1, 96), "made").photos(scenes[:3], False),
        FrozenCache(cache.folder, FrozenPart(LITE0, 2, 64), "made").photos(scenes[:3], False),
    )
    for other in others:
        with pytest.raises(FeatureCacheError):
            other.rows()


def test_a_cache_of_ladders_draws_the_same_ones_again(tmp_path: Path, scenes: list[Path]) -> None:
    source = LadderSource(scenes[:4], [], (PART.side, PART.side))
    kept = []
    for name in ("a", "b"):
        cache = FrozenCache(tmp_path / name, PART, "made")
        assert cache.fill_ladders(5, source, 7, Corner()) == 5
        ladders = cache.ladders().rows()
        assert len(ladders) == 5
        assert ladders[0].shape == (RUNGS,)
        kept.append([ladders[index]["least"].tobytes() for index in range(5)])
    assert kept[0] == kept[1]
    assert len(set(kept[0])) > 1
    with pytest.raises(FeatureCacheError):
        cache.fill_ladders(5, source, 8, Corner())
    with pytest.raises(FeatureCacheError):
        FrozenCache(cache.folder, PART, "other").ladders().rows()


def test_what_is_trained_leaves_the_fingerprint_of_what_is_frozen() -> None:
    backbone = backbone_of(made_student())
    before = frozen_weights(backbone, 2)
    backbone.stages[2][0].project.bias.add_(1)  # type: ignore[index, union-attr, operator]
    assert frozen_weights(backbone, 2) == before != frozen_weights(backbone, 3)
    for frozen in (backbone.stages[1][1].project.bias, backbone.stem.weight):  # type: ignore[index, union-attr]
        frozen.add_(1)  # type: ignore[operator, union-attr]
        assert frozen_weights(backbone, 2) != before
        before = frozen_weights(backbone, 2)
