"""Quantizes TFLite files with ai-edge-quantizer, and decides which operators stay float."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert.tools.flatbuffer_utils import convert_bytearray_to_object
from ai_edge_quantizer import qtyping
from numpy.typing import NDArray
from torch import nn

from .._vendor import (
    ALGORITHM_NAME,
    CALIBRATION_MODE,
    CALIBRATOR,
    MIN_MAX_UPDATE,
    QUANTIZER,
    RECIPE_MANAGER,
)
from ..errors import ExportError
from .job import Job
from .tflite_layout import Statistics
from .tflite_scopes import Scopes

_AlgorithmName, _RecipeManager = ALGORITHM_NAME.load(), RECIPE_MANAGER.load()
_Calibrator, _CalibrationMode, _Quantizer = CALIBRATOR.load(), CALIBRATION_MODE.load(), QUANTIZER.load()
_min_max_update = MIN_MAX_UPDATE.load()
_Operation = qtyping.TFLOperationName
_EVERY = _Operation.ALL_SUPPORTED
_FLOAT_WEIGHTS = (_Operation.DEPTHWISE_CONV_2D, _Operation.BATCH_MATMUL)

# Tensors this small are close to the output: quantizing them would quantize the score itself.
FEW = 16
INPUT, SIGNATURE = "args_0", "serving_default"  # as the converter calls them


class Spared(NamedTuple):
    """The modules whose operators stay float, and those whose weights alone are quantized."""

    stay: Scopes
    weight_only: Scopes


def spared(network: nn.Module, job: Job) -> Spared:
    """Returns the modules that the job spares; checks them here, before the long conversion.

    Args:
        network: to be converted, with the module names of ``job.network``.
        job: for ``int8-static`` the moments of the taps stay float too.

    Raises:
        ExportError: a module to spare is not in the network, or there are no photos to calibrate with.
    """
    keep = set(job.keep_float)
    if job.precision.needs_calibration:
        if len(job.calibration) == 0:
            raise ExportError(f"{job.precision} needs photos to calibrate with; there are none")
        keep |= {name for name, module in network.named_modules() if isinstance(module, Statistics)}
    return Spared(Scopes(network, keep), Scopes(network, job.weight_only))


Writer = Callable[[bytes, Spared, Job], bytes]
"""Returns a converted float32 model in another precision; uint8 pixels in, float32 opinions out."""


def as_converted(model: bytes, scopes: Spared, job: Job) -> bytes:
    """Returns the float32 model as it is."""
    return model


def fp16(model: bytes, scopes: Spared, job: Job) -> bytes:
    """Returns the model with float16 weights in convolutions and matrix products.

    The runtime chooses whether to compute in float16 or float32.
    """
    recipe = _RecipeManager()
    recipe.add_weight_only_config(".*", _EVERY, 16, algorithm_key=_AlgorithmName.FLOAT_CASTING)
    return _quantized(model, recipe, _held(model, scopes))


def int8_weights(model: bytes, scopes: Spared, job: Job) -> bytes:
    """Returns the model with int8 weights, a scale for each output channel, and float arithmetic.

    Depthwise kernels stay float: they are a hundredth of a student's weights and cause much of the damage.
    So do the constant matrices that pool, which stand on the left of a product: LiteRT has no int8 kernel
    for those.
    """
    recipe = _RecipeManager()
    _add_int8_weights(recipe, ".*")
    return _quantized(model, recipe, _held(model, scopes))


def int8_dynamic(model: bytes, scopes: Spared, job: Job) -> bytes:
    """Returns the model with weights as in :func:`int8_weights`, and activations rounded at inference."""
    recipe = _RecipeManager()
    recipe.add_dynamic_config(".*", _EVERY, 8)
    _skip(recipe, ".*", *_FLOAT_WEIGHTS)
    return _quantized(model, recipe, _held(model, scopes))


def int8_static(model: bytes, scopes: Spared, job: Job) -> bytes:
    """Returns the model with int8 activations too, between the extremes that they reach on the job's photos.

    The last few values before the score stay float.
    """
    recipe = _RecipeManager()
    recipe.add_static_config(".*", _EVERY, 8, 8)
    _skip(recipe, ".*", _Operation.OUTPUT)
    return _quantized(model, recipe, _held(model, scopes, FEW), _ranges(model, job.calibration))


class _Held(NamedTuple):
    """Names of operators' results: those that stay float, and those that only get int8 weights."""

    stay: frozenset[str]
    weight_only: frozenset[str]


def _held(model: bytes, scopes: Spared, few: int = 0) -> _Held:
    """Returns what the recipe must spare: operators of spared modules, or with at most ``few`` results."""
    stay = {name for name, size in _operators(model) if size <= few or scopes.stay.hold(name)}
    weight_only = {name for name, _ in _operators(model) if scopes.weight_only.hold(name)}
    return _Held(frozenset(stay), frozenset(weight_only - stay))


def _quantized(model: bytes, recipe: Any, held: _Held, ranges: dict[str, qtyping.QSV] | None = None) -> bytes:
    if spared := held.stay | held.weight_only:
        _skip(recipe, _pattern(spared), _EVERY)
    if held.weight_only:
        # The parentheses make it a different key, so that it does not overwrite the rule above.
        _add_int8_weights(recipe, f"({_pattern(held.weight_only)})")
    quantizer = _Quantizer(model, recipe.get_quantization_recipe())
    result = quantizer.quantize(ranges, enable_progress_bar=False, enable_progress_report=False)
    return bytes(result.quantized_model or b"")


def _pattern(operators: frozenset[str]) -> str:
    return f"^({'|'.join(map(re.escape, sorted(operators)))});$"


def _add_int8_weights(recipe: Any, operators: str) -> None:
    recipe.add_weight_only_config(operators, _EVERY, 8)
    _skip(recipe, operators, *_FLOAT_WEIGHTS)


def _skip(recipe: Any, operators: str, *kinds: qtyping.TFLOperationName) -> None:
    for kind in kinds:
        recipe.add_quantization_config(operators, kind, algorithm_key=_AlgorithmName.NO_QUANTIZE)


def _operators(model: bytes) -> Iterator[tuple[str, int]]:
    """Yields the name and the number of values of each operator's result."""
    graph = convert_bytearray_to_object(model).subgraphs[0]
    for operator in graph.operators:
        tensor = graph.tensors[operator.outputs[0]]
        yield tensor.name.decode(), int(np.prod(tensor.shape))


def _ranges(model: bytes, photos: Sequence[NDArray[np.uint8]]) -> dict[str, qtyping.QSV]:
    """Returns the smallest and largest value of every tensor over the photos.

    The quantizer's default, a moving average, would depend on the order of the photos.
    """
    # The other mode keeps every tensor in memory: gigabytes.
    mode = _CalibrationMode.CALIBRATION_PROFILER_BASED
    calibrator = _Calibrator(model, num_threads=1, mode=mode, qsv_update_func=_min_max_update)
    calibrator.calibrate({SIGNATURE: [{INPUT: photo[np.newaxis]} for photo in photos]}, _RecipeManager())
    ranges: dict[str, qtyping.QSV] = calibrator.get_model_qsvs()
    return ranges
