"""Verifies that an artifact answers like a reference: the same scores and the same ranking. No torch."""

from .drift import Drift, measure_drift
from .gate import Limits, failures
from .scoring import ImageScore, open_artifact, score_images
from .verdict import Verdict, judge

__all__ = [
    "Drift",
    "ImageScore",
    "Limits",
    "Verdict",
    "failures",
    "judge",
    "measure_drift",
    "open_artifact",
    "score_images",
]
