"""Which photos of the training split train the weights, and which are held out for validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .arrays import Flags, Rows
from .errors import PartitionError
from .near_duplicates import have_near_duplicate, perceptual_hashes


@dataclass(frozen=True)
class Partition:
    """Sorted row numbers of the training split's photos, and flags of the test photos.

    Attributes:
        learn: photos that train the weights.
        validate: photos that choose the epoch and the settings. None has a near-duplicate anywhere in
            the dataset, so photos seen in training cannot flatter the figures.
        test_near_duplicates: which test photos [T] have a near-duplicate in the training split.
    """

    learn: Rows
    validate: Rows
    test_near_duplicates: Flags

    def within(self, count: int) -> Partition:
        """Returns the one of the first ``count`` photos of the training split."""
        return replace(
            self, learn=self.learn[self.learn < count], validate=self.validate[self.validate < count]
        )


def hold_out(train: Sequence[Path], test: Sequence[Path], *, validation: int, seed: int) -> Partition:
    """Holds out ``validation`` photos of the training split that have no near-duplicate anywhere.

    Raises:
        PartitionError: there are fewer such photos.
    """
    hashes = perceptual_hashes([*train, *test])
    unique = np.flatnonzero(~have_near_duplicate(hashes)[: len(train)])
    if len(unique) < validation:
        raise PartitionError(
            f"{validation} photos are to be held out for validation, but only {len(unique)} have no "
            "near-duplicate; lower the setting `validation`"
        )
    held_out = np.sort(np.random.default_rng(seed).permutation(unique)[:validation])
    learn = np.setdiff1d(np.arange(len(train)), held_out)
    return Partition(learn, held_out, have_near_duplicate(hashes[len(train) :], hashes[: len(train)]))
