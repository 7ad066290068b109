"""Weight files: 64 bytes of header, then records of 64 bytes that point to their data.

A record is the mark 0xDEADBEEF, the type of an element, the number of bytes, their offset, and how many bits
of the last byte are unused. Elements of fewer than 8 bits are packed from the least significant bit on.
coremltools describes the format in ``StorageFormat.hpp``.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobileiqa_sdk.errors import ArtifactInvalid

_RECORD = struct.Struct("<IIQQQ")
_MARK = 0xDEADBEEF
_WHOLE: dict[int, np.dtype[Any]] = {
    1: np.dtype("<f2"),
    2: np.dtype("<f4"),
    3: np.dtype("u1"),
    4: np.dtype("i1"),
    6: np.dtype("<i2"),
    7: np.dtype("<u2"),
    14: np.dtype("<i4"),
    15: np.dtype("<u4"),
}
_PACKED = {8: 4, 9: 1, 10: 2, 11: 4, 12: 3, 13: 6}
_SIGNED = 8


class WeightFile:
    """One weight file, mapped into memory.

    Raises:
        ArtifactInvalid: the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            # Copy on write: torch needs writable memory, and the file must never change.
            self._bytes = np.memmap(path, np.uint8, "c")
        except (OSError, ValueError) as error:  # ValueError: an empty file
            raise ArtifactInvalid(f"{path}: cannot be read ({error}); export the model again") from error

    def read(self, offset: int, count: int) -> NDArray[Any]:
        """Returns the ``count`` elements of the record at ``offset``; those of fewer than 8 bits as bytes.

        Raises:
            ArtifactInvalid: there is no such record, or its length is another.
        """
        record = self._slice(offset, _RECORD.size)
        mark, kind, size, start, unused = _RECORD.unpack(record.tobytes())
        if mark != _MARK or kind not in _WHOLE.keys() | _PACKED.keys():
            raise ArtifactInvalid(f"{self._path}: no weights begin at byte {offset}; export the model again")
        whole = _WHOLE.get(kind)
        bits = 8 * whole.itemsize if whole else _PACKED[kind]
        if not (0 <= unused < 8 and 8 * size - unused == bits * count):
            raise ArtifactInvalid(
                f"{self._path}: the {size} bytes at byte {offset} are not {count} weights; export the model "
                "again"
            )
        data = self._slice(start, size)
        if whole:
            # A view needs an aligned start, which coremltools writes.
            return (data if start % 64 == 0 else data.copy()).view(whole)
        return unpack(data, bits, count, signed=kind == _SIGNED)

    def _slice(self, start: int, size: int) -> NDArray[np.uint8]:
        if start + size > len(self._bytes):
            raise ArtifactInvalid(
                f"{self._path}: is truncated: it ends before byte {start + size}; export the model again"
            )
        return self._bytes[start : start + size]


def unpack(data: NDArray[np.uint8], bits: int, count: int, *, signed: bool = False) -> NDArray[Any]:
    """Unpacks elements of fewer than 8 bits: uint8 or, if ``signed``, two's complement in int8, [count].

    Raises:
        ValueError: the data holds fewer elements.
    """
    if len(data) * 8 < bits * count:
        raise ValueError(f"{len(data)} bytes hold fewer than {count} elements of {bits} bits each")
    spread = np.unpackbits(data, bitorder="little", count=bits * count).reshape(count, bits)
    padded = np.zeros((count, 8), np.uint8)
    padded[:, :bits] = spread
    if signed:
        padded[:, bits:] = spread[:, -1:]
    values = np.packbits(padded, axis=1, bitorder="little")[:, 0]
    return values.view(np.int8) if signed else values
