"""The proof on emulated ARM CPUs, as far as it can be tested without an emulator: it must not pass there."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ..sdk import artifacts

FOLDER = Path(__file__).parents[2] / "benchmarks" / "device"
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="qemu-user is for Linux")


@pytest.fixture(scope="module")
def proof() -> ModuleType:
    spec = importlib.util.spec_from_file_location("arm_proof", FOLDER / "arm_proof.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["arm_proof"] = module  # dataclasses look it up
    spec.loader.exec_module(module)
    return module


def test_a_row_passes_only_as_a_whole(proof: ModuleType) -> None:
    good = {"artifact": "a", "cpu": "b", "difference": 1e-7, "tolerance": 1e-5, "verified": True}
    assert proof.Row(**good, device_script="").passed
    assert not proof.Row(**good, device_script="golden image off").passed
    assert not proof.Row(**{**good, "verified": False}, device_script="").passed
    assert not proof.Row(**{**good, "difference": 1e-4}, device_script="").passed
    assert not proof.Row(**{**good, "difference": float("nan")}, device_script="").passed


def test_each_cpu_has_a_root_with_its_own_cpuinfo(proof: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "root" / "usr").mkdir(parents=True)
    for cpu in proof.CPUS.values():
        machine = proof.emulated(cpu, tmp_path / "root", Path("python"), tmp_path, tmp_path / "scratch")
        prefix = tmp_path / "scratch" / cpu.part
        assert machine._command[:5] == ["qemu-aarch64-static", "-cpu", cpu.qemu, "-L", str(prefix)]
        assert (prefix / "usr").resolve() == tmp_path / "root" / "usr"
        lines = (prefix / "proc" / "cpuinfo").read_text()
        assert lines.count("processor\t: ") == os.cpu_count()
        assert f"CPU part\t: {cpu.part}\n" in lines
        assert ("asimddp" in lines) == (cpu.qemu != "cortex-a53")


def test_this_machine_is_no_proof(tmp_path: Path) -> None:
    """With an emulator that emulates nothing all scores agree, and still it must fail."""
    for name in ("root", "site", "bin"):
        (tmp_path / name).mkdir()
    emulator = tmp_path / "bin" / "qemu-aarch64-static"
    emulator.write_text('#!/bin/sh\nshift 4\nexec "$@"\n')
    emulator.chmod(0o755)
    file = artifacts.save(tmp_path / "tiny")
    command = [sys.executable, FOLDER / "arm_proof.py", "--root", tmp_path / "root"]
    command += ["--interpreter", sys.executable, "--site", tmp_path / "site", "--cpu", "Cortex-A53"]
    done = subprocess.run(
        [*map(str, command), "--json", str(tmp_path / "rows.json"), str(file.parent)],
        env={**os.environ, "PATH": f"{emulator.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "1 of 1 failed\n"
    (row,) = json.loads((tmp_path / "rows.json").read_text())
    assert row == {
        "artifact": "tiny",
        "cpu": "Cortex-A53",
        "difference": 0.0,
        "tolerance": 1e-5,
        "verified": True,
        "device_script": "did not run on the emulated CPU",
        "passed": False,
    }
