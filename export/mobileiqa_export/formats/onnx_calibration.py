"""Measures the ranges of activations over calibration photos."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from mobileiqa_sdk._onnxruntime import onnxruntime, submodule

from .._vendor import TENSORS_DATA

_quantization = submodule("quantization")

TAIL = 1e-5
"""Share of a photo's activations that may saturate at either end: one value in a hundred thousand."""
SAMPLES = 2**18
"""Values of a tensor that its quantiles are taken from, about."""


def ranges(model: onnx.ModelProto, tensors: Iterable[str], photos: Sequence[NDArray[np.uint8]]) -> Any:
    """Returns the range of each tensor: the quantiles 1e-5 and 1 - 1e-5 of a photo, averaged over photos.

    Extremes are left to saturate, since they would coarsen the steps for all other values. Bands of one
    map count as one tensor, so that slicing and joining never change the scale. Only one photo's
    activations are held in memory at a time.

    Args:
        model: float32, with one input and with inferred shapes.
        tensors: names of float tensors in it.
        photos: uint8 RGB [H, W, 3] each, at least one.

    Returns:
        onnxruntime's ``TensorsData``, for its quantizer.
    """
    inferred = {value.name for value in (*model.graph.value_info, *model.graph.output)}
    names = sorted(set(tensors) & inferred)
    session = _session(model, names)
    maps = same_maps(model)
    (pixels,) = session.get_inputs()
    bounds_of: dict[str, list[NDArray[np.float64]]] = {}
    for photo in photos:
        bands: dict[str, list[NDArray[np.float32]]] = {}
        for name, value in zip(names, session.run(names, {pixels.name: photo[np.newaxis]}), strict=True):
            bands.setdefault(maps[name], []).append(value.reshape(-1))
        for name, parts in bands.items():
            bounds_of.setdefault(name, []).append(np.quantile(_sample(parts), (TAIL, 1 - TAIL)))
    means = {name: np.mean(bounds, axis=0).astype(np.float32) for name, bounds in bounds_of.items()}
    intervals = {name: tuple(means[maps[name]]) for name in names}
    return TENSORS_DATA.load()(_quantization.CalibrationMethod.MinMax, intervals)


def _sample(parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Returns evenly spread values; the step is odd, so that it does not keep to some columns or channels."""
    step = sum(part.size for part in parts) // SAMPLES
    if step % 2 == 0:
        step += 1
    return np.concatenate([part[::step] for part in parts])


def same_maps(model: onnx.ModelProto) -> dict[str, str]:
    """Maps each tensor to the first structurally equivalent one, which may be itself.

    Equivalent tensors are made by the same operators with the same weights from equivalent inputs. Slice
    offsets are ignored, so bands of one map are equivalent.
    """
    integers = {t.name for t in model.graph.initializer if t.data_type != onnx.TensorProto.FLOAT}
    first: dict[tuple[object, ...], str] = {}
    maps: dict[str, str] = {}
    for node in model.graph.node:
        made_of = tuple(maps.get(name, name) for name in node.input if name not in integers)
        for index, output in enumerate(node.output):
            maps[output] = first.setdefault((node.op_type, made_of, index), output)
    return maps


def _session(model: onnx.ModelProto, outputs: Sequence[str]) -> onnxruntime.InferenceSession:
    infos = {value.name: value for value in (*model.graph.value_info, *model.graph.output)}
    augmented = onnx.ModelProto()
    augmented.CopyFrom(model)
    del augmented.graph.output[:]
    augmented.graph.output.extend(infos[name] for name in outputs)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1  # the order of sums, and so the ranges, are the same on every machine
    options.enable_mem_pattern = options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(
        augmented.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
