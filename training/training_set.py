"""What every study of the recipe begins with: photos, features, opinions, and which photos to learn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mobileiqa_bench.evaluation.datasets import RatedPhoto
from mobileiqa_bench.evaluation.datasets.biq2021 import read_split

from .arrays import Features, Floats
from .features import FeatureCache
from .partition import Partition, hold_out


def rated_photos(biq2021: Path, validation: int, seed: int) -> tuple[list[RatedPhoto], Floats, Partition]:
    """Reads the official training split, its MOS [N], and which photos of it are held out."""
    photos = read_split(biq2021, "train")
    part = hold_out(
        [photo.path for photo in photos],
        [photo.path for photo in read_split(biq2021, "test")],
        validation=validation,
        seed=seed,
    )
    return photos, np.array([photo.mos for photo in photos], np.float32), part


def read_training_set(
    biq2021: Path, cache: Path, weights: str, *, validation: int, seed: int, first: int | None = None
) -> tuple[Features, Features, Floats, Partition]:
    """Reads the cached features of the training split.

    Args:
        biq2021: the dataset's folder.
        cache: the folder that ``features`` filled.
        weights: fingerprint of the backbone's weights.
        validation: photos to hold out.
        seed: of the held-out photos.
        first: only this many photos from the beginning of the split; None for all.

    Returns:
        Features [N, F], features of the mirrored photos [N, F], MOS [N] and the partition.

    Raises:
        FeatureCacheError: the cache is incomplete, or belongs to another backbone or other photos.
    """
    photos, mos, part = rated_photos(biq2021, validation, seed)
    if first is not None:
        photos, mos = photos[:first], mos[:first]
        part = part.within(first)
    plain, mirrored = (feature_cache(cache, "train", photos, weights, flip).read() for flip in (False, True))
    return plain, mirrored, mos, part


def feature_cache(
    root: Path, part: str, photos: list[RatedPhoto], weights: str, flipped: bool = False
) -> FeatureCache:
    """Returns the cache of a split's features, by the backbone with this fingerprint."""
    folder = root / (f"{part}-flipped" if flipped else part)
    return FeatureCache(folder, tuple(photo.path.name for photo in photos), weights, flipped)
