"""The CPU quota of containers, in trees of files like those that the kernel shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mobileiqa_sdk import parallel
from mobileiqa_sdk._cgroup import cpu_quota

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="control groups are Linux's")


def tree(folder: Path, files: dict[str, str], own: str) -> int | None:
    for name, text in files.items():
        (folder / "fs" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "fs" / name).write_text(text)
    (folder / "own").write_text(own)
    return cpu_quota(folder / "fs", folder / "own")


@pytest.mark.parametrize(
    ("files", "own", "quota"),
    [
        ({}, "", None),
        ({"cpu.max": "200000 100000\n"}, "0::/\n", 2),
        ({"cpu.max": "150000 100000\n"}, "0::/\n", 2),
        ({"cpu.max": "50000 100000\n"}, "0::/\n", 1),
        ({"cpu.max": "max 100000\n"}, "0::/\n", None),
        ({"a/b/cpu.max": "300000 100000"}, "0::/a/b\n", 3),
        ({"a/b/cpu.max": "max 100000", "a/cpu.max": "400000 100000"}, "0::/a/b\n", 4),
        ({"a/b/cpu.max": "500000 100000", "a/cpu.max": "400000 100000"}, "0::/a/b\n", 4),
        ({"a/c/cpu.max": "100000 100000"}, "0::/a/b\n", None),
        ({"cpu.max": "200000 100000"}, "0::/docker/0123\n", 2),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, "4:cpu,cpuacct:/\n", None),
        ({"cpu/cpu.cfs_quota_us": "250000\n", "cpu/cpu.cfs_period_us": "100000\n"}, "", 3),
        (
            {"cpu/a/cpu.cfs_quota_us": "200000", "cpu/a/cpu.cfs_period_us": "100000"},
            "5:memory:/z\n4:cpu,cpuacct:/a\n",
            2,
        ),
        ({"cpu.max": "nonsense"}, "0::/\n", None),
        ({"cpu.max": "200000 0"}, "0::/\n", None),
        ({"cpu.max": "0 100000"}, "0::/\n", None),
        ({"cpu.max": ""}, "nonsense\n::\n", None),
    ],
)
def test_a_quota(tmp_path: Path, files: dict[str, str], own: str, quota: int | None) -> None:
    assert tree(tmp_path, files, own) == quota


def test_a_group_outside_of_the_tree_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("100000 100000")
    assert tree(tmp_path, {"x/cpu.max": "max"}, "0::/../x\n") is None


@pytest.mark.parametrize(("quota", "expected"), [(None, 6), (2, 2), (64, 6)])
def test_a_quota_limits_the_threads(
    monkeypatch: pytest.MonkeyPatch, quota: int | None, expected: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(6)))
    monkeypatch.setattr(parallel, "cpu_quota", lambda: quota)
    assert parallel.cpus() == parallel.default_threads() == expected
    assert parallel.default_workers(2) == expected // 2


@pytest.mark.parametrize("text", ["abc", "0", "-2", "99999"])
def test_a_senseless_number_of_threads_is_said(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    with pytest.warns(UserWarning, match=f"OMP_NUM_THREADS is ignored: '{text}'"):
        assert parallel.default_threads() == parallel.cpus()


def test_it_is_said_once() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mobileiqa_sdk", "score", "missing.jpg"],
        env={**os.environ, "OMP_NUM_THREADS": "abc"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize("count", ["4", 2.0, None])
def test_threads_that_are_no_number(count: object) -> None:
    with pytest.raises(TypeError, match=r"threads .*int"):
        parallel.check_count("threads", count)  # type: ignore[arg-type]  # the mistake that is tested
