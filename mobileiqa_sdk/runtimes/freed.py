"""Memory that loading a model took for a while, which C's allocator keeps for later.

A session parses the whole file before it takes what it needs: glibc would keep 40 MB of the full student's
4-bit artifact for the life of the process.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress


def give_back() -> None:
    """Return what is free to the system where the C library is glibc; elsewhere do nothing."""
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)
