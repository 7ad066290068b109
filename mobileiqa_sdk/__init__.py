"""MobileIQA SDK: how good would people find this photo?

>>> import mobileiqa_sdk
>>> mobileiqa_sdk.score("photo.jpg")  # doctest: +SKIP
0.71
"""

import logging

from ._version import __version__
from .bands import BANDS, Band, band
from .contract import ModelContract
from .errors import (
    ArtifactInvalid,
    ContractMismatch,
    ContractUnsupported,
    MobileIQAError,
    ModelError,
    ModelNotFound,
    PhotoError,
    PhotoNotFound,
    PhotoTooLarge,
    PhotoTooSmall,
    PhotoUnreadable,
    PhotoUnsupported,
    RuntimeUnavailable,
)
from .photo import Photo
from .scorer import Assessment, Scorer, Seconds, score

logging.getLogger(__name__).addHandler(logging.NullHandler())

__all__ = [
    "BANDS",
    "ArtifactInvalid",
    "Assessment",
    "Band",
    "ContractMismatch",
    "ContractUnsupported",
    "MobileIQAError",
    "ModelContract",
    "ModelError",
    "ModelNotFound",
    "Photo",
    "PhotoError",
    "PhotoNotFound",
    "PhotoTooLarge",
    "PhotoTooSmall",
    "PhotoUnreadable",
    "PhotoUnsupported",
    "RuntimeUnavailable",
    "Scorer",
    "Seconds",
    "__version__",
    "band",
    "score",
]
