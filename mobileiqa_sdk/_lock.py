"""Lets one process at a time write to a file."""

from __future__ import annotations

import sys
from typing import BinaryIO

_BEYOND = 2**31 - 2
"""Offset of the byte that is locked on Windows: beyond all rows, since others cannot read locked bytes."""


def lock(file: BinaryIO) -> bool:
    """Locks an open file until it is closed, also if the process is killed; does not wait.

    Returns:
        False if it is locked already, by this or another process.

    Raises:
        OSError: the file system has no locks.
    """
    if sys.platform == "win32":
        import msvcrt

        position = file.tell()
        file.seek(_BEYOND)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        finally:
            file.seek(position)
        return True
    import fcntl

    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
