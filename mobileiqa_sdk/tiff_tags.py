"""Reads the directories of a TIFF file: what its pages are, and where a file ends too early."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

Tags: TypeAlias = dict[int, Any]
"""Values by tag: an int, a tuple of ints, or a text. Values of other types are None."""

SUB_DIRECTORIES = 330
ICC_PROFILE = 34675

MAX_VALUES = 1 << 10
"""Numbers in one value, such as the 768 of a colour map. Longer ones, such as offsets of strips, are None."""

MAX_ENTRIES = 1 << 16
"""Lines of a directory that are read: all that a TIFF may have. A BigTIFF could ask for 2^64."""

MAX_DIRECTORIES = 16
"""Pages and directories below them that are looked at; camera raw has up to eight."""

MAX_LINES = 1 << 12
"""Lines of each of them that are looked at; camera raw has up to a hundred."""

# TIFF 6.0, section 2, and BigTIFF: bytes of a value by type. The others have one.
_BYTES = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_LETTERS = {1: "B", 3: "H", 4: "I", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}  # of struct
_TEXT = 2
_LAST_BASELINE = 700


class CutOff(Exception):
    """The file ends before its directory does."""


class Entry(NamedTuple):
    """One line of a directory.

    Attributes:
        tag: what it is about.
        kind: the type of its values.
        length: how many values.
        start: where the line is in the file.
        value_start, value_end: where the values are.
        is_cut: whether the values end after the file, or are together with those before them longer than it.
    """

    tag: int
    kind: int
    length: int
    start: int
    value_start: int
    value_end: int
    is_cut: bool


class TiffFile:
    """The bytes of a TIFF or BigTIFF file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.order = "<" if data[:2] == b"II" else ">"
        self.is_big = 43 in data[2:4]

    def first(self) -> int:
        """Returns where the first directory is."""
        return self._number("Q" if self.is_big else "I", 8 if self.is_big else 4)

    def entries(self, position: int) -> Iterator[Entry]:
        """Yields the lines of a directory, at most `MAX_ENTRIES`.

        Raises:
            CutOff: the file ends before the directory does.
        """
        count_letter, line, inline = ("Q", "HHQ8x", 8) if self.is_big else ("H", "HHI4x", 4)
        count = min(self._number(count_letter, position), MAX_ENTRIES)
        start = position + struct.calcsize(self.order + count_letter)
        size = struct.calcsize(self.order + line)
        total = 0
        for at in range(start, start + count * size, size):
            tag, kind, values = self._unpack(line, at)
            extent = values * _BYTES.get(kind, 1)
            value = at + size - inline
            is_cut = False
            if extent > inline:
                value = self._number("Q" if self.is_big else "I", value)
                fits = value + extent <= len(self.data)
                total += extent if fits else 0
                is_cut = not fits or total > len(self.data)
            yield Entry(tag, kind, values, at, value, value + extent, is_cut)

    def tags(self, position: int) -> Tags:
        """Returns the values of a directory, only those that are in the file.

        Raises:
            CutOff: the file ends before the directory does.
        """
        return {entry.tag: self.value(entry) for entry in self.entries(position) if not entry.is_cut}

    def directories(self) -> list[Tags]:
        """Returns what can be read of the pages and of the directories below them.

        These are at most `MAX_DIRECTORIES`, the first page first. The value of a tag that is cut off is None.
        """
        directories: list[Tags] = []
        positions: list[int] = []
        with suppress(CutOff):
            positions.append(self.first())
        for position in positions:  # which grow on the way
            tags: Tags = {}
            directories.append(tags)
            with suppress(CutOff):
                for entry in islice(self.entries(position), MAX_LINES):
                    tags[entry.tag] = None if entry.is_cut else self.value(entry)
            below = tags.get(SUB_DIRECTORIES)
            for other in (*(below if isinstance(below, tuple) else (below,)), self._next(position)):
                is_new = isinstance(other, int) and other > 0 and other not in positions
                if is_new and len(positions) < MAX_DIRECTORIES:
                    positions.append(other)
        return directories

    def _next(self, position: int) -> int:
        """Returns where the page after the one of a directory is; 0 if it is the last, or cut off."""
        count_letter, line, pointer = ("Q", 20, "Q") if self.is_big else ("H", 12, "I")
        try:
            count = self._number(count_letter, position)
            start = position + struct.calcsize(self.order + count_letter)
            return self._number(pointer, start + count * line)
        except CutOff:
            return 0

    def _number(self, letter: str, position: int) -> int:
        (number,) = self._unpack(letter, position)
        return int(number)

    def _unpack(self, letters: str, position: int) -> tuple[Any, ...]:
        layout = struct.Struct(self.order + letters)
        if not 0 <= position <= len(self.data) - layout.size:
            raise CutOff
        return layout.unpack_from(self.data, position)

    def value(self, entry: Entry) -> Any:
        """Returns the value of an entry that is not cut; see `Tags`."""
        if entry.kind == _TEXT:
            return self.data[entry.value_start : entry.value_end].split(b"\0")[0].decode("latin-1")
        letter = _LETTERS.get(entry.kind)
        if letter is None or not 0 < entry.length <= MAX_VALUES:
            return None
        values = struct.unpack_from(f"{self.order}{entry.length}{letter}", self.data, entry.value_start)
        return values[0] if entry.length == 1 else values


def decides_pixels(tag: int) -> bool:
    """Returns whether the pixels of a page may depend on a tag: the baseline tags to XMP, and the profile."""
    return tag <= _LAST_BASELINE or tag == ICC_PROFILE
