"""Memory of this process in bytes; None if the system does not report it."""

from __future__ import annotations

import sys
from pathlib import Path

from . import system


def peak_rss(root: Path = system.ROOT) -> int | None:
    """Returns the largest resident memory since the process began: VmHWM, ru_maxrss or PeakWorkingSetSize."""
    # On Linux ru_maxrss is of no use: it is inherited from the process that started this one.
    if (peak := _kilobytes(root, "proc/self/status", "VmHWM")) is not None:
        return peak
    if sys.platform == "darwin":
        import resource  # which Windows lacks

        return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return _asked("memory_info", "peak_wset")


def rss(root: Path = system.ROOT) -> int | None:
    """Returns the resident memory now, pages shared with other processes included."""
    resident = _kilobytes(root, "proc/self/status", "VmRSS")
    return _asked("memory_info", "rss") if resident is None else resident


def private(root: Path = system.ROOT) -> int | None:
    """Returns the resident memory that no other process shares: Private_Clean and Private_Dirty, or USS."""
    parts = [_kilobytes(root, "proc/self/smaps_rollup", f"Private_{kind}") for kind in ("Clean", "Dirty")]
    if None in parts:
        return _asked("memory_full_info", "uss")
    return sum(part for part in parts if part is not None)


def _kilobytes(root: Path, path: str, field: str) -> int | None:
    value = system.fields(root, path).get(field, "").split()
    return 1024 * int(value[0]) if value and value[0].isdecimal() else None


def _asked(method: str, field: str) -> int | None:
    try:
        # Imported here, because it would count as memory of the process; exports measure without it.
        import psutil
    except ImportError:
        return None
    try:
        value = getattr(getattr(psutil.Process(), method)(), field, None)
    except psutil.Error:
        return None
    return None if value is None else int(value)
