"""Rows of numbers in files of 500 rows each, so that computing them can be interrupted and resumed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from mobileiqa_sdk.progress import SILENT, Progress

from .arrays import Features, Rows
from .errors import FeatureCacheError

SHARD = 500
"""Rows of a file."""


class MappedRows(Sequence[Any]):
    """Rows of several files, one after the other; all files but the last have :data:`SHARD` rows."""

    def __init__(self, files: Sequence[npt.NDArray[Any]]) -> None:
        self._files = files

    def __len__(self) -> int:
        return sum(len(file) for file in self._files)

    def __getitem__(self, row: Any) -> Any:
        file, place = divmod(range(len(self))[int(row)], SHARD)
        return self._files[file][place]


class Chosen(Sequence[Any]):
    """Some of the rows of a sequence, in the order of their numbers."""

    def __init__(self, values: Sequence[Any], rows: Sequence[int] | Rows) -> None:
        self._values, self._rows = values, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        return self._values[int(self._rows[index])]


@dataclass(frozen=True)
class Shards:
    """Rows in the files of one folder, beside a description of what they were made from.

    Attributes:
        folder: created by the first write.
        description: JSON-ready. A reader may give only some of its keys.
        command: of ``python -m training``, which computes the rows.
    """

    folder: Path
    description: dict[str, Any]
    command: str

    def fill(self, count: int, make: Callable[[range], npt.NDArray[Any]], progress: Progress = SILENT) -> int:
        """Computes the missing rows, one shard at a time, and returns how many there were.

        Raises:
            FeatureCacheError: the folder's rows were made from something else.
        """
        self._claim(count)
        computed = 0
        for shard, start in enumerate(range(0, count, SHARD)):
            file = self._shard(shard)
            if file.exists():
                continue
            rows = range(start, min(start + SHARD, count))
            # Renamed when complete, so that an interrupted run leaves no half-written shard.
            scratch = file.with_suffix(".tmp")
            values = make(rows)
            with scratch.open("wb") as stream:
                np.save(stream, values)
            os.replace(scratch, file)
            computed += len(rows)
            progress.step(f"{file}: {rows.start + 1} to {rows.stop} of {count}")
        return computed

    def read(self) -> Features:
        """Returns all rows in order.

        Raises:
            FeatureCacheError: shards are missing, or were made from something else.
        """
        return np.concatenate([np.load(file) for file in self._complete()])

    def rows(self) -> MappedRows:
        """Returns all rows in order, read only when they are used: for more than memory holds.

        Raises:
            FeatureCacheError: shards are missing, or were made from something else.
        """
        return MappedRows([np.load(file, mmap_mode="r") for file in self._complete()])

    def _complete(self) -> list[Path]:
        """Returns the files of all rows."""
        count = self._check()
        shards = [self._shard(index) for index in range(-(-count // SHARD))]
        missing = [file.name for file in shards if not file.exists()]
        if missing:
            raise FeatureCacheError(
                f"{self.folder}: {len(missing)} shards are missing; "
                f"run `python -m training {self.command}` again"
            )
        return shards

    def _shard(self, index: int) -> Path:
        return self.folder / f"shard-{index:04d}.npy"

    @property
    def _manifest(self) -> Path:
        return self.folder / "features.json"

    def _claim(self, count: int) -> None:
        if self._manifest.exists():
            self._check()
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        manifest = {**self.description, "count": count, "shard": SHARD}
        self._manifest.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))

    def _check(self) -> int:
        """Returns how many rows the manifest promises, once it has been compared with the description."""
        if not self._manifest.exists():
            raise FeatureCacheError(
                f"{self.folder} has no features; run `python -m training {self.command}` first"
            )
        try:
            manifest = msgspec.json.decode(self._manifest.read_bytes(), type=dict[str, Any])
            count = msgspec.convert(manifest.get("count"), int)
        except (msgspec.MsgspecError, ValueError) as error:
            raise FeatureCacheError(
                f"{self._manifest} is damaged ({error}); delete {self.folder} and "
                f"run `python -m training {self.command}` again"
            ) from error
        expected = {**self.description, "shard": SHARD}
        differing = [key for key in expected if manifest.get(key) != expected[key]]
        if differing:
            raise FeatureCacheError(
                f"{self.folder} has features of something else ({', '.join(differing)} differ); "
                "use another --cache folder or delete this one"
            )
        return count
