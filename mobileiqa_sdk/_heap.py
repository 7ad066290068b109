"""Returns memory that was needed only while a model was loaded.

A session parses the whole file before it takes what it needs: glibc would keep 40 MB of the full student's
int8 artifact for the life of the process. Trimming walks the heap of the whole process, so the library does
it only where the model is large beside that; the commands always do.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from typing import Final

LARGE: Final = 16 << 20
"""Bytes of a model file that leaves more free memory behind than trimming is worth in time."""


def trim_heap() -> None:
    """Returns free memory to the system if the C library is glibc; does nothing elsewhere."""
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)
