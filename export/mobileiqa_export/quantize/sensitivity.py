"""Measures which layers a precision hurts: noise at the layer, damage at the answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mobileiqa_bench.fidelity.drift import Drift, measure_drift
from mobileiqa_sdk.progress import SILENT, Progress

from ..precisions import Scheme
from ..reference import numbers_in
from .fakequant import Call, Layer, find_ranges, quantized, visiting

SPARED = {
    "int8-weights": "as in int8-weights",
    "fp16-weights": "with their weights alone in fp16",
    "float": "in float",
}
"""What a spared layer has instead of the artifact's precision, and its wording in reports."""


@dataclass(frozen=True)
class LayerDamage:
    """What quantizing one layer alone does.

    Attributes:
        layer: dotted name of its weight.
        modules: what to name in ``Job.keep_float`` to keep it float.
        weights: number of elements of its weight.
        sqnr_db: signal to quantization noise of its output, decibels, over all calibration pictures
            that were used; infinite where nothing changed.
        max_difference, mean_difference, srcc: of the score against the float network's, or of the fault or
            other answer that moves further on average; None where not measured.
        spared_as: what the artifact has instead of its precision there, ``int8-weights`` or ``float``;
            empty where it has that.
    """

    layer: str
    modules: tuple[str, ...]
    weights: int
    sqnr_db: float
    max_difference: float | None = None
    mean_difference: float | None = None
    srcc: float | None = None
    spared_as: str = ""


class Sensitivity:
    """A network under a scheme, on a few calibration pictures, uint8 RGB [H, W, 3] each."""

    def __init__(self, network: nn.Module, scheme: Scheme, pictures: Sequence[NDArray[np.uint8]]) -> None:
        self._network, self._scheme = network, scheme
        self._batches = [torch.from_numpy(picture)[None] for picture in pictures]
        self._layers = find_ranges(network, self._batches)

    def noise(self) -> list[LayerDamage]:
        """Returns the SQNR of every layer, noisiest first, each with the inputs of the float network; takes
        one pass.
        """
        signal = dict.fromkeys(self._layers, 0.0)
        error = dict.fromkeys(self._layers, 0.0)
        names = {id(layer): name for name, layer in self._layers.items()}

        def visit(call: Call) -> Tensor:
            clean = call.compute(call.weight, call.input)
            name = names[id(call.layer)]
            signal[name] += float(clean.square().sum(dtype=torch.float64))
            error[name] += float((clean - quantized(call, self._scheme)).square().sum(dtype=torch.float64))
            return clean

        self._answers(visit)
        rows = [
            LayerDamage(
                layer.name, tuple(sorted(layer.modules)), layer.weights, decibels(signal[name], error[name])
            )
            for name, layer in self._layers.items()
        ]
        return sorted(rows, key=lambda row: row.sqnr_db)

    def ends(self, first: float, last: float) -> frozenset[str]:
        """Returns the modules of the ``first`` and ``last`` fraction of layers, in execution order; counts
        are rounded up.
        """
        layers = [layer for layer in self._layers.values() if layer.modules]
        begin, end = math.ceil(first * len(layers)), math.floor((1 - last) * len(layers))
        chosen = layers[:begin] + layers[max(begin, end) :]
        return frozenset(module for layer in chosen for module in layer.modules)

    def scores(self, quantize: Callable[[Layer], bool] = lambda _: True) -> list[float]:
        """Returns the final scores with the chosen layers quantized together."""
        return [answers[0] for answers in self._quantized_answers(quantize)]

    def _quantized_answers(self, quantize: Callable[[Layer], bool]) -> list[tuple[float, ...]]:
        def visit(call: Call) -> Tensor:
            if quantize(call.layer):
                return quantized(call, self._scheme)
            return call.compute(call.weight, call.input)

        return self._answers(visit)

    def damage(self, rows: Sequence[LayerDamage], progress: Progress = SILENT) -> list[LayerDamage]:
        """Returns the rows with the damage to the answers when that layer alone is quantized, most damaging
        first.
        """
        clean = self._quantized_answers(lambda _: False)

        def answers_with(row: LayerDamage) -> list[tuple[float, ...]]:
            return self._quantized_answers(lambda layer: layer.name == row.layer)

        return measure_damage(rows, clean, answers_with, progress)

    def _answers(self, visit: Callable[[Call], Tensor]) -> list[tuple[float, ...]]:
        with visiting(self._network, visit, dict(self._layers)):
            return [numbers_in(self._network(batch)) for batch in self._batches]


def measure_damage(
    rows: Sequence[LayerDamage],
    clean: Sequence[tuple[float, ...]],
    answers: Callable[[LayerDamage], Sequence[tuple[float, ...]]],
    progress: Progress,
) -> list[LayerDamage]:
    """Returns the rows with the damage done, most damaging first; one without answers is the worst.

    Args:
        rows: the layers to measure.
        clean: what the float network answers for each picture, as `numbers_in` returns it.
        answers: returns the same with one layer changed.
        progress: receives a step for each layer.
    """
    measured = []
    for number, row in enumerate(rows, start=1):
        progress.step(f"sensitivity of layer {number}/{len(rows)}: {row.layer}")
        damage = _worst_drift(clean, answers(row))
        measured.append(
            replace(
                row,
                max_difference=damage.max_difference,
                mean_difference=damage.mean_difference,
                srcc=damage.srcc,
            )
        )
    return sorted(measured, key=_mean_difference, reverse=True)


def _worst_drift(clean: Sequence[tuple[float, ...]], changed: Sequence[tuple[float, ...]]) -> Drift:
    """Returns the drift of the answer that drifts furthest on average, without figures if one is missing."""
    before, after = zip(*clean, strict=True), zip(*changed, strict=True)
    drifts = [measure_drift(*columns) for columns in zip(before, after, strict=True)]
    worst = max(drifts, key=_mean_difference)
    if any(drift.unanswered for drift in drifts):
        return replace(worst, max_difference=None, mean_difference=None, srcc=None)
    return worst


def _mean_difference(measured: LayerDamage | Drift) -> float:
    return math.inf if measured.mean_difference is None else measured.mean_difference


def decibels(signal: float, error: float) -> float:
    """Returns a ratio of powers in decibels; minus infinity where the error is infinite or not a number."""
    if not math.isfinite(error):
        return -math.inf
    if error == 0:
        return math.inf
    return 10 * math.log10(signal / error) if signal else -math.inf


def mark_spared(
    rows: Iterable[LayerDamage],
    weight_only: frozenset[str],
    keep_float: frozenset[str],
    weights: str = "int8-weights",
) -> list[LayerDamage]:
    """Returns the rows with the spared layers marked; the names are those of a ``Job``."""

    def spared_as(row: LayerDamage) -> str:
        if row.modules and keep_float.issuperset(row.modules):
            return "float"
        return weights if row.modules and weight_only.issuperset(row.modules) else ""

    return [replace(row, spared_as=spared_as(row)) for row in rows]
