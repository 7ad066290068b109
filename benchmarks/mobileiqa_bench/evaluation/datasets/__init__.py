"""Rated photo datasets as published: each has a module and an entry here."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from ..errors import DatasetNotFound
from .rated import RatedPhoto, complete

__all__ = ["ALL", "DATASETS", "Dataset", "RatedPhoto", "complete", "read_dataset"]

ALL = "all"
"""The split of all photos."""


class Dataset(NamedTuple):
    """A dataset that can be read.

    Attributes:
        module: has a function ``read(root, split)`` that returns a list of `RatedPhoto` in the order of the
            dataset's table; ``split`` is one of ``splits`` or `ALL`.
        title: the dataset's own name.
        splits: its official splits.
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
    """Returns the rated photos of a dataset, in the order of its table.

    A photo that is named but not on disk is included, with the path where it should be; see
    :func:`complete`.

    Args:
        name: a key of `DATASETS`.
        root: the folder that holds the dataset's tables and image folders.
        split: one of the dataset's, or `ALL`. By default ``test`` if there is one, else `ALL`.

    Raises:
        DatasetNotFound: no dataset or no split has this name, or the folder is not a copy of it.
        TableInvalid: its table cannot be read, or a row has no opinion on the dataset's scale.
        DatasetIncomplete: no photo of the split is on disk.
    """
    if name not in DATASETS:
        raise DatasetNotFound(f"no dataset is called {name!r}; choose from {', '.join(DATASETS)}")
    dataset = DATASETS[name]
    if split is None:
        split = "test" if "test" in dataset.splits else ALL
    if split not in (*dataset.splits, ALL):
        raise DatasetNotFound(
            f"{dataset.title} has no split {split!r}; choose from {', '.join((*dataset.splits, ALL))}"
        )
    photos: list[RatedPhoto] = import_module(dataset.module).read(Path(root), split)
    return photos
