"""Ridge regression in closed form on cached moments, with each part of a dataset left out in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from mobileiqa_bench.evaluation.agreement import srcc
from mobileiqa_export.student.moments import CLIP

from .arrays import Features, Floats

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Standardiser:
    """Shifts and scales every moment to mean 0 and deviation 1, and clips it; mean and deviation are [F]."""

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, features: Features) -> Standardiser:
        """Returns the one of these photos, [N, F]. A moment that never changes is only shifted."""
        deviation = features.std(0, dtype=np.float64).astype(np.float32)
        return cls(
            features.mean(0, dtype=np.float64).astype(np.float32), np.where(deviation > 0, deviation, 1)
        )

    def apply(self, features: Features) -> Features:
        """Returns moments [N, F] standardised, float32."""
        standardised: Features = np.clip((features - self.mean) / self.deviation, -CLIP, CLIP)
        return standardised


@dataclass(frozen=True)
class Normal:
    """The sums that a least-squares fit needs. Those of several sets of rows can be added.

    Attributes:
        gram: sum of x x^T, [F + 1, F + 1]; the last entry of x is the intercept's.
        product: sum of x times its target, [F + 1].
    """

    gram: Doubles
    product: Doubles

    @classmethod
    def of(cls, rows: Features, targets: Floats, weight: float = 1.0, intercept: float = 1.0) -> Normal:
        """Returns the sums over rows [N, F] with targets [N], each counted ``weight`` times.

        Args:
            rows: standardised moments, or differences of two photos' moments.
            targets: what the fit should give for each row.
            weight: of every row.
            intercept: the intercept's factor: 1 for photos, 0 for differences.
        """
        rows = np.hstack([rows, np.full((len(rows), 1), intercept, np.float32)])
        gram = (rows.T @ rows).astype(np.float64) * weight
        return cls(gram, rows.T.astype(np.float64) @ targets * weight)

    def __add__(self, other: Normal) -> Normal:
        return Normal(self.gram + other.gram, self.product + other.product)

    def solve(self, strength: float) -> LinearHead:
        """Returns the fit whose squared weights, times ``strength``, are added to the squared errors.

        The intercept is not penalised.
        """
        system = self.gram.copy()
        diagonal = np.arange(len(system) - 1)
        system[diagonal, diagonal] += strength
        solution = cho_solve(cho_factor(system, overwrite_a=True), self.product)
        return LinearHead(solution[:-1].astype(np.float32), float(solution[-1]))


@dataclass(frozen=True)
class LinearHead:
    """A weight for each standardised moment, [F], and an intercept."""

    weight: Floats
    bias: float

    def score(self, rows: Features) -> Floats:
        """Returns the scores of standardised moments [N, F], as [N], not limited to 0..1."""
        return (rows @ self.weight + np.float32(self.bias)).astype(np.float32)


def leave_one_out(
    parts: Mapping[str, Normal],
    held_out: Mapping[str, tuple[Features, Floats]],
    strengths: Sequence[float],
    always: Normal | None = None,
) -> dict[float, dict[str, float]]:
    """Returns SRCC on every part of a head that learned from the other parts, by strength and part.

    Args:
        parts: the sums over each part's photos.
        held_out: each part's standardised moments [N, F] and MOS [N].
        strengths: of the penalty.
        always: sums that every head learns from too, such as those of ladders.
    """
    table: dict[float, dict[str, float]] = {strength: {} for strength in strengths}
    for part, (rows, mos) in held_out.items():
        others = [normal for name, normal in parts.items() if name != part]
        if always is not None:
            others.append(always)
        normal = others[0]
        for other in others[1:]:
            normal = normal + other
        for strength in strengths:
            table[strength][part] = srcc(normal.solve(strength).score(rows), mos)
    return table
