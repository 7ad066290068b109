"""Errors of the recipe, each a sentence that says what to do."""

from __future__ import annotations

from mobileiqa_bench.evaluation.errors import DatasetError as DatasetError
from mobileiqa_sdk.errors import MobileIQAError


class TrainingError(MobileIQAError):
    """The recipe cannot go on."""


class BackboneFileError(TrainingError):
    """The backbone file is not the one that the recipe was written for."""


class FeatureCacheError(TrainingError):
    """The cached features belong to other photos or another backbone, or are not all there."""
