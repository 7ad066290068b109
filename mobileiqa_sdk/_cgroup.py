"""How much of the CPUs a container may use: the quota of its control group, on Linux.

A container with a quota of two CPUs sees all CPUs of its machine, and threads beyond two only wait.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_SELF = Path("/proc/self/cgroup")


def cpu_quota(root: Path = _ROOT, own: Path = _SELF) -> int | None:
    """Returns the CPUs that this process may use at a time, rounded up; None if nothing limits them.

    Args:
        root: where control groups are mounted.
        own: lists the groups of this process, a line ``ID:CONTROLLERS:PATH`` for each.
    """
    if not sys.platform.startswith("linux"):
        return None
    quotas = [_quota_v2(folder) for folder in _folders(root, own, "")]
    quotas += [_quota_v1(folder) for folder in _folders(root / "cpu", own, "cpu")]
    limits = [quota for quota in quotas if quota is not None]
    return max(1, math.ceil(min(limits))) if limits else None


def _folders(root: Path, own: Path, controller: str) -> Iterator[Path]:
    """Yields the folders of the group that holds this process and of those around it: each may limit it.

    A container sees its own group as the root, while the path may be that on the machine around it.
    """
    yield root
    for line in _read(own).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controller in controllers.split(","):
            parts = Path(path.lstrip("/")).parts
            if ".." not in parts:  # a group that is not mounted here
                yield from (root.joinpath(*parts[:count]) for count in range(len(parts), 0, -1))


def _quota_v2(folder: Path) -> float | None:
    """Returns the quota that a file such as ``200000 100000`` gives: microseconds of each period."""
    quota, _, period = _read(folder / "cpu.max").partition(" ")
    return _ratio(quota, period)


def _quota_v1(folder: Path) -> float | None:
    return _ratio(_read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us"))


def _ratio(quota: str, period: str) -> float | None:
    """Returns quota / period; None where there is none: ``max`` in version 2, -1 in version 1."""
    quota, period = quota.strip(), period.strip()
    if not (quota.isdecimal() and period.isdecimal() and int(quota) > 0 and int(period) > 0):
        return None
    return int(quota) / int(period)


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, ValueError):
        return ""
