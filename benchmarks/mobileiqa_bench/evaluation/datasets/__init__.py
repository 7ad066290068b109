"""Rated photo datasets in the layouts in which they are published: one file each, one line here. No torch."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from ..errors import DatasetNotFound
from .rated import RatedPhoto, complete

__all__ = ["ALL", "DATASETS", "Dataset", "RatedPhoto", "complete", "read_dataset"]

ALL = "all"
"""The split that holds every photo."""


class Dataset(NamedTuple):
    """Where a reader lives, the dataset's own name, and its official splits.

    The module has a function ``read(root, split)`` that returns a list of `RatedPhoto` in the order of
    the dataset's table; ``split`` is one of ``splits`` or `ALL`.
    """

    module: str
    title: str
    splits: tuple[str, ...] = ()


DATASETS: dict[str, Dataset] = {
    "biq2021": Dataset(f"{__name__}.biq2021", "BIQ2021", ("train", "test")),
    "koniq10k": Dataset(f"{__name__}.koniq10k", "KonIQ-10k", ("train", "validation", "test")),
    "spaq": Dataset(f"{__name__}.spaq", "SPAQ"),
    "clive": Dataset(f"{__name__}.clive", "LIVE in the Wild"),
    "bid": Dataset(f"{__name__}.bid", "BID"),
    "uhd-iqa": Dataset(f"{__name__}.uhd_iqa", "UHD-IQA", ("train", "validation", "test")),
}


def read_dataset(name: str, root: str | Path, split: str | None = None) -> list[RatedPhoto]:
    """The rated photos of a dataset, in the order of its table.

    A photo that is named but not on disk is in the list too, with the path where it should be; see
    :func:`complete`.

    Args:
        name: a key of `DATASETS`.
        root: the folder that holds the dataset's tables and image folders.
        split: one of the dataset's, or `ALL`; None is ``test`` where there is one, else `ALL`.

    Raises:
        DatasetNotFound: no dataset or no split of that name, or the folder is no copy of it.
        TableInvalid: its table cannot be read, or a row has no opinion on the dataset's scale.
        DatasetIncomplete: not a single photo of the split is on disk.
    """
    if name not in DATASETS:
        raise DatasetNotFound(f"no dataset is called {name!r}; there is {', '.join(DATASETS)}")
    entry = DATASETS[name]
    if split is None:
        split = "test" if "test" in entry.splits else ALL
    if split not in (*entry.splits, ALL):
        raise DatasetNotFound(
            f"{entry.title} has no split {split!r}; there is {', '.join((*entry.splits, ALL))}"
        )
    photos: list[RatedPhoto] = import_module(entry.module).read(Path(root), split)
    return photos
