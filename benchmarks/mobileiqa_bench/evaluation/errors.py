"""Errors of judging a model by people's opinions or by ladders of faults."""

from __future__ import annotations

from mobileiqa_sdk.errors import MobileIQAError


class DatasetError(MobileIQAError):
    """Rated photos cannot be read: something is missing, or laid out otherwise than published."""


class DatasetNotFound(DatasetError):
    """The folder is no copy of the dataset, or the dataset or the split has another name."""


class TableInvalid(DatasetError):
    """A table of opinions cannot be read, lacks a column, or a row has no opinion on the scale."""


class DatasetIncomplete(DatasetError):
    """Photos that a table names are not on disk, or several files answer to one name."""


class EvaluationError(MobileIQAError):
    """Scores cannot be judged."""


class AgreementUndefined(EvaluationError):
    """Too few photos, arrays that do not match, or values that are not finite."""
