"""The search for an artifact that passes: write, verify, and fall back to a milder recipe until one does."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .candidate import Candidate, CandidateFactory
from .formats import FORMATS
from .quantize.sensitivity import LayerDamage
from .recipes import Context, Recipe, stages_of


@dataclass(frozen=True)
class Attempt:
    """One recipe that was tried, and what came of it.

    Attributes:
        label: the recipe in words.
        srcc: with the reference; None if undefined.
        mean_difference, max_difference: of the scores; None if no image was answered.
        clear_flips: share of the pairs further apart than 0.02 that change their order.
    """

    label: str
    srcc: float | None
    mean_difference: float | None
    max_difference: float | None
    clear_flips: float


@dataclass(frozen=True)
class SearchResult:
    """The result of a search.

    Attributes:
        best: the first candidate that reached the ranking bar; otherwise the best one, which may have failed.
        layers: the table of layers, the most damaging first, those that were spared marked; empty for
            a floating-point precision whose plain artifact was not improved on.
        attempts: everything that was tried, in order.
    """

    best: Candidate
    layers: Sequence[LayerDamage]
    attempts: Sequence[Attempt]


def search(factory: CandidateFactory, ranking_bar: float, passed: Sequence[Recipe]) -> SearchResult:
    """Tries the plain artifact, then the recipes of each stage, until one reaches the ranking bar.

    Args:
        factory: writes and verifies the candidates of one cell; of their folders only the best one's is left.
        ranking_bar: SRCC with the reference to reach.
        passed: recipes that other formats' artifacts of this precision passed with.

    Raises:
        ConversionFailed, InternalError: see :meth:`mobileiqa_export.candidate.CandidateFactory.make`.
    """
    best = factory.make("plain", Recipe())
    attempts = [_attempt("plain", best)]
    file_format, precision = FORMATS[factory.cell.file_format], factory.cell.precision
    if not precision.is_integer and best.reaches(ranking_bar):
        return SearchResult(best, (), attempts)
    context = Context(
        precision,
        factory.measurements,
        file_format.smallest(precision),
        file_format.computes_in_half(precision),
        passed,
    )
    for stage in stages_of(precision):
        if best.reaches(ranking_bar):
            break
        for recipe in stage(context):
            if context.spares_all(recipe):
                continue
            label = context.label(recipe)
            _announce(factory, best, ranking_bar, f"attempt {len(attempts) + 1}, {label}")
            recipe = replace(recipe, equalised=recipe.equalised or best.recipe.equalised)
            spared = context.spared(recipe)
            candidate = factory.make(f"attempt-{len(attempts)}", recipe, spared=spared)
            attempts.append(_attempt(label, candidate))
            best = _better(best, candidate)
            if best.reaches(ranking_bar):
                break
    layers = context.marked(best.recipe) if len(attempts) > 1 or precision.is_integer else ()
    return SearchResult(best, layers, attempts)


def _better(best: Candidate, candidate: Candidate) -> Candidate:
    """Returns the one with the higher merit and removes the other's files: there may be two dozen."""
    worse, better = sorted((candidate, best), key=lambda each: each.merit)
    shutil.rmtree(worse.folder, ignore_errors=True)
    return better


def _attempt(label: str, candidate: Candidate) -> Attempt:
    drift = candidate.verdict.drift
    return Attempt(label, drift.srcc, drift.mean_difference, drift.max_difference, drift.flips_clear.share)


def _announce(factory: CandidateFactory, best: Candidate, ranking_bar: float, attempt: str) -> None:
    below_bar = f"its SRCC is below the ranking bar of {ranking_bar}"
    shortfall = best.failures[0] if best.failures else below_bar
    factory.progress.step(f"{factory.cell}: {shortfall}; {attempt}")
