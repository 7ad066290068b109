"""The gate: how closely scores must match the reference for an artifact to be accepted."""

from __future__ import annotations

from dataclasses import dataclass

from mobileiqa_sdk._numbers import exceeds

from .drift import CLEAR, MIN_INFORMATIVE, Drift

MIN_SRCC = 0.99
MAX_FLIPS = 0.01


@dataclass(frozen=True)
class Limits:
    """How far scores may be from the reference's.

    Attributes:
        max_difference: of any image.
        mean_difference: over all images.
    """

    max_difference: float
    mean_difference: float

    @property
    def needs_ranking(self) -> bool:
        """Whether scores within these limits could still rank differently, so that the ranking counts too."""
        return self.max_difference > CLEAR


ANY_PRECISION = Limits(max_difference=0.15, mean_difference=0.03)
"""The widest limits of any precision: for comparing two artifacts of unknown origin."""


def failures(drift: Drift, limits: Limits, unanswered: str = "") -> list[str]:
    """Returns what keeps the scores from being accepted, a sentence each; empty if they pass.

    Args:
        drift: the figures.
        limits: those of the artifact's precision.
        unanswered: the first image without an answer, for the message.
    """
    reasons = []
    if drift.unanswered:
        reasons.append(
            f"answers NaN, infinity or a value out of range to {drift.unanswered} of {drift.images} images, "
            f"the first is {unanswered or 'unnamed'}"
        )
    if drift.max_difference is None or drift.mean_difference is None:
        return reasons
    return reasons + _distance_failures("score", drift, limits) + _ranking_failures(drift, limits)


def failures_of(name: str, drift: Drift, limits: Limits) -> list[str]:
    """Returns what keeps an answer beside the score from being accepted, a sentence each.

    Most images have next to nothing of most faults, and no order among severities near 0 matters, so the
    ranking is judged on pairs that the reference tells clearly apart, not by SRCC.

    Args:
        name: of the answer, such as ``faults.noise``.
        drift: its figures. Images without an answer are the score's failure.
        limits: those of the artifact's precision.
    """
    if drift.max_difference is None:
        return []
    return _distance_failures(name, drift, limits) + _flip_failures(drift, f"{name}: ")


def _distance_failures(name: str, drift: Drift, limits: Limits) -> list[str]:
    reasons = []
    if exceeds(drift.max_difference or 0.0, limits.max_difference):
        reasons.append(
            f"a {name} is {drift.max_difference:.1e} away from the reference, more than "
            f"{limits.max_difference:g}"
        )
    if exceeds(drift.mean_difference or 0.0, limits.mean_difference):
        reasons.append(
            f"{name}: {drift.mean_difference:.1e} away from the reference on average, more than "
            f"{limits.mean_difference:g}"
        )
    return reasons


def _ranking_failures(drift: Drift, limits: Limits) -> list[str]:
    reasons = []
    if limits.needs_ranking and drift.informative < MIN_INFORMATIVE:
        reasons.append(f"the ranking is not judged: {drift.not_judged}")
    if not drift.has_ranking:
        if drift.max_difference is not None and exceeds(drift.max_difference, CLEAR):
            reasons.append(
                f"a score is {drift.max_difference:.3f} away from a reference whose scores hardly differ"
            )
        return reasons
    if drift.srcc is None or drift.srcc < MIN_SRCC:
        shown = "undefined" if drift.srcc is None else f"{drift.srcc:.4f}"
        reasons.append(f"SRCC with the reference is {shown}, less than {MIN_SRCC}")
    return reasons + _flip_failures(drift)


def _flip_failures(drift: Drift, subject: str = "") -> list[str]:
    if not exceeds(drift.flips_clear.share, MAX_FLIPS):
        return []
    return [
        f"{subject}{drift.flips_clear.share:.1%} of the pairs further apart than {CLEAR} change their order, "
        f"more than {MAX_FLIPS:.0%}"
    ]
