"""Errors of the export side."""

from __future__ import annotations

from mobileiqa_sdk.errors import MobileIQAError, ModelError


class ExportError(MobileIQAError):
    """An artifact cannot be made."""


class CheckpointError(ExportError):
    """A checkpoint cannot be loaded.

    Attributes:
        path: the checkpoint's path, as given.
        reason: what was found, what was wanted, and what to do.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type[CheckpointError], tuple[str, str]]:
        # Exception pickles its args, which are the joined message here.
        return type(self), (self.path, self.reason)


class CheckpointNotFound(CheckpointError):
    """There is no such file."""


class CheckpointDamaged(CheckpointError):
    """Empty, truncated, or not a file of tensors at all."""


class CheckpointUnsafe(CheckpointError):
    """The pickle asks for code to be run. It was not."""


class CheckpointMismatch(CheckpointError):
    """Tensors were found, but not those of a student: keys or shapes differ."""


class TeacherCheckpoint(CheckpointMismatch):
    """The weights are the teacher's; only the student can be exported."""


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


class PhotographsMissing(EvaluationError):
    """There is no photo to climb ladders with: none was given, and none is shipped on this machine."""


class PlotUnavailable(EvaluationError):
    """A plot was asked for, and matplotlib is not installed or the file has another suffix."""


class ExportMismatch(ExportError):
    """The exported file does not answer what the reference network answers; it was not kept."""


class OperatorUnknown(ModelError):
    """A Core ML program has an operation, or calls one in a way, that cannot be executed off a Mac."""


class ConversionFailed(ExportError):
    """A format's converter gave up on the network."""


class DescriptionInvalid(ExportError):
    """What is said of a network in TOML or on the command line is incomplete or makes no sense."""


class FactoryFailed(ExportError):
    """``module:function`` cannot be found, fails, or makes no network."""


class NetworkUnfit(ConversionFailed):
    """A network fails on an image, gives another answer than described, or cannot be traced for export."""
