"""Energy of the CPU packages by RAPL, if the kernel has it and this user may read it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from . import system

ZONES = "sys/class/powercap"


class Reading(NamedTuple):
    """Microjoules of each package so far, and where the counter starts again from 0."""

    counters: dict[str, int]
    ranges: dict[str, int]


def read(root: Path = system.ROOT) -> Reading | None:
    """Returns the counters now; None unless all packages can be read, which often needs root."""
    counters, ranges = {}, {}
    for zone in sorted((root / ZONES).glob("intel-rapl:*")):
        path = f"{ZONES}/{zone.name}"
        # Sub-zones, and the whole platform ("psys"), would count the packages twice.
        if zone.name.count(":") != 1 or not (system.text(root, f"{path}/name") or "").startswith("package"):
            continue
        used, most = (
            system.number(root, f"{path}/energy_uj"),
            system.number(root, f"{path}/max_energy_range_uj"),
        )
        if used is None or most is None:
            return None
        counters[zone.name], ranges[zone.name] = used, most
    return Reading(counters, ranges) if counters else None


def joules(before: Reading | None, after: Reading | None) -> float | None:
    """Returns the joules between two readings, idle power included; a counter may wrap around once."""
    if before is None or after is None or before.counters.keys() != after.counters.keys():
        return None
    used = (
        (after.counters[zone] - start) % (after.ranges[zone] + 1) for zone, start in before.counters.items()
    )
    return sum(used) / 1e6
