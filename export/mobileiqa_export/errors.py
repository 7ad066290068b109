"""Errors of the export side."""

from __future__ import annotations

from mobileiqa_sdk.errors import MobileIQAError


class ExportError(MobileIQAError):
    """An artifact cannot be made."""


class CheckpointError(ExportError):
    """A checkpoint cannot be loaded.

    Attributes:
        path: the checkpoint's path, as given.
        reason: what the file holds, what was expected, and what to do.
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
    """The tensors in the file are not those of the network: keys or shapes differ."""


class TeacherCheckpoint(CheckpointMismatch):
    """The weights are a teacher's where a student is needed."""


class StudentCheckpoint(CheckpointMismatch):
    """The weights are a student's where a teacher is needed."""


class ApproximationFailed(ExportError):
    """An approximation does not apply to the network, or moves its scores too far."""


class ExportMismatch(ExportError):
    """The exported file does not score as the reference network does; it was not kept."""


class ConversionFailed(ExportError):
    """A format's converter gave up on the network."""


class DescriptionInvalid(ExportError):
    """The description of a network, in TOML or on the command line, is incomplete or makes no sense."""


class FactoryFailed(ExportError):
    """``module:function`` cannot be found, fails, or does not return a network."""


class NetworkUnfit(ConversionFailed):
    """A network fails on an image, gives another answer than described, or cannot be traced for export."""


class UnsupportedVersion(ExportError):
    """The installed version of a library is not supported.

    Attributes:
        library: name of the distribution.
        installed: its version.
        supported: the versions that are supported, in words.
    """

    def __init__(self, library: str, installed: str, supported: str) -> None:
        super().__init__(
            f"this version of {library} is not supported: {installed} is installed; install {supported}"
        )
        self.library = library
        self.installed = installed
        self.supported = supported

    def __reduce__(self) -> tuple[type[UnsupportedVersion], tuple[str, str, str]]:
        return type(self), (self.library, self.installed, self.supported)


class InternalError(ExportError):
    """A failure inside the exporter that the network is not to blame for; please report it."""

    def __init__(self, failure: str) -> None:
        super().__init__(
            f"internal error: {failure}. Most likely this is not your network's fault: please report it, "
            "with the traceback and the output of `mobileiqa doctor`"
        )
