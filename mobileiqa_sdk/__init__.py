"""MobileIQA SDK: how good would people find this photo?

Example::

    import mobileiqa_sdk

    mobileiqa_sdk.score("photo.jpg")  # from 0, the worst, to 1, the best
"""

from importlib import import_module

from ._version import __version__

TYPE_CHECKING = False  # type checkers know the name; `typing` takes longer to import than all else here

if TYPE_CHECKING:
    from .bands import BANDS, Band, band
    from .contract import ActivationType, Decode, ModelContract, WeightType
    from .errors import (
        ArtifactInvalid,
        ContractMismatch,
        ContractUnsupported,
        ExtraMissing,
        InternalError,
        MobileIQAError,
        ModelError,
        ModelNotFound,
        OpinionsInvalid,
        PhotoError,
        PhotoNotFound,
        PhotoTooLarge,
        PhotoTooSmall,
        PhotoUnreadable,
        PhotoUnsupported,
        PictureUnsupported,
        ResultsInvalid,
        RuntimeUnavailable,
        VerificationWarning,
    )
    from .gallery import find_photos
    from .photo import Photo
    from .scorer import Assessment, Scorer, Seconds, score
    from .where import QualityMap

__all__ = [
    "BANDS",
    "ActivationType",
    "ArtifactInvalid",
    "Assessment",
    "Band",
    "ContractMismatch",
    "ContractUnsupported",
    "Decode",
    "ExtraMissing",
    "InternalError",
    "MobileIQAError",
    "ModelContract",
    "ModelError",
    "ModelNotFound",
    "OpinionsInvalid",
    "Photo",
    "PhotoError",
    "PhotoNotFound",
    "PhotoTooLarge",
    "PhotoTooSmall",
    "PhotoUnreadable",
    "PhotoUnsupported",
    "PictureUnsupported",
    "QualityMap",
    "ResultsInvalid",
    "RuntimeUnavailable",
    "Scorer",
    "Seconds",
    "VerificationWarning",
    "WeightType",
    "__version__",
    "band",
    "find_photos",
    "score",
]

_HOMES = {
    "bands": ("BANDS", "Band", "band"),
    "contract": ("ActivationType", "Decode", "ModelContract", "WeightType"),
    "gallery": ("find_photos",),
    "photo": ("Photo",),
    "scorer": ("Assessment", "Scorer", "Seconds", "score"),
    "where": ("QualityMap",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # a type checker should find misspelled names

    def __getattr__(name: str) -> object:
        # Imported when first asked for, so that `mobileiqa --version` loads neither numpy nor Pillow.
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f".{_HOME_OF.get(name, 'errors')}", __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
