"""Environment, counters, memory and energy, read from a made-up machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mobileiqa_bench import counters, energy, environment, memory
from mobileiqa_bench.counters import Counters, Load

from .conftest import FakeSystem


def test_the_environment_of_a_made_up_laptop(system: FakeSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    actual = environment.read_environment(system.root)
    assert actual["cpu"] == "Fast CPU 9000"
    assert actual["instructions"] == ["avx2", "avx512f", "avx512_vnni"]
    assert actual["hypervisor"] is True
    assert actual["caches"] == {"L1": 48 << 10, "L2": 1 << 20, "L3": 32 << 20}
    assert actual["governor"] == "powersave"
    assert actual["max_mhz"] == 3000.001
    assert actual["temperature_c"] == 45.5
    assert actual["loadavg"] == [1.5, 0.7, 0.2]
    assert actual["memory_bytes"] == 2_048_000
    assert actual["system"] == "Some Linux 12"
    assert actual["variables"]["OMP_NUM_THREADS"] == "3"
    assert actual["packages"]["numpy"] == np.__version__
    json.dumps(actual, allow_nan=False)


def test_a_machine_that_says_nothing(tmp_path: Path) -> None:
    actual = environment.read_environment(tmp_path)
    quiet = ("hypervisor", "governor", "max_mhz", "temperature_c", "loadavg", "memory_bytes", "system")
    assert {key: actual[key] for key in quiet} == dict.fromkeys(quiet)
    assert actual["cpu"]
    assert actual["caches"] == {}
    json.dumps(actual)


def test_the_most_common_governor_comes_first(system: FakeSystem) -> None:
    system.put("sys/devices/system/cpu/cpu2/cpufreq/scaling_governor", "performance")
    assert environment.governor(system.root) == "powersave, performance"


def test_a_board_is_told_by_its_model(tmp_path: Path) -> None:
    fake = FakeSystem(tmp_path)
    fake.put("proc/device-tree/model", "Raspberry Pi 5\0")
    assert environment.cpu_name(tmp_path) == "Raspberry Pi 5"


def test_counters_of_a_made_up_laptop(system: FakeSystem) -> None:
    actual = counters.read(system.root)
    second = os.sysconf("SC_CLK_TCK")
    assert actual.busy == 160 / second  # user, nice, system, interrupts: not idle, waiting or stolen
    assert actual.stolen == 40 / second
    assert actual.total == 1210 / second
    assert actual.running == 3
    assert actual.throttled == 3  # of two CPUs
    assert actual.capped == 7


def test_counters_of_a_machine_that_says_nothing(tmp_path: Path) -> None:
    assert counters.read(tmp_path)._replace(ours=0.0) == (None, None, None, 0.0, None, None, None)


def test_load_is_what_others_did() -> None:
    before = Counters(busy=100, stolen=1, total=1000, ours=20, running=3, throttled=5, capped=0)
    after = Counters(busy=110, stolen=3, total=1020, ours=24, running=9, throttled=6, capped=2)
    load = Load()
    load.add(before, after)
    assert (load.total, load.stolen, load.others) == (20, 2, 6)
    assert load.waiting == (2,)
    assert (load.throttled, load.capped) == (1, 2)
    load.add(before, after)
    assert (load.total, load.others, load.waiting) == (40, 12, (2, 2))


def test_what_is_not_told_counts_for_nothing() -> None:
    silent = Counters(busy=None, stolen=None, total=None, ours=3, running=None, throttled=None, capped=None)
    load = Load()
    load.add(silent, silent)
    assert load == Load()


def test_the_work_of_a_child_is_ours() -> None:
    before = counters.read()
    subprocess.run([sys.executable, "-c", "for _ in range(3_000_000): pass"], check=True)
    assert counters.read().ours > before.ours


def test_memory_of_a_made_up_process(system: FakeSystem) -> None:
    assert memory.peak_rss(system.root) == 2048 * 1024
    assert memory.rss(system.root) == 1024 * 1024
    assert memory.private(system.root) == 128 * 1024


def test_memory_of_this_process() -> None:
    before = memory.peak_rss()
    block = np.ones(40_000_000, np.uint8)
    actual = (memory.peak_rss(), memory.rss(), memory.private())
    assert before is not None
    assert all(value is not None and value > block.nbytes for value in actual)
    assert actual[0] >= before
    assert actual[0] >= actual[1]  # type: ignore[operator]


@pytest.mark.parametrize("place", ["peak_rss", "rss", "private"])
def test_memory_without_proc_is_asked_elsewhere_or_unknown(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    monkeypatch.setattr(sys, "platform", "win32")
    assert getattr(memory, place)(tmp_path) is None


def test_a_mac_tells_the_peak_by_getrusage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("resource")
    monkeypatch.setattr(sys, "platform", "darwin")
    actual = memory.peak_rss(tmp_path)
    assert actual is not None
    assert actual > 0


def test_energy_is_that_of_the_packages(system: FakeSystem) -> None:
    before = energy.read(system.root)
    assert before is not None
    assert before.counters == {"intel-rapl:0": 900}
    system.put("sys/class/powercap/intel-rapl:0/energy_uj", "100")  # it started again from 0 at 1000
    assert energy.joules(before, energy.read(system.root)) == pytest.approx(200e-6)


def test_energy_that_cannot_be_read_is_unknown(system: FakeSystem, tmp_path: Path) -> None:
    before = energy.read(system.root)
    assert energy.read(tmp_path / "none") is None
    (system.root / "sys/class/powercap/intel-rapl:0/energy_uj").write_text("secret")
    assert energy.read(system.root) is None
    assert energy.joules(before, None) is None
