"""What can go wrong with a benchmark as a whole; a configuration that fails is a row with the reason."""

from __future__ import annotations

from mobileiqa_sdk.errors import MobileIQAError


class BenchmarkError(MobileIQAError):
    """A configuration could not be measured, or none of the wanted ones exists."""


class ProcessFailed(BenchmarkError):
    """A measuring process could not start, died, or did not print a result."""


class ProcessTimeout(ProcessFailed):
    """A measuring process took longer than it was allowed."""


class PhotosMissing(MobileIQAError):
    """There is no photo to work on: none was given, none could be read, or none is installed here."""


class PlotUnavailable(MobileIQAError):
    """A plot cannot be drawn or written: matplotlib is missing, or the file has another suffix."""


class BenchmarkFileInvalid(BenchmarkError):
    """A file is no benchmark of the schema that this version reads, or it is damaged."""


class BaselineUnknown(BenchmarkError):
    """Ratios to a configuration were asked for that was not measured."""
