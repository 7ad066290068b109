"""Which training photos learn and which are held out for validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .duplicates import perceptual_hashes, with_twin
from .errors import DatasetError

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Partition:
    """Row numbers of the training split's photos, each sorted, and test photos by kinship.

    Attributes:
        learn: photos that train the weights.
        validate: photos that choose the epoch and the settings; none has a near-duplicate
            anywhere in the dataset, so a photo seen in training cannot flatter it.
        test_twins: which test photos [T] have a near-duplicate in the training split.
    """

    learn: Rows
    validate: Rows
    test_twins: npt.NDArray[np.bool_]


def partition(train: Sequence[Path], test: Sequence[Path], *, validation: int, seed: int) -> Partition:
    """Hold out ``validation`` photos of the training split that resemble no other photo.

    Raises:
        DatasetError: there are fewer such photos than asked for.
    """
    hashes = perceptual_hashes([*train, *test])
    twins = with_twin(hashes)[: len(train)]
    alone = np.flatnonzero(~twins)
    if len(alone) < validation:
        raise DatasetError(f"{validation} photos to validate on, but only {len(alone)} resemble no other")
    held_out = np.sort(np.random.default_rng(seed).permutation(alone)[:validation])
    learn = np.setdiff1d(np.arange(len(train)), held_out)
    return Partition(learn, held_out, with_twin(hashes[len(train) :], hashes[: len(train)]))
