"""Rows of numbers in files of 500 rows, so that making them can stop and go on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import Features
from .errors import FeatureCacheError

SHARD = 500


@dataclass(frozen=True)
class Shards:
    """Rows under one folder, beside a description of what they were made of.

    Attributes:
        folder: made on the first write.
        description: JSON-ready. Who reads may know a part of it only.
        command: of ``python -m training``, which makes them.
    """

    folder: Path
    description: dict[str, Any]
    command: str

    def fill(self, count: int, make: Callable[[range], Features], report: Callable[[str], None]) -> int:
        """Make what is not there yet, a shard at a time. Returns how many rows were made.

        Raises:
            FeatureCacheError: the folder holds rows made otherwise.
        """
        self._claim(count)
        done = 0
        for shard, start in enumerate(range(0, count, SHARD)):
            file = self._shard(shard)
            if file.exists():
                continue
            rows = range(start, min(start + SHARD, count))
            # Renamed when complete: an interrupted run leaves no half-written shard behind.
            scratch = file.with_suffix(".tmp")
            made = make(rows)
            with scratch.open("wb") as stream:
                np.save(stream, made)
            os.replace(scratch, file)
            done += len(rows)
            report(f"{file}: {rows.start + 1} to {rows.stop} of {count}")
        return done

    def read(self) -> Features:
        """All rows in their order.

        Raises:
            FeatureCacheError: not all shards are there, or they were made otherwise.
        """
        count = self._check()
        shards = [self._shard(i) for i in range(-(-count // SHARD))]
        absent = [file.name for file in shards if not file.exists()]
        if absent:
            raise FeatureCacheError(
                f"{self.folder}: {len(absent)} shards are missing; "
                f"run `python -m training {self.command}` again"
            )
        return np.concatenate([np.load(file) for file in shards])

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
        whole = {**self.description, "count": count, "shard": SHARD}
        self._manifest.write_text(json.dumps(whole, indent=1))

    def _check(self) -> int:
        """How many rows there should be."""
        if not self._manifest.exists():
            raise FeatureCacheError(
                f"{self.folder} holds no features; run `python -m training {self.command}` first"
            )
        found, wanted = json.loads(self._manifest.read_text()), {**self.description, "shard": SHARD}
        differing = [key for key in wanted if found.get(key) != wanted[key]]
        if differing:
            raise FeatureCacheError(
                f"{self.folder} holds features made otherwise ({', '.join(differing)} differ); "
                "use another --cache folder or delete this one"
            )
        return int(found["count"])
