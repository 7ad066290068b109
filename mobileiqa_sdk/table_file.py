"""A Parquet file of scores that a long batch continues: `mobileiqa score --parquet FILE`.

A Parquet file can be read when its end is written, and not be appended to. So rows go to a journal beside it,
``FILE.part``, an Arrow stream that only grows: a batch of rows at a time, in one write. When the run ends,
also by Ctrl-C, the rows of the file and of the journal become the new file, which replaces the old one at
once, and the journal is removed. After a kill the journal is still there, and the next run continues it; a
batch that the kill tore is cut off, and its photos are scored again.

A photo has one row in the file, the last that was written. One process at a time writes: it locks the
journal.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO

from ._lock import lock
from ._packages import import_extra
from ._row_file import append, cannot
from ._text import first_line, utf8
from .columns import answers_of, model_columns, score_schema
from .done import Done
from .errors import ResultsInvalid
from .results import model_difference, model_of
from .scorer import Scorer
from .sources.find import Source
from .sources.shard import Shard
from .streams import Scored

BATCH_ROWS = 1000
BATCH_SECONDS = 5.0
"""A batch is written when it has so many rows, or is so old: what a kill can lose."""

GROUP_ROWS = 1 << 16
"""Rows of a row group of the file."""

_MODEL = b"mobileiqa"
_JOURNAL = b"mobileiqa.journal"
_NOTED = ["path", "score", "bytes", "modified_ns", "shard", "shard_end"]
_MARKER = b"\xff\xff\xff\xff"  # with which every message of an Arrow stream begins


class TableFile:
    """A Parquet file of scores, read, locked and open to add rows. It is created if there is none.

    The columns are ``path``, those of `mobileiqa_sdk.columns.score_schema`, and ``bytes``, ``modified_ns``,
    ``shard``, ``shard_end``, by which a later run knows what is done; see `mobileiqa_sdk.done`.

    Args:
        path: of the file.
        scorer: its model, runtime, threads, decode rule and resolution are those of every row.

    Raises:
        ResultsInvalid: the file or its journal cannot be read, written or locked, another process writes to
            it, or it holds something else than rows of this scorer.
        ExtraMissing: pyarrow is not installed.
    """

    def __init__(self, path: str | os.PathLike[str], scorer: Scorer) -> None:
        self._pyarrow = import_extra("pyarrow", "columns")
        self._parquet = import_extra("pyarrow.parquet", "columns")
        self._path = Path(path)
        self._journal_path = Path(f"{os.fspath(path)}.part")
        self._scorer = scorer
        self._model = model_of(scorer)
        self._done = Done()
        self._schema = table_schema(scorer)
        self._file = self._locked_journal()
        try:
            merged = self._read_table()
            self._read_journal(merged)
        except BaseException:
            self._file.close()
            raise

    def missing(self, sources: Iterable[Source]) -> list[Source]:
        """Returns what is not done, in order and each once, to be scored and written."""
        return self._done.missing(sources)

    def write_results(self, results: Iterable[Scored]) -> None:
        """Appends the rows of results, in batches; also those before an interrupt or an error.

        Raises:
            ResultsInvalid: the journal cannot be written, for example because the disk is full.
        """
        rows: list[dict[str, Any]] = []
        begun = monotonic()
        try:
            for scored in results:
                rows.append(self._row(scored))
                if len(rows) >= BATCH_ROWS or monotonic() - begun > BATCH_SECONDS:
                    self._append(rows)
                    rows, begun = [], monotonic()
        finally:
            self._append(rows)

    def close(self) -> None:
        """Makes the file of all rows, removes the journal, and lets others write.

        Raises:
            ResultsInvalid: the file cannot be written. The journal stays, and the next run continues it.
        """
        try:
            if self._has_rows:
                self._merge()
            self._remove_journal()
        except OSError as error:
            raise cannot(self._path, "written", error) from error
        finally:
            self._file.close()

    def _row(self, scored: Scored) -> dict[str, Any]:
        shard = scored.source.name if isinstance(scored.source, Shard) else None
        size, modified = self._done.stamp_of(scored.result.photo if shard is None else shard)
        return {
            "path": utf8(scored.result.photo),
            **answers_of(self._scorer, scored.result),
            **model_columns(self._scorer),
            "bytes": size,
            "modified_ns": modified,
            "shard": None if shard is None else utf8(shard),
            "shard_end": None if shard is None else scored.is_last,
        }

    # The journal.

    def _locked_journal(self) -> BinaryIO:
        while True:
            try:
                # Unbuffered: each batch reaches the file in one call, or the process was killed in it.
                file = open(self._journal_path, "a+b", buffering=0)  # noqa: SIM115 - close() is ours
            except OSError as error:
                raise cannot(self._path, "opened", error) from error
            try:
                locked = lock(file)
            except OSError as error:
                file.close()
                raise ResultsInvalid(
                    f"{self._path}: this file system has no locks ({first_line(error)}); use another one"
                ) from error
            if not locked:
                file.close()
                raise ResultsInvalid(
                    f"{self._path}: another process is writing to it; wait for that, or name another file"
                )
            if self._is_current(file):
                return file
            file.close()  # the process that held the lock has removed it meanwhile

    def _is_current(self, file: BinaryIO) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), os.stat(self._journal_path))
        except FileNotFoundError:
            return False

    def _read_journal(self, merged: bytes | None) -> None:
        """Notes the rows of the journal, cuts off a torn end, and begins a journal if there is none.

        Args:
            merged: identity of the journal that is in the file already; one run was killed before it could
                remove it.
        """
        self._has_rows = False
        self._file.seek(0)
        schema = self._first_message()
        if schema is None or schema.metadata[_JOURNAL] == merged:
            self._file.truncate(0)
            metadata = {_MODEL: json.dumps(self._model).encode(), _JOURNAL: uuid.uuid4().hex.encode()}
            self._schema = self._schema.with_metadata(metadata)
            append(self._file, self._schema.serialize().to_pybytes(), self._path)
            return
        self._check(schema, self._journal_path)
        self._schema = schema
        whole = self._file.tell()
        for batch in self._batches():
            self._note(batch)
            whole = self._file.tell()
        self._file.truncate(whole)

    def _first_message(self) -> Any:
        """Returns the schema of the journal; None if there is none, or a kill tore it."""
        ipc = import_extra("pyarrow.ipc", "columns")
        head = self._file.read(len(_MARKER))
        self._file.seek(0)
        if head != _MARKER[: len(head)]:
            raise ResultsInvalid(
                f"{self._journal_path}: is not a journal of scores; remove it, or name another file"
            )
        try:
            schema = ipc.read_schema(ipc.read_message(self._readable()))
        except (EOFError, OSError, self._pyarrow.ArrowException):
            return None
        if _JOURNAL not in (schema.metadata or {}):
            raise ResultsInvalid(
                f"{self._journal_path}: is not a journal of scores; remove it, or name another file"
            )
        return schema

    def _batches(self) -> Iterator[Any]:
        """Yields the batches from here to the end of the journal, or to where it is torn."""
        ipc = import_extra("pyarrow.ipc", "columns")
        while True:
            try:
                batch = ipc.read_record_batch(ipc.read_message(self._readable()), self._schema)
                batch.validate(full=True)
            except (EOFError, OSError, self._pyarrow.ArrowException):
                return
            yield batch

    def _readable(self) -> Any:
        """Returns the journal for pyarrow, which does not infer that a file open to append can be read."""
        return self._pyarrow.PythonFile(self._file, mode="r")

    def _append(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            batch = self._pyarrow.RecordBatch.from_pylist(rows, schema=self._schema)
            append(self._file, batch.serialize().to_pybytes(), self._path)
            self._has_rows = True

    def _remove_journal(self) -> None:
        if os.name == "nt":  # an open file cannot be removed there
            self._file.close()
        with suppress(FileNotFoundError):
            self._journal_path.unlink()

    # The file.

    def _read_table(self) -> bytes | None:
        """Notes the rows of the file; returns the identity of the journal that became part of it last."""
        if not os.path.lexists(self._path):
            return None
        try:
            with self._parquet.ParquetFile(self._path) as table:
                schema = table.schema_arrow
                self._check(schema, self._path)
                for batch in table.iter_batches(columns=_NOTED):
                    self._note(batch)
        except (OSError, self._pyarrow.ArrowException) as error:
            reason = f"is not a Parquet file that can be read: {first_line(error)}; name another file"
            raise ResultsInvalid(f"{self._path}: {reason}") from error
        identity: bytes = schema.metadata[_JOURNAL]
        return identity

    def _check(self, schema: Any, path: Path) -> None:
        """Raises ResultsInvalid unless a schema is that of rows of this scorer."""
        metadata = schema.metadata or {}
        try:
            model = json.loads(metadata[_MODEL])
        except (KeyError, ValueError) as error:
            reason = "is not a table of `mobileiqa score --parquet`; name another file"
            raise ResultsInvalid(f"{path}: {reason}") from error
        if reason := model_difference(model, self._model):
            raise ResultsInvalid(f"{path}: was scored with {reason}; name another file")
        if not schema.equals(self._schema) or _JOURNAL not in metadata:
            raise ResultsInvalid(
                f"{path}: has the columns of another version of mobileiqa-sdk; name another file"
            )

    def _note(self, batch: Any) -> None:
        self._has_rows = True
        for row in batch.select(_NOTED).to_pylist():
            self._done.note(row)

    def _merge(self) -> None:
        latest = _Latest()
        self._rewind()
        for batch in self._batches():
            latest.add(batch)
        temporary = Path(f"{os.fspath(self._path)}.tmp")
        with self._parquet.ParquetWriter(temporary, self._schema, compression="zstd") as writer:
            for group in self._groups(latest):
                writer.write_table(group)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, self._path)

    def _rewind(self) -> None:
        self._file.seek(0)
        self._first_message()

    def _groups(self, latest: _Latest) -> Iterator[Any]:
        """Yields tables of about `GROUP_ROWS` rows: those of the file, then those of the journal."""
        waiting: list[Any] = []
        for batch in self._kept(latest):
            waiting.append(batch)
            if sum(map(len, waiting)) >= GROUP_ROWS:
                yield self._table(waiting)
                waiting = []
        if waiting:
            yield self._table(waiting)

    def _table(self, batches: list[Any]) -> Any:
        return self._pyarrow.Table.from_batches(batches).replace_schema_metadata(self._schema.metadata)

    def _kept(self, latest: _Latest) -> Iterator[Any]:
        if self._path.exists():
            with self._parquet.ParquetFile(self._path) as table:
                for batch in table.iter_batches():
                    yield batch.filter(self._pyarrow.array(latest.keeps_old(batch)))
        self._rewind()
        for batch in self._batches():
            yield batch.filter(self._pyarrow.array(latest.keeps(batch)))


class _Latest:
    """Which rows count: the last one of each photo; of an archive that changed, those of its last state."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._rows = 0
        self._stamps: dict[str, tuple[int, int]] = {}
        self._complete: set[str] = set()
        self._passed = 0

    def add(self, batch: Any) -> None:
        """Takes the rows of a batch of the journal, in order."""
        for row in batch.select(_NOTED).to_pylist():
            self._last[row["path"]] = self._rows
            self._rows += 1
            if row["shard"] is not None and row["bytes"] is not None:
                self._stamps[row["shard"]] = (row["bytes"], row["modified_ns"])
                if row["shard_end"]:
                    self._complete.add(row["shard"])

    def keeps_old(self, batch: Any) -> list[bool]:
        """Returns for each row of a batch of the file whether it still counts."""
        return [
            row["path"] not in self._last and self._is_current(row)
            for row in batch.select(_NOTED).to_pylist()
        ]

    def keeps(self, batch: Any) -> list[bool]:
        """Returns for each row of the next batch of the journal whether it counts."""
        kept = []
        for row in batch.select(_NOTED).to_pylist():
            kept.append(self._last[row["path"]] == self._passed and self._is_current(row))
            self._passed += 1
        return kept

    def _is_current(self, row: dict[str, Any]) -> bool:
        shard = row["shard"]
        if shard is None:
            return True
        if row["path"] == shard and shard in self._complete:  # an error of the archive's, now read to its end
            return False
        stamp = self._stamps.get(shard)
        return stamp is None or row["bytes"] is None or (row["bytes"], row["modified_ns"]) == stamp


def table_schema(scorer: Scorer) -> Any:
    """Returns the `pyarrow.Schema` of the file, without metadata.

    Raises:
        ExtraMissing: pyarrow is not installed.
    """
    pyarrow = import_extra("pyarrow", "columns")
    number, text = pyarrow.int64(), pyarrow.string()
    origin = [("bytes", number), ("modified_ns", number), ("shard", text), ("shard_end", pyarrow.bool_())]
    return pyarrow.schema([("path", text), *score_schema(scorer), *origin])
