"""Chooses the coarsest level of an approximation that scores and ranks like the network as trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import torch
from torch import nn

from mobileiqa_bench.fidelity.drift import Drift, measure_drift
from mobileiqa_bench.fidelity.gate import Limits, failures
from mobileiqa_bench.photographs import Pixels
from mobileiqa_sdk.progress import Progress

from ..errors import ApproximationFailed
from ..options import Approximate
from ..reference import on_pixels
from ..rewrite import Cost, cost_of
from ..rewrite.modules import sharing_weights
from .registry import Approximation

MIN_SRCC = 0.995
"""With the network as trained, over the verification images."""
MAX_DIFFERENCE = 5e-3
"""Of the score of any image; what fp16 is allowed."""


@dataclass(frozen=True)
class Level:
    """What one level costs and saves.

    Attributes:
        level: as the approximation numbers it.
        cost: of a forward pass.
        time: of PyTorch, as a ratio to the exact network on the same image, the median over the images.
        srcc: with the network as trained; None if undefined.
        mean_difference, max_difference: of the scores.
        failures: why it cannot be chosen, a sentence each; empty if it can.
    """

    level: int
    cost: Cost
    time: float
    srcc: float | None
    mean_difference: float | None
    max_difference: float | None
    failures: Sequence[str]


@dataclass(frozen=True)
class Approximated:
    """An approximated network.

    Attributes:
        name: of the approximation.
        chosen: the level of the network.
        levels: all that were measured, the coarsest first.
        note: in words, for the contract.
        network: uint8 RGB pixels [1, H, W, 3] -> opinions in 0..1.
    """

    name: Approximate
    chosen: Level
    levels: Sequence[Level]
    note: str
    network: nn.Module


def approximate(
    approximation: Approximation,
    network: nn.Module,
    images: Sequence[Pixels],
    reference: Sequence[float],
    progress: Progress,
) -> Approximated:
    """Measures every level on the verification images and returns the coarsest that passes.

    Args:
        approximation: one of :data:`mobileiqa_export.approximations.APPROXIMATIONS`.
        network: rewritten, exact; it stays as it is, and the result shares its weights.
        images: the verification images.
        reference: their scores by the network as trained.
        progress: receives each step.

    Raises:
        ApproximationFailed: the network has nothing to approximate, or no level passes.
    """
    networks = _networks(approximation, network)
    progress.step(
        f"measuring {len(networks)} levels of {approximation.name} and the exact network, image by image"
    )
    exact, *runs = _scored([network, *networks.values()], images)
    levels = [
        _level(level, each, run, exact, images[0], reference)
        for (level, each), run in zip(networks.items(), runs, strict=True)
    ]
    chosen = next((level for level in levels if not level.failures), None)
    if chosen is None:
        raise ApproximationFailed(
            f"no level of {approximation.name} is close enough; at the finest, "
            f"{'; '.join(levels[-1].failures)}. Export without --approximate"
        )
    note = approximation.note.format(level=chosen.level)
    return Approximated(approximation.name, chosen, levels, note, networks[chosen.level])


def _networks(approximation: Approximation, network: nn.Module) -> dict[int, nn.Module]:
    """Returns the network at each level that changes it. Raises ApproximationFailed if none does."""
    networks, reason = {}, ""
    for level in approximation.levels:
        result = approximation.run(sharing_weights(network), level)
        if result.changed:
            networks[level] = result.network
        else:
            reason = result.reason
    if not networks:
        raise ApproximationFailed(
            f"{approximation.name} cannot be used: {reason}. Export without --approximate"
        )
    return networks


@dataclass(frozen=True)
class _Run:
    scores: list[float]
    seconds: list[float]


def _scored(networks: Sequence[nn.Module], images: Sequence[Pixels]) -> list[_Run]:
    """Scores each image by each network in turn, so that a busy machine slows them alike."""
    runs = [(on_pixels(network), _Run([], [])) for network in networks]
    for pixels in images:
        for score, run in runs:
            started = perf_counter()
            run.scores.append(score(pixels))
            run.seconds.append(perf_counter() - started)
    return [run for _, run in runs]


def _level(
    level: int, network: nn.Module, run: _Run, exact: _Run, image: Pixels, reference: Sequence[float]
) -> Level:
    drift = measure_drift(reference, run.scores)
    example = torch.empty(1, *image.shape, dtype=torch.uint8, device="meta")
    ratios = [after / before for after, before in zip(run.seconds, exact.seconds, strict=True)]
    return Level(
        level,
        cost_of(network, example),
        median(ratios),
        drift.srcc,
        drift.mean_difference,
        drift.max_difference,
        _failures(drift),
    )


def _failures(drift: Drift) -> list[str]:
    reasons = failures(drift, Limits(MAX_DIFFERENCE, MAX_DIFFERENCE))
    if not reasons and drift.has_ranking and (drift.srcc or 0.0) < MIN_SRCC:
        reasons.append(f"SRCC with the network as trained is {drift.srcc:.4f}, less than {MIN_SRCC}")
    return reasons
