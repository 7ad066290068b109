"""Smaller weights and 8-bit activations, by coremltools' own passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobileiqa_mil.coreml_tools import load
from mobileiqa_mil.operation import Operation
from mobileiqa_mil.package import Package
from mobileiqa_mil.program import Program
from mobileiqa_sdk._noise import quiet

from .._vendor import KMEANS, PAIR_ELIMINATION, activation_passes, without_linear_bias_fusion
from ..errors import ExportError
from .coreml_convert import Conversion, passes
from .job import MIN_INTEGERS

ct = load("coremltools")
cto = load("coremltools.optimize.coreml")
_kmeans = KMEANS.load()

VECTOR = 4096
"""Elements. Results of at most this size count as vectors, which are not worth 8 bits."""
_SMALLEST_RANGE = 1e-3
"""Scales are stored in fp16, where a narrower range would leave them few digits or none."""


def quantize_weights(model: Any, kept: frozenset[str]) -> Any:
    """Returns a model with symmetric int8 weights, one scale for each output channel.

    Weights that the ``kept`` operations read, or that have a table, stay as they are.
    """
    config = cto.OpLinearQuantizerConfig(mode="linear_symmetric", dtype="int8", granularity="per_channel")
    with quiet(), without_linear_bias_fusion():
        return cto.linear_quantize_weights(model, _config(config, _all_names(model, kept)))


def palettize(conversion: Conversion, kept: frozenset[str]) -> Any:
    """Returns a model with large weights as 4-bit indices into tables of 16 values, one for each output
    channel.

    A single table for a whole tensor, all that Core ML supports before iOS 18, fits no channel well.
    """
    kept = _all_names(conversion.model, kept | _single(Program(Package(conversion.saved))))
    config = cto.OpPalettizerConfig(
        mode="custom",
        lut_function=clustered,
        granularity="per_grouped_channel",
        group_size=1,
        weight_threshold=MIN_INTEGERS - 1,
    )
    with quiet(), without_linear_bias_fusion():
        return cto.palettize_weights(conversion.model, _config(config, kept))


def clustered(values: NDArray[np.float16]) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
    """Returns the 16 values that approximate the weights best in the mean square, and the index for each
    weight.

    Uses coremltools' one-dimensional k-means, which has one exact answer. By default coremltools uses that
    only for 10,000 weights or more; for a channel it uses scikit-learn, whose answer depends on where it
    starts.
    """
    table, indices = _kmeans(4, values, force_kmeans1d=True)
    return table.astype(values.dtype), indices.astype(np.uint8)


def quantize_activations(
    conversion: Conversion, calibration: Sequence[NDArray[np.uint8]], kept: frozenset[str]
) -> Any:
    """Returns a model with int8 activations around convolutions, pools, linear layers and sums.

    Weights are left as they are. coremltools measures ranges by running the model, which works only on a Mac.
    Its passes also accept the ranges as an option, and our executor runs the same program anywhere.

    Args:
        conversion: to fp16, for iOS 17 or later.
        calibration: resized photos, uint8 RGB [H, W, 3] each.
        kept: operations that stay float.

    Raises:
        ExportError: there are no photos.
    """
    if not calibration:
        raise ExportError("int8-static needs photos to calibrate with; give it a folder of at least 32")
    program = Program(Package(conversion.saved))
    # With a zero point: after a ReLU, half of a symmetric range would stay unused.
    config = cto.OpLinearQuantizerConfig(mode="linear", dtype="int8")
    config = _config(config, _all_names(conversion.model, kept | _single(program) | _tail(program)))
    options = {"config": config, "activation_stats": measure_ranges(program, calibration)}
    pipeline = passes()
    for name in activation_passes():
        pipeline.append_pass(name)
        pipeline.set_options(name, options)
    pipeline.append_pass(PAIR_ELIMINATION)
    return conversion.again(pipeline)


def _tail(program: Program) -> frozenset[str]:
    """Returns the end of the network, where a photo is a vector: there 8 bits save little and cost most."""
    readers: dict[str, list[Operation]] = {}
    for operation in program.operations:
        for name in operation.reads:
            readers.setdefault(name, []).append(operation)
    tail: set[str] = set()
    for operation in reversed(program.operations):
        small = all(output.elements <= VECTOR for output in operation.outputs)
        after = [late for output in operation.outputs for late in readers.get(output.name, [])]
        if small and all(late.outputs[0].name in tail for late in after):
            tail.update(output.name for output in operation.outputs)
    return frozenset(tail)


def _single(program: Program) -> frozenset[str]:
    """Returns the results that stay float32 although the program is fp16."""
    outputs = [output for operation in program.operations for output in operation.outputs]
    return frozenset(output.name for output in outputs if output.dtype == torch.float32)


def measure_ranges(program: Program, calibration: Sequence[NDArray[np.uint8]]) -> dict[str, dict[str, float]]:
    """Returns the smallest and largest value of every result over the photos, in the form that coremltools
    takes.

    Runs on one thread: the way sums are split decides their last digits, and so the bytes of the artifact.
    """
    ranges: dict[str, dict[str, float]] = {}

    def observe(name: str, value: Tensor) -> None:
        if value.is_floating_point():
            low, high = (float(end) for end in torch.aminmax(value))
            # From zero on, which is exact in 8 bits.
            bounds = ranges.setdefault(name, {"rmin": 0.0, "rmax": _SMALLEST_RANGE})
            bounds["rmin"], bounds["rmax"] = min(bounds["rmin"], low), max(bounds["rmax"], high)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for pixels in calibration:
            image = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None]
            program.run({program.inputs[0].name: image}, observe)
    finally:
        torch.set_num_threads(threads)
    return ranges


def _config(config: Any, kept: frozenset[str]) -> Any:
    return cto.OptimizationConfig(global_config=config, op_name_configs=dict.fromkeys(sorted(kept)))


def _all_names(model: Any, kept: frozenset[str]) -> frozenset[str]:
    """Returns the names by which coremltools may know the operations with these results, and what they read.

    An operation has a name of its own. A weight that other operations share stays float for them too.
    """
    function = model.get_spec().mlProgram.functions["main"]
    names = set(kept)
    for operation in function.block_specializations[function.opset].operations:
        if any(output.name in kept for output in operation.outputs):
            names.update(operation.attributes["name"].immediateValue.tensor.strings.values)
            names.update(one.name for argument in operation.inputs.values() for one in argument.arguments)
    return frozenset(names)
