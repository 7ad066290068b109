"""Errors of evaluating a model by people's opinions or by distortion ladders."""

from __future__ import annotations

from mobileiqa_sdk.errors import MobileIQAError


class DatasetError(MobileIQAError):
    """Rated photos cannot be read: something is missing, or the layout is not the published one."""


class DatasetNotFound(DatasetError):
    """The folder is not a copy of the dataset, or there is no dataset or split of this name."""


class TableInvalid(DatasetError):
    """A table of opinions cannot be read or lacks a column, or a row has no opinion on the scale."""


class DatasetIncomplete(DatasetError):
    """Photos that a table names are not on disk, or a name matches several files."""


class EvaluationError(MobileIQAError):
    """Scores cannot be evaluated."""


class AgreementUndefined(EvaluationError):
    """Too few photos, arrays that do not match, or values that are not finite."""


class NothingScored(EvaluationError):
    """None of the photos could be scored; the message quotes the first reasons."""


class FaultsUnanswered(EvaluationError):
    """A model does not answer faults, or none of those that can be put into photographs."""
