"""Photos in a column of bytes: Parquet files, and Arrow files and streams (the extra ``[columns]``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from .._packages import import_extra
from ..errors import PhotoTooLarge, PhotoUnreadable
from .member import MAX_MEMBER, Member, ShardUnreadable, failed, reading

ROWS = 16
"""Rows that are held at once."""

_ARROW_FILE = b"ARROW1"


def parquet_members(shard: str, file: BinaryIO, column: str | None) -> Iterator[Member]:
    """Yields the photos of a Parquet file; each is named by the number of its row, from 0.

    Args:
        shard: name of the file.
        file: open at its beginning; it is read at any position.
        column: that holds the encoded photos; None is the only one that can.

    Raises:
        ShardUnreadable: the file is damaged, or the column cannot be told.
    """
    parquet = import_extra("pyarrow.parquet", "columns")
    with reading():
        table = parquet.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20)
        name = _column(table.schema_arrow, column)
        batches = table.iter_batches(batch_size=ROWS, columns=[name])
    yield from _members(shard, batches, name)


def arrow_members(shard: str, file: BinaryIO, column: str | None) -> Iterator[Member]:
    """Yields the photos of an Arrow (Feather) file or stream; see :func:`parquet_members`."""
    ipc = import_extra("pyarrow.ipc", "columns")
    with reading():
        head = file.read(len(_ARROW_FILE))
        file.seek(0)
        if head == _ARROW_FILE:
            reader = ipc.open_file(file)
            batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
        else:
            batches = reader = ipc.open_stream(file)
        name = _column(reader.schema, column)
    yield from _members(shard, batches, name)


def _members(shard: str, batches: Iterable[Any], name: str) -> Iterator[Member]:
    number = 0
    remaining = iter(batches)
    while True:
        with reading():
            batch = next(remaining, None)
            if batch is None:
                return
            values = batch.column(batch.schema.get_field_index(name))
            if _is_struct(values.type):
                values = values.field("bytes")
        for value in values:
            yield _member(f"{shard}/{number}", value)
            number += 1


def _member(path: str, value: Any) -> Member:
    if not value.is_valid:
        return failed(path, PhotoUnreadable(path, "is null"))
    size = value.as_buffer().size
    if size > MAX_MEMBER:
        return failed(path, PhotoTooLarge(path, f"is longer than {MAX_MEMBER:,} bytes; pass a smaller copy"))
    return Member(path, size, value.as_py)


def _column(schema: Any, column: str | None) -> str:
    """Returns the name of the column of photos: bytes, or structs with ``bytes`` (Hugging Face)."""
    able: list[str] = [field.name for field in schema if _holds_bytes(field.type)]
    if column is not None:
        if column in able:
            return column
        raise ShardUnreadable(f"has no column of bytes called {column!r}; such columns: {_listed(able)}")
    if len(able) == 1:
        return able[0]
    raise ShardUnreadable(f"needs --column with the one that holds photos; columns of bytes: {_listed(able)}")


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"


def _holds_bytes(kind: Any) -> bool:
    types = import_extra("pyarrow", "columns").types
    if _is_struct(kind):
        index = kind.get_field_index("bytes")
        return index >= 0 and _holds_bytes(kind.field(index).type)
    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _is_struct(kind: Any) -> bool:
    return bool(import_extra("pyarrow", "columns").types.is_struct(kind))
