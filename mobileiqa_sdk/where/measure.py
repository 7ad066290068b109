"""Asks a model about each window of a photo in which there is something to judge."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..contract import ModelContract
from ..errors import ContractUnsupported
from ..fit import Setting
from ..runtimes.runtime import Prediction
from .detail import is_flat
from .quality_map import QualityMap, Scores
from .windows import cut, scaled, window_side

_Array = TypeVar("_Array", bound=NDArray[Any])


def finest_setting(contract: ModelContract) -> Setting:
    """Returns the setting that photos are mapped at: the one with the most pixels.

    Raises:
        ContractUnsupported: the model takes photos at fixed sizes only, and a window need not be one.
    """
    settings = contract.input.settings
    if not settings or any(setting.sizes for setting in settings):
        raise ContractUnsupported(
            f"{contract.model.name}: takes photos at fixed sizes only; a map needs a model that takes any"
        )
    return max(settings, key=lambda setting: setting.max_pixels)


def map_windows(
    photo: str,
    pixels: NDArray[np.uint8],
    size: tuple[int, int],
    contract: ModelContract,
    predict: Callable[[NDArray[np.uint8]], Prediction],
) -> QualityMap:
    """Returns what a model answers for the windows of a photo.

    Args:
        photo: its name.
        pixels: of the photo as the model takes it, uint8 RGB [height, width, 3]; read-only afterwards.
        size: (height, width) of the upright photo.
        contract: of the model.
        predict: what the model answers for a window, uint8 RGB [height, width, 3].

    Raises:
        ContractMismatch: the model misbehaves.
    """
    fitted = pixels.shape[0], pixels.shape[1]
    boxes = cut(*fitted, window_side(contract.input.multiple))
    answers = [
        _answer(pixels[top:bottom, left:right], predict) for top, left, bottom, right in boxes.reshape(-1, 4)
    ]

    def grid(value: Callable[[Prediction], float]) -> Scores:
        values = [math.nan if answer is None else value(answer) for answer in answers]
        return _read_only(np.array(values, np.float32).reshape(boxes.shape[:2]))

    def severities(fault: str) -> Scores:
        return grid(lambda answer: answer.faults[fault])

    return QualityMap(
        photo=photo,
        model=contract.model.name,
        size=size,
        windows=_read_only(scaled(boxes, fitted, size)),
        scores=grid(lambda answer: answer.score),
        faults={fault: severities(fault) for fault in contract.faults},
        pixels=_read_only(pixels),
    )


def _answer(
    window: NDArray[np.uint8], predict: Callable[[NDArray[np.uint8]], Prediction]
) -> Prediction | None:
    """Returns what the model answers for a window; None for a flat one, which it is not asked about."""
    return None if is_flat(window) else predict(np.ascontiguousarray(window))


def _read_only(array: _Array) -> _Array:
    array.flags.writeable = False
    return array
