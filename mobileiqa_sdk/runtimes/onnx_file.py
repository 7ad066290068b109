"""Reads the metadata of an ONNX file without loading the model.

A model's contract says how to load it best. Opening a session to read the contract would cost as much time
and memory as the session that is kept, so the outermost fields of the protobuf are read instead.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_METADATA_PROPS, _KEY, _VALUE = 14, 1, 2  # ModelProto's field, and those of its StringStringEntryProto
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_BYTES = 1 << 20
_MAX_FIELDS = 100_000


def read_metadata(path: Path, key: str) -> str | None:
    """Returns the text under a key of the model's metadata; None if the file is damaged or lacks the key."""
    try:
        with open(path, "rb") as file:
            for entry in _fields(file, _METADATA_PROPS):
                if key.encode() in _fields(io.BytesIO(entry), _KEY):
                    return b"".join(_fields(io.BytesIO(entry), _VALUE)).decode()
    except (OSError, ValueError, OverflowError):  # the last from a seek beyond what a file can be
        pass
    return None


def _fields(file: BinaryIO, number: int) -> Iterator[bytes]:
    """Yields the contents of a message's fields that have this number and hold bytes.

    Raises:
        ValueError: the message is damaged.
    """
    for _ in range(_MAX_FIELDS):
        tag = _varint(file)
        if tag is None:
            return
        kind = tag & 7
        if kind == _VARINT:
            _varint(file)
        elif kind in (_FIXED32, _FIXED64):
            file.seek(4 if kind == _FIXED32 else 8, os.SEEK_CUR)
        elif kind == _BYTES:
            length = _varint(file) or 0
            if tag >> 3 != number:
                file.seek(length, os.SEEK_CUR)
            elif length > _MAX_BYTES:
                raise ValueError("longer than any metadata")
            elif len(content := file.read(length)) < length:
                raise ValueError("cut off")
            else:
                yield content
        else:
            raise ValueError("not a protobuf")


def _varint(file: BinaryIO) -> int | None:
    """Returns a number stored in groups of seven bits, lowest first; None at the end of the file.

    Raises:
        ValueError: it has more than 64 bits.
    """
    value = 0
    for shift in range(0, 64, 7):
        byte = file.read(1)
        if not byte:
            return None
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise ValueError("not a protobuf")
