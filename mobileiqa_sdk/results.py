"""A file of results that a long batch is taken up from: JSON lines, one row each, only appended to.

A row is that of `mobileiqa_sdk.gallery`, and what tells whether it still holds: ``bytes`` and ``modified_ns``
of the photo's file (None where there is none), and the ``model``. A photo may have several rows; its last one
counts. A photo is done when that row has a score and its file is as it was: errors are tried again.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from .errors import PhotoError, ResultsInvalid
from .gallery import Row
from .library import digest_of
from .scorer import Scorer

_BEGINNING = b'{"path": '
_KEYS = {"path", "score", "bytes", "modified_ns", "model"}
_Stamp = tuple[int, int]


class ResultsFile:
    """A file of results, read and open to append to. Made where there is none.

    A last line that ends early, as a killed process leaves it, is taken off.

    Raises:
        ResultsInvalid: it cannot be read or written, a line is no row, or one is of another model.
    """

    def __init__(self, path: str | os.PathLike[str], scorer: Scorer) -> None:
        self._path = Path(path)
        info = scorer.contract.model
        self._model = {
            "name": info.name,
            "version": info.version,
            "sha256": digest_of(scorer.path),
            "decode": scorer.decode,
        }
        self._done: dict[str, _Stamp] = {}
        self._stamps: dict[str, _Stamp | None] = {}
        try:
            # Unbuffered: each row reaches the file whole, in one call, or the process was killed in it.
            self._file: BinaryIO = open(self._path, "a+b", buffering=0)  # noqa: SIM115 - close() is ours
        except OSError as error:
            raise self._cannot("opened", error) from error
        try:
            if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
                raise ResultsInvalid(f"{self._path}: is not a regular file; name one")
            self._mend(*self._read())
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file; the rows are in it already."""
        self._file.close()

    def missing(self, photos: Iterable[str | PhotoError]) -> list[str | PhotoError]:
        """Those of the photos that are not done, in order, to be scored and appended."""
        remaining: list[str | PhotoError] = []
        for photo in photos:
            if isinstance(photo, str):
                # Taken before the photo is read: one that changes meanwhile will not count as done.
                stamp = self._stamps[photo] = _stamp(photo)
                if stamp is not None and self._done.get(photo) == stamp:
                    continue
            remaining.append(photo)
        return remaining

    def write(self, rows: Iterable[Row]) -> None:
        """Append rows, each as it comes. Raises ResultsInvalid where that fails, as on a full disk."""
        for row in rows:
            size, modified = self._stamps.get(row["path"]) or (None, None)
            whole = {**row, "bytes": size, "modified_ns": modified, "model": self._model}
            self._write(json.dumps(whole).encode() + b"\n")

    def _write(self, data: bytes) -> None:
        try:
            written = self._file.write(data)
        except OSError as error:
            raise self._cannot("written", error) from error
        if written != len(data):
            raise ResultsInvalid(f"{self._path}: cannot be written: the disk is full")

    def _read(self) -> tuple[int, bytes]:
        """Note the rows. How many bytes of the file are rows, and the last line."""
        whole, line = 0, b""
        try:
            with open(self._path, "rb") as file:
                for number, line in enumerate(file, 1):
                    row = _row(line)
                    if row is not None:
                        self._note(row, number)
                        whole += len(line)
                    elif not _is_torn(line):
                        raise ResultsInvalid(
                            f"{self._path}: line {number} is no row of `mobileiqa score --resume`; "
                            "name another file"
                        )
        except OSError as error:
            raise self._cannot("read", error) from error
        return whole, line

    def _mend(self, whole: int, last: bytes) -> None:
        if last and not last.endswith(b"\n"):
            self._file.truncate(whole)
            if _row(last) is not None:
                self._write(b"\n")

    def _cannot(self, what: str, error: OSError) -> ResultsInvalid:
        return ResultsInvalid(f"{self._path}: cannot be {what}: {error.strerror or error}")

    def _note(self, row: dict[str, Any], number: int) -> None:
        if row["model"] != self._model:
            raise ResultsInvalid(
                f"{self._path}: line {number} is by another model, {_named(row['model'])}, and this is "
                f"{_named(self._model)}; name another file, or that model"
            )
        if row["score"] is None or row["bytes"] is None:
            self._done.pop(row["path"], None)
        else:
            self._done[row["path"]] = (row["bytes"], row["modified_ns"])


def _row(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    known = isinstance(row, dict) and isinstance(row.get("path"), str) and row.keys() >= _KEYS
    return row if known else None


def _is_torn(line: bytes) -> bool:
    """Whether it is what a killed process leaves: the beginning of a row, and the end of the file."""
    return not line.endswith(b"\n") and line[: len(_BEGINNING)] == _BEGINNING[: len(line)]


def _stamp(photo: str) -> _Stamp | None:
    try:
        status = os.stat(photo)
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


def _named(model: Any) -> str:
    if not isinstance(model, dict):
        return repr(model)
    return f"{model.get('name')} {model.get('version')} ({str(model.get('sha256'))[:12]})"
