"""Near-duplicates by perceptual hash: BIQ2021 has bursts of one scene on both sides of its split."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

from .arrays import Flags

Hashes = npt.NDArray[np.bool_]

NEAR = 8
"""Two photos are near-duplicates if their 64-bit pHashes differ in at most this many bits."""


def perceptual_hashes(paths: Sequence[Path]) -> Hashes:
    """Returns the 64-bit pHash (DCT signs) of every photo, [N, 64]; about 1 ms per photo and core."""
    with ProcessPoolExecutor() as pool:
        return np.array(list(pool.map(_hash, paths, chunksize=200)), bool).reshape(-1, 64)


def distances(hashes: Hashes, others: Hashes) -> npt.NDArray[np.float32]:
    """Returns the Hamming distance of every hash [N, 64] to every other one [M, 64], as [N, M]."""
    # With bits as +-1 the dot product is the equal bits minus the different ones; matrix products are fast.
    x, y = (np.where(bits, 1, -1).astype(np.float32) for bits in (hashes, others))
    return np.asarray((64 - x @ y.T) / 2, np.float32)


def have_near_duplicate(hashes: Hashes, others: Hashes | None = None, near: int = NEAR) -> Flags:
    """Returns which photos [N] have a near-duplicate among ``others``, or among themselves if None."""
    between = distances(hashes, hashes if others is None else others)
    if others is None:
        np.fill_diagonal(between, 64)
    result: Flags = between.min(1, initial=64) <= near
    return result


def _hash(path: Path) -> npt.NDArray[Any]:
    with Image.open(path) as photo:
        photo.draft("L", (128, 128))
        bits: npt.NDArray[Any] = imagehash.phash(photo.convert("L")).hash.ravel()
    return bits
