"""What can go wrong with a benchmark or a comparison; a configuration that fails is a row with the reason."""

from __future__ import annotations

from collections.abc import Sequence

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


class ColdError(BenchmarkError):
    """A measurement failed, or its results contradict each other."""


class NotComparable(MobileIQAError):
    """Two artifacts take photos of different sizes, or a package that the comparison needs is missing."""


class AdbError(MobileIQAError):
    """A phone could not be used to measure."""


class AdbMissing(AdbError):
    """The program adb is not installed."""


class NoPhone(AdbError):
    """No phone is attached, or not the requested one, or it was disconnected."""


class SeveralPhones(AdbError):
    """More than one phone is attached, and none was named."""


class PhoneUnauthorized(AdbError):
    """The phone does not trust this computer yet."""


class AppMissing(AdbError):
    """The demo app is not installed, or this build of it cannot measure."""


class AppCrashed(AdbError):
    """The app ended without a result.

    Attributes:
        log: the last lines of the phone's log about it, made printable.
    """

    def __init__(self, message: str, log: Sequence[str] = ()) -> None:
        super().__init__(f"{message}{f'; the last line of its log: {log[-1]}' if log else ''}")
        self.log = tuple(log)


class AppResultInvalid(AdbError):
    """What the app wrote is not a benchmark of the schema that this version reads."""


class ArtifactUnsuitable(AdbError):
    """The demo app cannot run artifacts of this format."""


class PhoneTimeout(AdbError):
    """The phone did not answer in time."""


class AdbFailed(AdbError):
    """A command on the phone failed for another reason."""
