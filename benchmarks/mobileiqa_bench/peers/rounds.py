"""Measures peers in fresh processes, each once a round, in turn."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import time
from typing import Any

from mobileiqa_sdk._text import one_line

from ..errors import BenchmarkError
from . import peer_child

TIMEOUT = 1800.0
"""Seconds for one process; a peer may take ten for a photo."""
_SIZE = (
    "import pathlib, sysconfig\n"
    "roots = {sysconfig.get_paths()[key] for key in ('purelib', 'platlib')}\n"
    "tools = ('pip', 'setuptools', 'pkg_resources', '_distutils_hack', 'wheel')\n"
    "print(sum(file.stat().st_size for root in roots for file in pathlib.Path(root).rglob('*')\n"
    "    if file.is_file() and '__pycache__' not in file.parts\n"
    "    and not file.relative_to(root).parts[0].startswith(tools)))\n"
)
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Peer:
    """A program that scores photos.

    Attributes:
        name: a key of :data:`mobileiqa_bench.peers.peer_child.PEERS`.
        python: the interpreter of the environment that it is installed in.
        model: what ours score with; other peers do not read it.
    """

    name: str
    python: str
    model: str = "mobileiqa-small"


@dataclass
class Measured:
    """A peer's figures, one for each round.

    Attributes:
        peer: which.
        install_bytes: of the packages in its environment, without pip and compiled files.
        warm: seconds of a warm score, the median over photos and runs.
        cold: seconds from starting Python to the first score.
        peak_bytes: of the process; empty where the system does not say.
        failure: why it could not be measured; empty if it could.
    """

    peer: Peer
    install_bytes: int = 0
    warm: list[float] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)
    peak_bytes: list[int] = field(default_factory=list)
    failure: str = ""


def measure_peers(
    peers: Sequence[Peer], photos: Sequence[str], *, threads: int, rounds: int, runs: int
) -> list[Measured]:
    """Returns the figures of each peer; one that fails is not measured again."""
    rows = [Measured(peer) for peer in peers]
    for _ in range(rounds):
        for row in rows:
            if not row.failure:
                _measure(row, photos, threads, runs)
    return rows


def _measure(row: Measured, photos: Sequence[str], threads: int, runs: int) -> None:
    try:
        row.install_bytes = row.install_bytes or int(_run(row.peer.python, threads, "-c", _SIZE))
        started = time()
        values = ask(row.peer, photos, threads=threads, runs=runs)
    except BenchmarkError as error:
        row.failure = str(error)
        return
    row.cold.append(values["first"] - started)
    row.warm.append(median(values["seconds"]))
    if values["peak_bytes"] is not None:
        row.peak_bytes.append(values["peak_bytes"])


def _run(python: str, threads: int, *arguments: str) -> str:
    """Returns what a process printed. Raises BenchmarkError."""
    environment = {**os.environ, **dict.fromkeys(_THREADS, str(threads))}
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter that the caller names
            [python, "-I", *arguments],  # isolated: without the packages on PYTHONPATH
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchmarkError(f"{python} cannot be run or does not end: {error}") from error
    if done.returncode:
        lines = done.stderr.split("\n")
        reason = next((line for line in reversed(lines) if line.strip()), f"exit status {done.returncode}")
        raise BenchmarkError(one_line(reason))
    return done.stdout


def ask(peer: Peer, photos: Sequence[str], *, threads: int, runs: int) -> dict[str, Any]:
    """Returns what a fresh process of the peer answers: the JSON object that `peer_child` describes.

    Raises:
        BenchmarkError: it fails, or answers nothing.
    """
    arguments = (peer.name, peer.model, str(threads), str(runs), *photos)
    return _answer(_run(peer.python, threads, str(Path(peer_child.__file__)), *arguments))


def _answer(output: str) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(output.splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise BenchmarkError("it printed no result") from error
    return values
