r"""Every error the SDK raises on purpose. Each message says what is wrong with which file, and what to do.

Where Python has an error of the same meaning, ours derives from it too: ``except FileNotFoundError`` catches
a missing photo and a missing model, ``except ValueError`` a photo that is damaged, too small or too large.

>>> from PIL import Image
>>> import mobileiqa_sdk
>>> for photo in ("missing.jpg", b"\xff\xd8\xff", Image.new("RGB", (9, 9)), Image.new("F", (64, 64), 5.0)):
...     try:
...         mobileiqa_sdk.score(photo)
...     except mobileiqa_sdk.PhotoError as error:
...         print(type(error).__name__, isinstance(error, ValueError))
PhotoNotFound False
PhotoUnreadable True
PhotoTooSmall True
PhotoUnsupported True
>>> try:
...     mobileiqa_sdk.Scorer("no-such-model")
... except mobileiqa_sdk.ModelError as error:
...     print(type(error).__name__, isinstance(error, FileNotFoundError))
ModelNotFound True
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._text import one_line


class MobileIQAError(Exception):
    """Base of all errors below.

    The message is one printable line, even if the name of a file or a model is not.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(one_line(arg) if isinstance(arg, str) else arg for arg in args))


class PhotoError(MobileIQAError):
    """A photo cannot be scored.

    Attributes:
        photo: what the caller passed, as a short text: the path, or for example ``<bytes>``.
        reason: the cause and the remedy, without the photo's name.
        fault_names: of the model that was to score the photo; empty if none was.
    """

    def __init__(self, photo: str, reason: str, fault_names: Sequence[str] = ()) -> None:
        super().__init__(f"{photo}: {reason}")
        self.photo = photo
        self.reason = reason
        self.fault_names = tuple(fault_names)

    def __reduce__(self) -> tuple[type[PhotoError], tuple[str, str, tuple[str, ...]]]:
        # Exception pickles its args, which are the joined message here.
        return type(self), (self.photo, self.reason, self.fault_names)

    def to_dict(self) -> dict[str, Any]:
        """Returns a flat row with the keys of :meth:`Assessment.to_dict`; those of a score are None.

        >>> row = PhotoError("gone.jpg", "no such file").to_dict()
        >>> row["path"], row["score"], row["error"]
        ('gone.jpg', None, 'no such file')
        """
        faults = (f"fault_{name}" for name in sorted(self.fault_names))
        return {
            "path": self.photo,
            **dict.fromkeys(("score", "band", "reason", "spread", *faults, "photograph", "is_photograph")),
            **dict.fromkeys(("decode_seconds", "resize_seconds", "inference_seconds")),
            "error_kind": type(self).__name__,
            "error": self.reason,
        }


class PhotoNotFound(PhotoError, FileNotFoundError):
    """There is no file at this path, or it is not a regular file, or it may not be read."""


class PhotoUnreadable(PhotoError, ValueError):
    """The bytes are empty, truncated or damaged, or of an unsupported kind (`PhotoUnsupported`)."""


class PhotoUnsupported(PhotoUnreadable, TypeError):
    """The photo may be sound, but the SDK does not read its kind.

    A file of another format or of a layout that is not supported, a camera's raw file, or an object of
    another type, array dtype, shape or value range.
    """


class PhotoTooSmall(PhotoError, ValueError):
    """A side is below the smallest size for which a score means anything."""


class PhotoTooLarge(PhotoError, ValueError):
    """More pixels or bytes than the SDK decodes, or more than fits into memory."""


class InternalError(PhotoError, RuntimeError):
    """The SDK failed by a fault of its own, not of the photo: please report it.

    ``__cause__`` is the error that was not expected, with its traceback. The traceback is also logged.
    """


class ModelError(MobileIQAError):
    """A model cannot be used."""


class ModelNotFound(ModelError, FileNotFoundError):
    """No bundled or cached model has this name, and there is no file at this path."""


class ArtifactInvalid(ModelError, ValueError):
    """The file is not a model artifact, or it is damaged."""


class ContractUnsupported(ModelError):
    """The artifact's contract has another schema version, or requires something that this SDK does not
    support.
    """


class ContractMismatch(ModelError):
    """The artifact does not keep its contract: another input, another output, another golden score."""


class OpinionsInvalid(ContractMismatch):
    """The model answered NaN, infinity or a value outside the range its contract promises."""


class RuntimeUnavailable(ModelError):
    """The inference runtime this artifact needs is unknown or not installed."""


class ExtraMissing(MobileIQAError, ImportError):
    """A package is not installed that an extra of mobileiqa-sdk brings; the message names the extra."""


class ResultsInvalid(MobileIQAError, ValueError):
    """The file to resume from cannot be written, or it does not hold results of this model."""


class PictureUnsupported(MobileIQAError, ValueError):
    """A picture cannot be saved under this name: its suffix is not that of a format that is written."""


class VerificationWarning(UserWarning):
    """The artifact was kept although it failed verification when it was made; its scores may be off."""
