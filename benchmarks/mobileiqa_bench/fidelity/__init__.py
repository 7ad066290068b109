"""Verifies that an artifact answers like a reference: the same scores and the same ranking. No torch."""

from .drift import Drift, measure_drift
from .gate import Limits, failures
from .scoring import ImageScore, answer_images, open_artifact
from .verdict import Verdict, judge

__all__ = [
    "Drift",
    "ImageScore",
    "Limits",
    "Verdict",
    "answer_images",
    "failures",
    "judge",
    "measure_drift",
    "open_artifact",
]
