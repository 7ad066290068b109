"""What an artifact of each precision says of itself and must keep."""

from __future__ import annotations

from dataclasses import dataclass

from mobileiqa_sdk.contract import Precision


@dataclass(frozen=True)
class Promise:
    """What a precision means.

    Attributes:
        precision: for the contract.
        tolerance: largest |score - reference| of the golden image, on any machine that replays it.
        limit: largest |score - reference| of any verification image when it is made; None where only
            the ranking is promised.
    """

    precision: Precision
    tolerance: float
    limit: float | None = None


# The golden image is no photograph: texture and edges at full contrast everywhere. Quantization moves
# its score further than a photo's, and kernels of other machines round differently on top of that.
PROMISES: dict[str, Promise] = {
    "fp32": Promise(Precision("fp32", "fp32"), 1e-4, 1e-4),
    "fp16": Promise(Precision("fp16", "fp16 or fp32, as the runtime chooses"), 5e-3, 5e-3),
    "int8-weights": Promise(Precision("int8", "fp32"), 0.03),
    "int8-dynamic": Promise(Precision("int8", "int8, ranges at run time"), 0.05),
    "int8-static": Promise(Precision("int8", "int8, calibrated ranges"), 0.05),
    "int4-weights": Promise(Precision("int4", "fp32"), 0.05),
}

DRIFT_ALLOWED = "; drift allowed"
"""Ends ``precision.compute`` of an artifact that was kept although it failed verification."""
