"""Fresh processes that measure: started, timed out, read."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import Any

from .child import Job
from .errors import BenchmarkError

TIMEOUT = 900.0
"""Seconds for one process. Loading, compiling and all runs of the slowest baseline take a fraction of it."""


def measure(job: Job, timeout: float = TIMEOUT) -> dict[str, Any]:
    """Run a job in a process of its own. Raises BenchmarkError with the reason where that fails."""
    return ask("mobileiqa_bench.child", job.to_json(), threads=job.threads, timeout=timeout)


def ask(module: str, *arguments: str, threads: int | None = None, timeout: float = TIMEOUT) -> dict[str, Any]:
    """Run one of our modules that prints a JSON object as its last line. Raises BenchmarkError."""
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            _command(module, *arguments),
            env=_environment(threads),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BenchmarkError(f"not done after {timeout:.0f} s") from error
    return _answer(done.returncode, done.stdout, done.stderr)


def run(*command: str) -> None:
    """Run a program for what it leaves on disk. Raises BenchmarkError with its last line."""
    done = subprocess.run(  # noqa: S603 - one of ours
        command, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        raise BenchmarkError(_reason(done.returncode, done.stderr))


def photos_per_second(job: Job, processes: int, timeout: float = TIMEOUT) -> float:
    """So many processes do a job at once, all loaded before the first one begins. Raises BenchmarkError."""
    with ExitStack() as stack:
        children = [_start(stack, job) for _ in range(processes)]
        for child in children:
            _expect_ready(child, timeout)
        for child in children:
            _tell(child)
        found = [_collect(child, timeout) for child in children]
    return float(sum(values["photos"] / values["seconds"] for values in found))


def _start(stack: ExitStack, job: Job) -> subprocess.Popen[str]:
    child = stack.enter_context(
        subprocess.Popen(  # noqa: S603 - our own module
            _command("mobileiqa_bench.child", job.to_json()),
            env=_environment(job.threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    )
    stack.callback(_end, child)
    return child


def _end(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        child.kill()


def _expect_ready(child: subprocess.Popen[str], timeout: float) -> None:
    assert child.stdout is not None  # noqa: S101 - for the type checker
    for line in child.stdout:
        if line.strip() == "ready":
            return
    _collect(child, timeout)
    raise BenchmarkError("ended before it was asked to score")


def _tell(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None  # noqa: S101 - for the type checker
    with suppress(BrokenPipeError):  # what has ended says why on stderr
        child.stdin.write("go\n")
        child.stdin.flush()


def _collect(child: subprocess.Popen[str], timeout: float) -> dict[str, Any]:
    try:
        out, err = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise BenchmarkError(f"not done after {timeout:.0f} s") from error
    return _answer(child.returncode, out, err)


def _command(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _environment(threads: int | None) -> dict[str, str]:
    # Not every library takes a thread count by its interface: OpenMP's read it here.
    return dict(os.environ) if threads is None else {**os.environ, "OMP_NUM_THREADS": str(threads)}


def _answer(status: int, out: str, err: str) -> dict[str, Any]:
    if status:
        raise BenchmarkError(_reason(status, err))
    try:
        values = json.loads((out.splitlines() or [""])[-1])
    except ValueError as error:
        raise BenchmarkError("it printed no result") from error
    if not isinstance(values, dict):
        raise BenchmarkError("it printed no result")
    return values


def _reason(status: int, err: str) -> str:
    lines: Sequence[str] = err.strip().splitlines()
    if status < 0:
        name = signal.Signals(-status).name if -status in set(signal.Signals) else str(-status)
        return f"ended by {name}" + (": most likely out of memory" if name == "SIGKILL" else "")
    return lines[-1].strip() if lines else f"exit status {status}"
