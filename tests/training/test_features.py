from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from mobileiqa_export.student import BACKBONES
from mobileiqa_export.student.backbones import Backbone
from training import features, ladder_features, shards
from training.backbone_file import BACKBONE
from training.errors import FeatureCacheError
from training.features import FeatureCache, extract, fingerprint, frozen_backbone, read_square
from training.ladder_features import LadderCache
from training.ladders import RUNGS, LadderSource

from .conftest import Recorder


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    made = []
    for index in range(5):
        path = tmp_path / f"photo {index}.png"
        Image.linear_gradient("L").resize((40 + index, 32)).convert("RGB").save(path)
        made.append(path)
    return made


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small photos and shards: what is tested is the bookkeeping."""
    monkeypatch.setattr(features, "SIDE", 64)
    monkeypatch.setattr(shards, "SHARD", 2)
    monkeypatch.setattr(features, "BATCH", 2)


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    torch.manual_seed(0)
    return frozen_backbone(BACKBONES[BACKBONE].build().state_dict())


def cache_of(
    folder: Path, paths: Sequence[Path], *, weights: str = "w", flipped: bool = False
) -> FeatureCache:
    return FeatureCache(folder, tuple(path.name for path in paths), weights, flipped)


@pytest.mark.usefixtures("tiny")
def test_extraction_goes_on_where_it_stopped(
    tmp_path: Path, paths: list[Path], backbone: Backbone, recorder: Recorder
) -> None:
    cache = cache_of(tmp_path / "cache", paths)
    assert cache.fill(paths, backbone, recorder) == 5
    assert len(recorder.steps) == 3
    whole = cache.read()
    assert whole.shape == (5, 3456)
    assert whole.dtype == np.float32
    (tmp_path / "cache" / "shard-0001.npy").unlink()
    with pytest.raises(FeatureCacheError, match="missing"):
        cache.read()
    kept = (tmp_path / "cache" / "shard-0000.npy").stat().st_mtime_ns
    assert cache.fill(paths, backbone, recorder) == 2
    assert (tmp_path / "cache" / "shard-0000.npy").stat().st_mtime_ns == kept
    np.testing.assert_array_equal(cache.read(), whole)
    assert cache.fill(paths, backbone, recorder) == 0


@pytest.mark.usefixtures("tiny")
def test_an_interrupted_shard_leaves_no_half(
    tmp_path: Path, paths: list[Path], backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = cache_of(tmp_path / "cache", paths)

    def full(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(shards.np, "save", full)
        with pytest.raises(OSError, match="no space"):
            cache.fill(paths, backbone)
    assert not list((tmp_path / "cache").glob("*.npy"))
    assert cache.fill(paths, backbone) == 5


@pytest.mark.usefixtures("tiny")
def test_features_of_something_else_are_refused(
    tmp_path: Path, paths: list[Path], backbone: Backbone
) -> None:
    folder = tmp_path / "cache"
    cache_of(folder, paths).fill(paths, backbone)
    for other, what in (
        (cache_of(folder, paths[:4]), "photos, count"),
        (cache_of(folder, paths, weights="v"), "weights"),
        (cache_of(folder, paths, flipped=True), "flipped"),
    ):
        with pytest.raises(FeatureCacheError, match=what):
            other.read()
        with pytest.raises(FeatureCacheError, match=what):
            other.fill(paths, backbone)


@pytest.mark.usefixtures("tiny")
def test_ladders_are_the_seeds(
    tmp_path: Path, paths: list[Path], backbone: Backbone, recorder: Recorder
) -> None:
    photograph = np.asarray(Image.linear_gradient("L").resize((150, 140)).convert("RGB"))
    source = LadderSource(paths, [photograph], (64, 64))
    cache = LadderCache(tmp_path / "ladders", "w", 0)
    with pytest.raises(FeatureCacheError, match="training ladders"):
        cache.read()
    assert cache.fill(3, source, backbone, recorder) == 3
    whole = cache.read()
    assert whole.shape == (3, RUNGS, 3456)
    assert len({ladder.tobytes() for ladder in whole}) == 3
    (tmp_path / "ladders" / "shard-0001.npy").unlink()
    assert cache.fill(3, source, backbone, recorder) == 1
    np.testing.assert_array_equal(cache.read(), whole)
    for other, what in (
        (LadderCache(tmp_path / "ladders", "w", 1), "seed"),
        (LadderCache(tmp_path / "ladders", "v", 0), "weights"),
    ):
        with pytest.raises(FeatureCacheError, match=what):
            other.read()
    with pytest.raises(FeatureCacheError, match="photographs, count"):
        cache.fill(4, LadderSource(paths, [], (64, 64)), backbone, recorder)


def test_reading_before_extracting(tmp_path: Path, paths: list[Path]) -> None:
    with pytest.raises(FeatureCacheError, match="training features"):
        cache_of(tmp_path / "none", paths).read()


def test_photos_are_stretched_and_upright(tmp_path: Path) -> None:
    path = tmp_path / "portrait.jpg"
    image = Image.new("L", (80, 40))
    image.paste(255, (0, 0, 40, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(path, exif=exif)
    photo = read_square(path)
    assert (photo.mode, photo.size) == ("RGB", (512, 512))
    # Orientation 6 is turned clockwise: the white left half comes to the top.
    assert photo.getpixel((256, 20)) > (200, 200, 200)
    assert photo.getpixel((256, 490)) < (50, 50, 50)


def test_fingerprint_tells_weights_apart() -> None:
    weights = {"b": torch.ones(2), "a": torch.zeros(2)}
    assert fingerprint(weights) == fingerprint(dict(reversed(weights.items())))
    assert fingerprint(weights) != fingerprint({**weights, "a": torch.full((2,), 1e-7)})


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"count": "five"}', b"\xff"])
def test_a_damaged_manifest_is_an_error(tmp_path: Path, paths: list[Path], content: bytes) -> None:
    (tmp_path / "features.json").write_bytes(content)
    with pytest.raises(FeatureCacheError, match=r"features\.json"):
        cache_of(tmp_path, paths).read()


@pytest.mark.usefixtures("tiny")
def test_flipped_features_are_those_of_mirrored_photos(
    tmp_path: Path, paths: list[Path], backbone: Backbone
) -> None:
    Image.radial_gradient("L").resize((90, 70)).crop((0, 0, 40, 40)).convert("RGB").save(paths[0])
    caches = {flip: cache_of(tmp_path / str(flip), paths, flipped=flip) for flip in (False, True)}
    for cache in caches.values():
        cache.fill(paths, backbone)
    photo = read_square(paths[0])
    for flip, expected in ((False, photo), (True, ImageOps.mirror(photo))):
        np.testing.assert_allclose(
            caches[flip].read()[0], extract(backbone, [expected])[0], rtol=1e-4, atol=1e-4
        )
    assert not np.allclose(caches[True].read()[0], caches[False].read()[0], rtol=1e-4, atol=1e-4)


class Fixed(LadderSource):
    """Always the same ladder, bright on the left."""

    def draw(self, generator: np.random.Generator) -> list[np.ndarray]:
        rung = np.zeros((64, 64, 3), np.uint8)
        rung[:, :32] = 255
        return [rung] * RUNGS


def test_half_of_the_ladders_are_mirrored_all_rungs_together(
    tmp_path: Path, backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrored: list[bool] = []

    def record(_: Backbone, rungs: list[np.ndarray]) -> np.ndarray:
        dark = {bool(rung[0, 0, 0] == 0) for rung in rungs}
        assert len(dark) == 1
        mirrored.append(dark.pop())
        return np.zeros((RUNGS, 3456), np.float32)

    monkeypatch.setattr(ladder_features, "extract", record)
    LadderCache(tmp_path, "w", 0).fill(40, Fixed([], [], (64, 64)), backbone)
    assert 10 < sum(mirrored) < 30
