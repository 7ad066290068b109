"""The machine and the software that a benchmark ran on: a JSON object, null for what is not known."""

from __future__ import annotations

import os
import platform
from collections import Counter
from importlib import metadata
from pathlib import Path
from typing import Any

from mobileiqa_sdk import __version__

from . import system

try:
    import psutil
except ImportError:
    psutil = None

PACKAGES = (
    "numpy", "pillow", "onnxruntime", "ai-edge-litert", "coremltools", "torch", "onnx", "openvino", "ncnn"
)  # fmt: skip
VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LD_PRELOAD", "MALLOC_ARENA_MAX")
INSTRUCTIONS = (
    "avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8", "asimd", "asimddp", "i8mm", "sve"
)  # fmt: skip
"""Instruction sets that decide which int8 and float kernels can run."""
CPU = "sys/devices/system/cpu"


def read_environment(root: Path = system.ROOT) -> dict[str, Any]:
    """Returns what this machine is and runs, as JSON values; docs/benchmark.md explains the keys."""
    info = system.fields(root, "proc/cpuinfo")
    flags = (info.get("flags") or info.get("Features") or "").split()
    return {
        "machine": platform.machine(),
        "cpu": cpu_name(root),
        "instructions": [name for name in INSTRUCTIONS if name in flags],
        "cpus": available_cpus(),
        "cpus_of_machine": os.cpu_count(),
        "caches": caches(root),
        "memory_bytes": _memory(root),
        "hypervisor": "hypervisor" in flags if flags else None,
        "governor": governor(root),
        "max_mhz": _megahertz(root),
        "temperature_c": temperature(root),
        "loadavg": _loadavg(root),
        "os": platform.platform(),
        "system": _system(root),
        "python": platform.python_version(),
        "mobileiqa_sdk": __version__,
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
    }


def available_cpus() -> int:
    """Returns the number of CPUs that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available_bytes() -> int | None:
    """Returns the bytes that can be allocated without swapping; None if psutil is not installed."""
    return None if psutil is None else int(psutil.virtual_memory().available)


def cpu_name(root: Path = system.ROOT) -> str:
    """Returns the CPU's name, or on ARM, where it has none, the name of the board."""
    info = system.fields(root, "proc/cpuinfo")
    board = (system.text(root, "proc/device-tree/model") or "").strip("\0")
    return info.get("model name") or info.get("Model") or board or platform.processor() or platform.machine()


def caches(root: Path = system.ROOT) -> dict[str, int]:
    """Returns the bytes of the first CPU's data caches by level: ``{"L1": 49152, "L2": 1048576}``."""
    sizes: dict[str, int] = {}
    for folder in sorted((root / CPU / "cpu0/cache").glob("index*")):
        path = f"{CPU}/cpu0/cache/{folder.name}"
        size, level = system.text(root, f"{path}/size") or "", system.text(root, f"{path}/level")
        unit = {"K": 1 << 10, "M": 1 << 20}.get(size[-1:])
        if unit and size[:-1].isdecimal() and system.text(root, f"{path}/type") != "Instruction":
            sizes[f"L{level}"] = int(size[:-1]) * unit
    return sizes


def governor(root: Path = system.ROOT) -> str | None:
    """Returns the frequency governors, the one of most CPUs first; None if the system has none."""
    names = [
        system.text(root, f"{CPU}/{path.parent.parent.name}/cpufreq/scaling_governor")
        for path in (root / CPU).glob("cpu[0-9]*/cpufreq/scaling_governor")
    ]
    return ", ".join(name for name, _ in Counter(filter(None, names)).most_common()) or None


def _memory(root: Path) -> int | None:
    words = system.fields(root, "proc/meminfo").get("MemTotal", "").split()
    if words:
        return 1024 * int(words[0])
    return int(psutil.virtual_memory().total) if psutil is not None and root == system.ROOT else None


def _megahertz(root: Path) -> float | None:
    fastest = [
        system.number(root, f"{CPU}/{path.parent.parent.name}/cpufreq/cpuinfo_max_freq")
        for path in (root / CPU).glob("cpu[0-9]*/cpufreq/cpuinfo_max_freq")
    ]
    return max((value / 1000 for value in fastest if value), default=None)


def temperature(root: Path = system.ROOT) -> float | None:
    """Returns the degrees Celsius of the hottest zone; None if the system does not report any."""
    zones = [
        system.number(root, f"sys/class/thermal/{path.parent.name}/temp")
        for path in (root / "sys/class/thermal").glob("thermal_zone*/temp")
    ]
    return max((value / 1000 for value in zones if value), default=None)


def _loadavg(root: Path) -> list[float] | None:
    words = (system.text(root, "proc/loadavg") or "").split()[:3]
    if len(words) == 3:
        return [float(value) for value in words]
    return list(os.getloadavg()) if root == system.ROOT and hasattr(os, "getloadavg") else None


def _system(root: Path) -> str | None:
    for line in (system.text(root, "etc/os-release") or "").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return None


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
