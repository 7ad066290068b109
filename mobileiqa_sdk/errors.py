"""Every error the SDK raises on purpose. Each message says what is wrong with which file, and what to do."""

from __future__ import annotations

from ._text import one_line


class MobileIQAError(Exception):
    """Base of all errors below. The message is one printable line, whatever names a file or a model has."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(one_line(arg) if isinstance(arg, str) else arg for arg in args))


class PhotoError(MobileIQAError):
    """A photo cannot be scored.

    Attributes:
        photo: what the caller passed, as a short text: the path, or for example ``<bytes>``.
        reason: the cause and the remedy, without the photo's name.
    """

    def __init__(self, photo: str, reason: str) -> None:
        super().__init__(f"{photo}: {reason}")
        self.photo = photo
        self.reason = reason

    def __reduce__(self) -> tuple[type[PhotoError], tuple[str, str]]:
        # Exception pickles its args, which are the joined message here.
        return type(self), (self.photo, self.reason)


class PhotoNotFound(PhotoError):
    """There is no file at this path, or it is not a regular file, or it may not be read."""


class PhotoUnreadable(PhotoError):
    """The bytes are empty, truncated, damaged, or not an image in a supported format."""


class PhotoTooSmall(PhotoError):
    """A side is below the smallest size for which a score means anything."""


class PhotoTooLarge(PhotoError):
    """More pixels or bytes than the SDK agrees to decode, or more than fits into memory."""


class PhotoUnsupported(PhotoError):
    """The object is not a photo: wrong type, array dtype, shape or value range."""


class ModelError(MobileIQAError):
    """A model cannot be used."""


class ModelNotFound(ModelError):
    """No bundled or cached model has this name, and there is no file at this path."""


class ArtifactInvalid(ModelError):
    """The file is not a model artifact, or it is damaged."""


class ContractUnsupported(ModelError):
    """The artifact's contract has another schema version, or asks for what this SDK cannot do."""


class ContractMismatch(ModelError):
    """The artifact does not keep its contract: another input, another output, another golden score."""


class OpinionsInvalid(ContractMismatch):
    """The model answered NaN, infinity or a value outside the range its contract promises."""


class RuntimeUnavailable(ModelError):
    """The inference runtime this artifact needs is unknown or not installed."""


class ResultsInvalid(MobileIQAError):
    """The file to resume from cannot be written, or holds something else than results of this model."""


class VerificationWarning(UserWarning):
    """The artifact was kept although it failed verification when it was made; its scores may be off."""
