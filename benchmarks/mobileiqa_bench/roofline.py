"""How close every layer comes to what this machine can do (Williams, Waterman, Patterson 2009)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from . import processes
from .layers import Node
from .peaks import best
from .schema import Layer, Peaks

RUNS = 15
COARSE, SMALL = 0.1, 0.005
"""Fractions of the time: parts above the first are split, parts below the second are summed up."""

_Parts = dict[str, list[Layer]]


class PeakMeter:
    """Measures the machine's peaks once a round, in processes of their own, and keeps the best of each."""

    def __init__(self, threads: Sequence[int]) -> None:
        self._runs: dict[int, list[Peaks]] = {count: [] for count in threads}

    def measure(self) -> None:
        """Measures once for each number of threads. Raises BenchmarkError."""
        for count, runs in self._runs.items():
            runs.append(
                msgspec.convert(processes.ask("mobileiqa_bench.peaks", str(count), threads=count), Peaks)
            )

    def peaks(self) -> list[Peaks]:
        """Returns the best of all rounds, for each number of threads."""
        return [best(runs) for runs in self._runs.values() if runs]


def measure_layers(path: Path, peaks: Peaks) -> list[Layer]:
    """Returns time, cost and floor of every node of an ONNX artifact. Raises BenchmarkError."""
    arguments = (str(path), str(peaks.threads), str(RUNS))
    answer = processes.ask("mobileiqa_bench.layers", *arguments, threads=peaks.threads)
    return [_layer(Node(**values), peaks) for values in answer["nodes"]]


def floor(node: Node, peaks: Peaks) -> float:
    """Returns the least seconds: of arithmetic at its peak or memory at its bandwidth, whichever is longer.

    The bandwidth is that of the smallest measured working set that holds the node's tensors, so that tensors
    that fit in a cache are not compared with slow memory.
    """
    int8 = node.arithmetic == "int8"
    arithmetic = node.macs / (peaks.int8_macs_per_second if int8 else peaks.fp32_macs_per_second)
    sizes = peaks.bandwidth
    fitting = [entry for entry in sizes if entry.working_set_bytes >= node.bytes] or sizes[-1:]
    return max(arithmetic, node.bytes / fitting[0].bytes_per_second)


def _layer(node: Node, peaks: Peaks) -> Layer:
    least = floor(node, peaks)
    return Layer(
        name=node.name,
        module=node.module,
        op=node.op,
        arithmetic=node.arithmetic,
        seconds=node.seconds,
        macs=node.macs,
        bytes=node.bytes,
        floor=least,
        # The time of a node that takes less than the clock's microsecond is not known.
        efficiency=least / node.seconds if node.seconds else 1.0,
    )


@dataclass(frozen=True)
class Group:
    """Layers of one part of the network, summed up: seconds, floor in seconds, MACs."""

    name: str
    seconds: float
    floor: float
    macs: int


def groups(layers: Sequence[Layer], most: int) -> list[Group]:
    """Returns at most `most` parts of the network, in execution order; see `COARSE` and `SMALL`."""
    whole = sum(layer.seconds for layer in layers)
    parts = _split("", layers)
    while finer := _finer(parts, most - 1, whole):
        parts = finer
    large = [_group(name, inside) for name, inside in parts.items() if _seconds(inside) >= SMALL * whole]
    small = [inside for inside in parts.values() if _seconds(inside) < SMALL * whole]
    if small:
        large.append(_group(f"({len(small)} small parts)", [layer for inside in small for layer in inside]))
    return large


def _finer(parts: _Parts, most: int, whole: float) -> _Parts | None:
    """Returns the parts with the slowest one that can be split replaced by its own parts; None if none is
    left to split.
    """
    for name in sorted(parts, key=lambda name: -_seconds(parts[name])):
        if _seconds(parts[name]) < COARSE * whole:
            return None
        inside = _split(name, parts[name])
        if list(inside) == [name]:
            continue
        finer: _Parts = {}
        for other, layers in parts.items():
            if other == name:
                finer.update(inside)
            else:
                finer[other] = layers
        if sum(_seconds(layers) >= SMALL * whole for layers in finer.values()) <= most:
            return finer
    return None


def _split(name: str, layers: Sequence[Layer]) -> _Parts:
    """Splits a part by the next word of the modules' dotted names.

    A part that is a single module is split once more, by operator type, as ``module/Operator``.
    """
    if "/" in name:
        return {name: list(layers)}
    depth = name.count(".") + 2 if name else 1
    is_leaf = all(layer.module == name for layer in layers) and len({layer.op for layer in layers}) > 1
    parts: _Parts = {}
    for layer in layers:
        key = f"{name}/{layer.op}" if is_leaf else ".".join(layer.module.split(".")[:depth])
        parts.setdefault(key, []).append(layer)
    return parts


def _seconds(layers: Sequence[Layer]) -> float:
    return sum(layer.seconds for layer in layers)


def _group(name: str, layers: Sequence[Layer]) -> Group:
    floor, macs = sum(layer.floor for layer in layers), sum(layer.macs for layer in layers)
    return Group(name, _seconds(layers), floor, macs)
