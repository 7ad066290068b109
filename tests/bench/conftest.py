from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mobileiqa_export.checkpoint import save_checkpoint
from mobileiqa_export.exporter import Options, export
from mobileiqa_export.student import StudentConfig, build_student

TINY = StudentConfig("moments", "mobilenetv3-large-minimalistic", hidden=4, views=2, input_size=(64, 96))


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(1)
    torch.set_num_threads(1)
    path = tmp_path_factory.mktemp("bench") / "tiny.safetensors"
    save_checkpoint(path, build_student(TINY), TINY, name="tiny")
    return path


@pytest.fixture(scope="session")
def artifact(checkpoint: Path) -> Path:
    """A folder with an exported model, its contract and its report."""
    folder = checkpoint.parent / "tiny"
    export(checkpoint, folder, options=Options(verification_images=4, timing=False))
    return folder


class FakeSystem:
    """A root with the kernel's files that a test writes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: str, text: str) -> None:
        """Write a file under the root."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text + "\n")


@pytest.fixture
def system(tmp_path: Path) -> FakeSystem:
    """A laptop: two CPUs, caches, a governor, RAPL, throttle counters."""
    fake = FakeSystem(tmp_path / "root")
    fake.put(
        "proc/cpuinfo",
        "processor\t: 0\nmodel name\t: Fast CPU 9000\nflags\t\t: fpu avx2 avx512f avx512_vnni hypervisor",
    )
    fake.put("proc/meminfo", "MemTotal:        2000 kB\nMemFree:         1000 kB")
    fake.put("proc/stat", "cpu  100 20 30 1000 10 5 5 40 0 0\ncpu0 1 2\nintr 5 1 2\nprocs_running 3")
    fake.put("proc/loadavg", "1.50 0.70 0.20 2/345 6789")
    fake.put("proc/self/status", "Name:\tpython\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB")
    fake.put(
        "proc/self/smaps_rollup",
        "00-ff ---p 0 00:00 0  [rollup]\nPrivate_Clean:  100 kB\nPrivate_Dirty:  28 kB",
    )
    fake.put("etc/os-release", 'NAME="X"\nPRETTY_NAME="Some Linux 12"')
    for cpu in (0, 1):
        folder = f"sys/devices/system/cpu/cpu{cpu}"
        fake.put(f"{folder}/cpufreq/scaling_governor", "powersave")
        fake.put(f"{folder}/cpufreq/cpuinfo_max_freq", str(3_000_000 + cpu))
        fake.put(f"{folder}/thermal_throttle/core_throttle_count", str(cpu + 1))
    for index, (level, kind, size) in enumerate(
        [(1, "Data", "48K"), (1, "Instruction", "32K"), (2, "Unified", "1024K"), (3, "Unified", "32M")]
    ):
        folder = f"sys/devices/system/cpu/cpu0/cache/index{index}"
        for name, value in (("level", str(level)), ("type", kind), ("size", size)):
            fake.put(f"{folder}/{name}", value)
    for zone, name in (("intel-rapl:0", "package-0"), ("intel-rapl:0:0", "core"), ("intel-rapl:1", "psys")):
        fake.put(f"sys/class/powercap/{zone}/name", name)
        fake.put(f"sys/class/powercap/{zone}/energy_uj", "900")
        fake.put(f"sys/class/powercap/{zone}/max_energy_range_uj", "999")
    fake.put("sys/class/thermal/thermal_zone0/temp", "45500")
    fake.put("sys/fs/cgroup/cpu.stat", "usage_usec 5\nnr_throttled 7")
    return fake
