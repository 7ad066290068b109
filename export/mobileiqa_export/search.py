"""The search for an artifact that passes: write, verify, and fall back to a milder recipe until one does."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mobileiqa_sdk.progress import Progress

from .candidate import Candidate, make_candidate
from .cells import Cell
from .formats import FORMATS
from .prepare import Prepared
from .quantize.sensitivity import LayerDamage
from .recipes import STAGES, Context, Recipe
from .study import Study


@dataclass(frozen=True)
class Attempt:
    """One recipe that was tried, and what came of it.

    Attributes:
        label: the recipe in words.
        srcc: with the reference; None where undefined.
        mean_difference, max_difference: of the scores; None without a single answer.
        clear_flips: share of the pairs further apart than 0.02 that change their order.
    """

    label: str
    srcc: float | None
    mean_difference: float | None
    max_difference: float | None
    clear_flips: float


@dataclass(frozen=True)
class SearchResult:
    """The end of a search.

    Attributes:
        best: the first candidate that reached the ranking bar; otherwise the best one, which may have failed.
        layers: the table of layers, the most damaging first, those that were spared marked; empty for
            floating-point precisions.
        attempts: everything that was tried, in order.
    """

    best: Candidate
    layers: Sequence[LayerDamage]
    attempts: Sequence[Attempt]


def search(
    prepared: Prepared,
    study: Study,
    cell: Cell,
    scratch: Path,
    ranking_bar: float,
    passed: Sequence[Recipe],
    progress: Progress,
) -> SearchResult:
    """Tries the plain artifact, then the recipes of each stage, until one reaches the ranking bar.

    Args:
        prepared: the network and its reference scores.
        study: measurements on the calibration pictures.
        cell: format and precision.
        scratch: an existing folder; each attempt gets one in it, and only the best one's is left.
        ranking_bar: SRCC with the reference to reach.
        passed: recipes that other formats' artifacts of this precision passed with.
        progress: receives each step.

    Raises:
        ConversionFailed, InternalError: see :func:`mobileiqa_export.candidate.make_candidate`.
    """
    best = make_candidate(prepared, study, cell, Recipe(), scratch / "plain", progress)
    if not cell.precision.is_integer:
        return SearchResult(best, (), [_attempt("plain", best)])
    smallest = FORMATS[cell.file_format].smallest(cell.precision)
    context = Context(cell.precision, study, smallest, passed)
    attempts = [_attempt("plain", best)]
    for stage in STAGES:
        if best.reaches(ranking_bar):
            break
        for recipe in stage(context):
            if context.spares_all(recipe):
                continue
            label = recipe.label(context.table())
            progress.step(f"{cell}: {_shortfall(best, ranking_bar)}; attempt {len(attempts) + 1}, {label}")
            recipe = replace(recipe, equalised=recipe.equalised or best.recipe.equalised)
            tried = make_candidate(
                prepared, study, cell, recipe, scratch / f"attempt-{len(attempts)}", progress
            )
            attempts.append(_attempt(label, tried))
            worse, best = sorted((tried, best), key=lambda candidate: candidate.merit)
            shutil.rmtree(worse.folder, ignore_errors=True)  # there may be two dozen
            if best.reaches(ranking_bar):
                break
    return SearchResult(best, best.recipe.mark(context.table()), attempts)


def _attempt(label: str, candidate: Candidate) -> Attempt:
    drift = candidate.verdict.drift
    return Attempt(label, drift.srcc, drift.mean_difference, drift.max_difference, drift.flips_clear.share)


def _shortfall(candidate: Candidate, ranking_bar: float) -> str:
    if candidate.failures:
        return candidate.failures[0]
    return f"its SRCC is below the ranking bar of {ranking_bar}"
