"""How artifacts are calibrated, verified and measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mobileiqa_bench.fidelity.gate import MIN_SRCC
from mobileiqa_sdk.contract import Decode

from .quantize.calibration import IMAGES

Approximate = Literal["samples"]
"""Names of the approximations in :data:`mobileiqa_export.approximations.APPROXIMATIONS`."""


@dataclass(frozen=True)
class Options:
    """Options of an export.

    Attributes:
        calibration_data: a folder of photos to find activation ranges on; None falls back to built-in
            pictures.
        calibration_images: how many of them to use at most.
        verify_photos: a folder of photos to verify on; None takes built-in ones.
        verification_images: how many images in all, faults of rising strength included; None depends on
            the input size.
        ranking_bar: the SRCC with the reference that the search for an integer artifact aims for, at least
            the gate's 0.99.
        allow_drift: keep an artifact that fails verification; its contract says that it failed.
        timing: measure time and memory against the fp32 artifact of the same format.
        decode: the contract's rule for large JPEGs.
        approximate: an approximation, which is used at the coarsest level that passes; None exports the
            exact network.

    >>> Options(calibration_data="photos/", timing=False).ranking_bar
    0.99
    """

    calibration_data: str | Path | None = None
    calibration_images: int = IMAGES
    verify_photos: str | Path | None = None
    verification_images: int | None = None
    ranking_bar: float = MIN_SRCC
    allow_drift: bool = False
    timing: bool = True
    decode: Decode = "full"
    approximate: Approximate | None = None
