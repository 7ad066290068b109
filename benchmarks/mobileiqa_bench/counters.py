"""CPU time and events of the whole machine, read before and after a measurement to see other load."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from . import system

try:
    import psutil
except ImportError:
    psutil = None

THROTTLE = "sys/devices/system/cpu"


class Counters(NamedTuple):
    """Sums since the machine started.

    Attributes:
        busy, stolen, total: CPU seconds over all CPUs; stolen are those that a hypervisor gave to others.
        ours: CPU seconds of this process and of those it started and waited for.
        running: processes that are running or waiting for a CPU, including this one.
        throttled: how often a CPU slowed down for its temperature.
        capped: how often the control group had used up its share of CPU time.
    """

    busy: float | None
    stolen: float | None
    total: float | None
    ours: float
    running: int | None
    throttled: int | None
    capped: int | None


def read(root: Path = system.ROOT) -> Counters:
    """Returns the counters now; None for what the system does not report."""
    stat = system.fields(root, "proc/stat")
    busy, stolen, total = _ticks(stat.get("cpu", "")) or _portable_ticks(root)
    running = stat.get("procs_running", "")
    events = [
        system.number(root, f"{THROTTLE}/{path.parent.parent.name}/thermal_throttle/core_throttle_count")
        for path in (root / THROTTLE).glob("cpu[0-9]*/thermal_throttle/core_throttle_count")
    ]
    capped = system.fields(root, "sys/fs/cgroup/cpu.stat").get("nr_throttled", "")
    times = os.times()
    return Counters(
        busy=busy,
        stolen=stolen,
        total=total,
        ours=times.user + times.system + times.children_user + times.children_system,
        running=int(running) if running.isdecimal() else None,
        throttled=sum(event or 0 for event in events) if events else None,
        capped=int(capped) if capped.isdecimal() else None,
    )


def _ticks(line: str) -> tuple[float, float, float] | None:
    """Returns busy, stolen and all CPU seconds from the line "cpu" in /proc/stat (proc(5))."""
    ticks = [int(tick) for tick in line.split() if tick.isdecimal()]
    if len(ticks) < 8:
        return None
    user, nice, kernel, idle, waiting, interrupts, soft_interrupts, stolen = ticks[:8]
    busy = user + nice + kernel + interrupts + soft_interrupts
    second = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
    return busy / second, stolen / second, (busy + idle + waiting + stolen) / second


def _portable_ticks(root: Path) -> tuple[float | None, float | None, float | None]:
    # Windows does not report what our child processes have used: it would count as load by others.
    if psutil is None or root != system.ROOT or sys.platform == "win32":
        return None, None, None
    times = psutil.cpu_times()
    total = float(sum(times))
    return total - times.idle, getattr(times, "steal", 0.0), total


@dataclass
class Load:
    """What other processes and the hypervisor did during all measurements of one configuration.

    Attributes:
        others: CPU seconds that other processes used.
        stolen, total: as in :class:`Counters`.
        waiting: processes beside ours that wanted a CPU just before each measurement.
        throttled, capped: events, as in :class:`Counters`.
    """

    others: float = 0.0
    stolen: float = 0.0
    total: float = 0.0
    waiting: tuple[int, ...] = ()
    throttled: int = 0
    capped: int = 0

    def add(self, before: Counters, after: Counters) -> None:
        """Adds what happened between two readings."""
        if None not in (before.busy, after.busy):
            self.total += _difference(before.total, after.total)
            self.stolen += _difference(before.stolen, after.stolen)
            self.others += max(_difference(before.busy, after.busy) - (after.ours - before.ours), 0.0)
        if before.running is not None:
            self.waiting += (max(before.running - 1, 0),)
        self.throttled += int(_difference(before.throttled, after.throttled))
        self.capped += int(_difference(before.capped, after.capped))


def _difference(before: float | None, after: float | None) -> float:
    return 0.0 if before is None or after is None else max(after - before, 0.0)
