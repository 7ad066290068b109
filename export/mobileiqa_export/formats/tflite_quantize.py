"""Precisions of a TFLite file, by ai-edge-quantizer; which operators stay float is decided here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from ai_edge_litert.tools.flatbuffer_utils import convert_bytearray_to_object
from ai_edge_quantizer import qtyping
from ai_edge_quantizer.algorithm_manager import AlgorithmName
from ai_edge_quantizer.calibrator import CalibrationMode, Calibrator
from ai_edge_quantizer.quantizer import Quantizer
from ai_edge_quantizer.recipe_manager import RecipeManager
from ai_edge_quantizer.utils.qsv_utils import min_max_update
from numpy.typing import NDArray
from torch import nn

from ..errors import ExportError
from .job import Job
from .tflite_layout import Statistics
from .tflite_scopes import Scopes

_Operation = qtyping.TFLOperationName
_EVERY = _Operation.ALL_SUPPORTED

# So few values are near the end: the steps of an int8 scale would be steps of the score.
FEW = 16
INPUT, SIGNATURE = "args_0", "serving_default"  # as the converter calls them


class Spared(NamedTuple):
    """The modules whose operators stay float, and those whose weights alone are quantized."""

    stay: Scopes
    weight_only: Scopes


def spared(network: nn.Module, job: Job) -> Spared:
    """The modules that the job spares; checked here, before the long conversion.

    Args:
        network: what is going to be converted, with the module names of ``job.network``.
        job: for ``int8-static`` the moments of the taps stay float too.

    Raises:
        ExportError: the job spares what is no module, or there are no photos to calibrate with.
    """
    keep = set(job.keep_float)
    if job.precision == "int8-static":
        if len(job.calibration) == 0:
            raise ExportError("int8-static needs photos to calibrate with; there are none")
        keep |= {name for name, module in network.named_modules() if isinstance(module, Statistics)}
    return Spared(Scopes(network, keep), Scopes(network, job.weight_only))


def quantized(model: bytes, scopes: Spared, job: Job) -> bytes:
    """The float model in the job's precision; uint8 pixels in and float32 opinions out in each.

    fp16
        Weights of convolutions and matrix products as float16; the arithmetic is the runtime's choice.
    int8-weights, int8-dynamic
        The same weights as int8, a scale per output channel; arithmetic in float, or in integers on
        activations that are rounded while it runs. Depthwise kernels stay float: they are a
        hundredth of a student's weights and much of the damage. So do the constants in products of
        activations, which pool: LiteRT has no kernel for an int8 matrix on the left.
    int8-static
        Activations too, between the smallest and the largest value that the photos gave. The last
        few values before the score stay float.

    Args:
        model: as converted, float32.
        scopes: from :func:`spared`.
        job: the precision and the calibration photos.
    """
    if job.precision == "fp32":
        return model
    recipe = RecipeManager()
    _RECIPES[job.precision](recipe)
    static = job.precision == "int8-static"
    few = FEW if static else 0
    stay = {name for name, size in _operators(model) if size <= few or scopes.stay.hold(name)}
    weights = {name for name, _ in _operators(model) if scopes.weight_only.hold(name)} - stay
    if stay | weights:
        _skip(recipe, _EVERY, operators=_pattern(stay | weights))
    if weights:
        # The parentheses make another rule of it, which does not take the place of the one above.
        _int8_weights(recipe, f"({_pattern(weights)})")
    ranges = _ranges(model, job.calibration) if static else None
    quantizer = Quantizer(model, recipe.get_quantization_recipe())
    result = quantizer.quantize(ranges, enable_progress_bar=False, enable_progress_report=False)
    return bytes(result.quantized_model or b"")


def _pattern(operators: set[str]) -> str:
    return f"^({'|'.join(map(re.escape, sorted(operators)))});$"


def _fp16(recipe: RecipeManager) -> None:
    recipe.add_weight_only_config(".*", _EVERY, 16, algorithm_key=AlgorithmName.FLOAT_CASTING)


def _int8_weights(recipe: RecipeManager, operators: str = ".*") -> None:
    recipe.add_weight_only_config(operators, _EVERY, 8)
    _skip(recipe, _Operation.DEPTHWISE_CONV_2D, _Operation.BATCH_MATMUL, operators=operators)


def _int8_dynamic(recipe: RecipeManager) -> None:
    recipe.add_dynamic_config(".*", _EVERY, 8)
    _skip(recipe, _Operation.DEPTHWISE_CONV_2D, _Operation.BATCH_MATMUL)


def _int8_static(recipe: RecipeManager) -> None:
    recipe.add_static_config(".*", _EVERY, 8, 8)
    _skip(recipe, _Operation.OUTPUT)


def _skip(recipe: RecipeManager, *skipped: qtyping.TFLOperationName, operators: str = ".*") -> None:
    for operation in skipped:
        recipe.add_quantization_config(operators, operation, algorithm_key=AlgorithmName.NO_QUANTIZE)


_RECIPES: dict[str, Callable[[RecipeManager], None]] = {
    "fp16": _fp16,
    "int8-weights": _int8_weights,
    "int8-dynamic": _int8_dynamic,
    "int8-static": _int8_static,
}


def _operators(model: bytes) -> Iterator[tuple[str, int]]:
    """Name and number of values of each operator's result."""
    graph = convert_bytearray_to_object(model).subgraphs[0]
    for operator in graph.operators:
        tensor = graph.tensors[operator.outputs[0]]
        yield tensor.name.decode(), int(np.prod(tensor.shape))


def _ranges(model: bytes, photos: Sequence[NDArray[np.uint8]]) -> dict[str, qtyping.QSV]:
    """Smallest and largest value of every tensor over the photos.

    Not their moving average, the quantizer's default: that depends on the order of the photos.
    """
    # The other mode keeps every tensor, gigabytes of them.
    mode = CalibrationMode.CALIBRATION_PROFILER_BASED
    calibrator = Calibrator(model, num_threads=1, mode=mode, qsv_update_func=min_max_update)
    calibrator.calibrate({SIGNATURE: [{INPUT: photo[np.newaxis]} for photo in photos]}, RecipeManager())
    ranges: dict[str, qtyping.QSV] = calibrator.get_model_qsvs()
    return ranges
