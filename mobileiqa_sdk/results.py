"""A file of results that lets a long batch continue where it stopped: JSON lines, only appended to.

A row is that of `mobileiqa_sdk.gallery` and what shows whether it still holds: ``bytes`` and ``modified_ns``
of the photo's file (None if there is none), and ``model``, all that a score depends on. A photo may have
several rows, of which the last one counts. A photo is done when that row has a score and its file is as it
was; errors are tried again.

One process writes to a file at a time. Only rows are ever in it, so nothing that a process wrote is lost when
another one continues.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from ._lock import lock
from ._text import one_line
from .errors import PhotoError, ResultsInvalid
from .gallery import Row
from .library import digest_of
from .scorer import Scorer

_BEGINNING = b'{"path": '
_KEYS = {"path", "score", "bytes", "modified_ns", "model"}
_MODEL_KEYS = {"name", "version", "sha256", "decode"}  # that every version wrote
_Stamp = tuple[int, int]


class ResultsFile:
    """A file of results, read, locked and open to append to. It is created if there is none.

    An incomplete last line, left by a killed process, is removed.

    Args:
        path: of the file.
        scorer: its model, runtime, threads, decode rule and resolution are those of every row.

    Raises:
        ResultsInvalid: the file cannot be read, written or locked, another process writes to it, a line is
            not a row, or a row was scored with something else than the scorer.
    """

    def __init__(self, path: str | os.PathLike[str], scorer: Scorer) -> None:
        self._path = Path(path)
        self._model = _model_of(scorer)
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
            self._lock()
            self._mend(*self._read())
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Closes the file, in which all rows are already, and lets others write to it."""
        self._file.close()

    def missing(self, photos: Iterable[str | PhotoError]) -> list[str | PhotoError]:
        """Returns the photos that are not done, in order and each path once, to be scored and written."""
        remaining: dict[str | PhotoError, str | PhotoError] = {}  # keeps the order
        for photo in photos:
            if isinstance(photo, PhotoError):
                remaining[photo] = photo
            elif not self._is_done(photo):
                remaining.setdefault(_key(photo), photo)
        return list(remaining.values())

    def _is_done(self, photo: str) -> bool:
        # Read before the photo is: one that changes meanwhile will not count as done.
        stamp = self._stamps[photo] = _stamp(photo)
        return stamp is not None and self._done.get(_key(photo)) == stamp

    def write(self, rows: Iterable[Row]) -> None:
        """Appends rows, each as it comes.

        Raises:
            ResultsInvalid: the file cannot be written, for example because the disk is full.
        """
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

    def _lock(self) -> None:
        try:
            locked = lock(self._file)
        except OSError as error:
            reason = f"this file system has no locks ({error.strerror or error}); name a file on another one"
            raise ResultsInvalid(f"{self._path}: {reason}") from error
        if not locked:
            raise ResultsInvalid(
                f"{self._path}: another process is writing to it; wait for that, or name another file"
            )

    def _read(self) -> tuple[int, bytes]:
        """Notes the rows; returns how many bytes of the file are rows, and the last line."""
        whole, line = 0, b""
        try:
            self._file.seek(0)
            with open(self._file.fileno(), "rb", closefd=False) as file:
                for number, line in enumerate(file, 1):
                    row = _row(line)
                    if row is not None:
                        self._note(row, number)
                        whole += len(line)
                    elif not _is_torn(line):
                        raise ResultsInvalid(
                            f"{self._path}: line {number} is not a row of `mobileiqa score --resume`; "
                            "name another file"
                        )
        except OSError as error:
            raise self._cannot("read", error) from error
        return whole, line

    def _mend(self, whole: int, last: bytes) -> None:
        if not last or last.endswith(b"\n"):
            return
        try:
            self._file.truncate(whole)
        except OSError as error:
            raise self._cannot("written", error) from error
        if _row(last) is not None:
            self._write(b"\n")

    def _cannot(self, what: str, error: OSError) -> ResultsInvalid:
        return ResultsInvalid(f"{self._path}: cannot be {what}: {error.strerror or error}")

    def _note(self, row: dict[str, Any], number: int) -> None:
        reason = _difference(row["model"], self._model)
        if reason:
            raise ResultsInvalid(f"{self._path}: line {number} was scored with {reason}; name another file")
        if row["score"] is None or row["bytes"] is None:
            self._done.pop(_key(row["path"]), None)
        else:
            self._done[_key(row["path"])] = (row["bytes"], row["modified_ns"])


def _key(path: str) -> str:
    """Returns a path without what does not change the file that it leads to: ``./a//b`` is ``a/b``.

    One with ``..`` in it stays as it is: what that leads to depends on symbolic links.
    """
    return path if ".." in Path(path).parts else os.path.normpath(path)


def _model_of(scorer: Scorer) -> dict[str, Any]:
    """Returns all that a photo's score depends on, except the machine."""
    info = scorer.contract.model
    return {
        "name": info.name,
        "version": info.version,
        "sha256": digest_of(scorer.path),
        "decode": scorer.decode,
        "resolution": scorer.resolution,
        "runtime": scorer.runtime,
        "threads": scorer.threads,
    }


def _difference(actual: Any, expected: dict[str, Any]) -> str:
    """Returns the keys in which the model of a row differs; empty if there are none.

    Keys that older versions did not write are not compared.
    """
    if not isinstance(actual, dict) or not actual.keys() >= _MODEL_KEYS:
        return f"an unknown model, {one_line(actual, 100)}"
    unknown = actual.keys() - expected.keys()
    if unknown:
        return f"a newer version of mobileiqa-sdk, which notes {one_line(', '.join(sorted(unknown)), 100)}"
    different = [key for key in expected if actual.get(key, expected[key]) != expected[key]]
    return ", ".join(f"{key} {_shown(actual[key])} instead of {_shown(expected[key])}" for key in different)


def _shown(value: Any) -> str:
    return one_line(value)[:12]  # of a digest, its beginning


def _row(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_row = isinstance(row, dict) and isinstance(row.get("path"), str) and row.keys() >= _KEYS
    return row if is_row else None


def _is_torn(line: bytes) -> bool:
    """Returns whether a killed process left this line: the beginning of a row at the end of the file."""
    return not line.endswith(b"\n") and line[: len(_BEGINNING)] == _BEGINNING[: len(line)]


def _stamp(photo: str) -> _Stamp | None:
    try:
        status = os.stat(photo)
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns
