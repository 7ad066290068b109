"""Near-duplicates by perceptual hash: BIQ2021 holds bursts of one scene, on both sides of its split."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

Hashes = npt.NDArray[np.bool_]

NEAR = 8
"""Hamming distance of two 64-bit pHashes up to which photos count as near-duplicates."""


def perceptual_hashes(paths: Sequence[Path]) -> Hashes:
    """64-bit pHash (DCT signs) of every photo, [N, 64]; about a millisecond a photo and core."""
    with ProcessPoolExecutor() as pool:
        return np.array(list(pool.map(_hash, paths, chunksize=200)), bool).reshape(-1, 64)


def distances(hashes: Hashes, others: Hashes) -> npt.NDArray[np.float32]:
    """Hamming distance of every hash to every other one, [N, M]."""
    # Bits as +-1: the product counts equal minus different bits, and a matrix product is fast.
    x, y = (np.where(bits, 1, -1).astype(np.float32) for bits in (hashes, others))
    return np.asarray((64 - x @ y.T) / 2, np.float32)


def with_twin(hashes: Hashes, others: Hashes | None = None, near: int = NEAR) -> npt.NDArray[np.bool_]:
    """Which photos [N] have a near-duplicate among the others, or among themselves."""
    between = distances(hashes, hashes if others is None else others)
    if others is None:
        np.fill_diagonal(between, 64)
    result: npt.NDArray[np.bool_] = between.min(1, initial=64) <= near
    return result


def _hash(path: Path) -> npt.NDArray[Any]:
    with Image.open(path) as photo:
        photo.draft("L", (128, 128))
        bits: npt.NDArray[Any] = imagehash.phash(photo.convert("L")).hash.ravel()
    return bits
