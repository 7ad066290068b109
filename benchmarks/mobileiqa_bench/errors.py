"""What can go wrong with a benchmark as a whole; a configuration that fails is a row with the reason."""

from __future__ import annotations

from mobileiqa_sdk.errors import MobileIQAError


class BenchmarkError(MobileIQAError):
    """A configuration could not be measured, or no artifact matches."""


class ProcessFailed(BenchmarkError):
    """A measuring process could not start, died, or did not print a result."""


class ProcessTimeout(ProcessFailed):
    """A measuring process took longer than it was allowed."""


class PhotosMissing(MobileIQAError):
    """No photo to work on: none was given, none could be read, or none is installed here."""


class PlotUnavailable(MobileIQAError):
    """A plot cannot be drawn or written: matplotlib is missing, or the file has another suffix."""


class BenchmarkFileInvalid(BenchmarkError):
    """A file is not a benchmark of the schema that this version reads, or it is damaged."""


class BaselineUnknown(BenchmarkError):
    """The baseline of the ratios is not one of the measured configurations, or may be several."""
