"""Errors of the recipe. Each message says what is wrong and what to do."""

from __future__ import annotations

from mobileiqa_sdk.errors import MobileIQAError


class TrainingError(MobileIQAError):
    """The recipe cannot go on."""


class BackboneFileError(TrainingError):
    """The backbone file is not the one this recipe was written for."""


class FeatureCacheError(TrainingError):
    """The cached features belong to other photos or another backbone, or are incomplete."""


class PartitionError(TrainingError):
    """Too few photos are free of near-duplicates to hold out a validation set."""
