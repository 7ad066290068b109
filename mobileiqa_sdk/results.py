"""A file of results that lets a long batch continue where it stopped: JSON lines, only appended to.

A row is that of `mobileiqa_sdk.gallery` and what shows whether it still holds: ``bytes`` and ``modified_ns``
of the photo's file (None if there is none), and ``model``, all that a score depends on. A photo may have
several rows, of which the last one counts. A photo is done when that row has a score and its file is as it
was; errors are tried again. For members of archives, which have ``shard`` and ``shard_end`` too, see
`mobileiqa_sdk.done`.

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
from ._row_file import append, cannot
from ._text import one_line
from .done import Done
from .errors import ResultsInvalid
from .gallery import Row
from .library import digest_of
from .scorer import Scorer
from .sources.find import Source
from .streams import Scored

_BEGINNING = b'{"path": '
_KEYS = {"path", "score", "bytes", "modified_ns", "model"}
_MODEL_KEYS = {"name", "version", "sha256", "decode"}  # that every version wrote


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
        self._model = model_of(scorer)
        self._done = Done()
        try:
            # Unbuffered: each row reaches the file whole, in one call, or the process was killed in it.
            self._file: BinaryIO = open(self._path, "a+b", buffering=0)  # noqa: SIM115 - close() is ours
        except OSError as error:
            raise cannot(self._path, "opened", error) from error
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

    def missing(self, sources: Iterable[Source]) -> list[Source]:
        """Returns what is not done, in order and each path once, to be scored and written."""
        return self._done.missing(sources)

    def write(self, rows: Iterable[Row]) -> None:
        """Appends rows, each as soon as it is known.

        Raises:
            ResultsInvalid: the file cannot be written, for example because the disk is full.
        """
        for row in rows:
            size, modified = self._done.stamp_of(row.get("shard") or row["path"])
            whole = {**row, "bytes": size, "modified_ns": modified, "model": self._model}
            append(self._file, json.dumps(whole).encode() + b"\n", self._path)

    def write_results(self, results: Iterable[Scored]) -> None:
        """Appends the rows of results; see :meth:`write`."""
        self.write(scored.row() for scored in results)

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
            raise cannot(self._path, "read", error) from error
        return whole, line

    def _mend(self, whole: int, last: bytes) -> None:
        if not last or last.endswith(b"\n"):
            return
        try:
            self._file.truncate(whole)
        except OSError as error:
            raise cannot(self._path, "written", error) from error
        if _row(last) is not None:
            append(self._file, b"\n", self._path)

    def _note(self, row: dict[str, Any], number: int) -> None:
        reason = model_difference(row["model"], self._model)
        if reason:
            raise ResultsInvalid(f"{self._path}: line {number} was scored with {reason}; name another file")
        self._done.note(row)


def model_of(scorer: Scorer) -> dict[str, Any]:
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


def model_difference(actual: Any, expected: dict[str, Any]) -> str:
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
