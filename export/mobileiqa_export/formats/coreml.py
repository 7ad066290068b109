"""Core ML packages: an ML program that takes an RGB image, with the contract in its metadata.

The oldest systems that run them:

=============  ============  ====================================================================
precision      system        stored as
=============  ============  ====================================================================
fp32, fp16     iOS 16        floats
int8-weights   iOS 16        a scale for each output channel; arithmetic in fp16
int8-static    iOS 17        weights as above; activations in int8 around the layers that gain by it
int4-weights   iOS 18        large weights: a table of 16 values for each output channel, and the others
                             as in int8-weights; arithmetic in fp16
=============  ============  ====================================================================

iOS 16 stands for macOS 13, tvOS 16 and watchOS 9 too, iOS 17 for their successors, iOS 18 for macOS 15,
tvOS 18 and watchOS 11. Older systems
allow only one table for a whole matrix, which is too coarse to rank photos by.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from ..errors import ConversionFailed
from ..precisions import INT8_STATIC
from .coreml_convert import convert
from .coreml_count import count_layers
from .coreml_package import write_package
from .coreml_precisions import Writer
from .job import Job
from .registry import FORMATS


def save(job: Job) -> Path:
    """Writes ``model.mlpackage`` into the folder: RGB ``image`` -> float32 outputs, [n] or [1, n].

    Modules in ``keep_float`` stay in fp16 where the others are quantized. In the precision fp16, modules in
    ``weight_only`` compute in float32, and those in ``keep_float`` keep float32 weights too.

    Raises:
        ConversionFailed: the network uses an operator that Core ML or the built-in executor does not have, or
            takes photos of any size and int8-static is asked for.
        ExportError: a module to spare is not in the network, or there are no photos to calibrate with.
    """
    if job.contract.input.fit != "stretch" and job.precision is INT8_STATIC:
        raise ConversionFailed(
            "coremltools cannot quantize the activations of a network that takes photos of any size; choose "
            "int8-weights"
        )
    with tempfile.TemporaryDirectory(prefix=".coreml-", dir=job.folder) as scratch:
        outputs = [output.name for output in job.contract.outputs]
        writer: Writer = FORMATS["coreml"].writer(job.precision)
        target = writer.target_for(job)
        conversion = convert(job.network, job.contract.input, outputs, target, Path(scratch))
        conversion.check_operations()
        made = Path(scratch) / "made.mlpackage"
        writer.compress(conversion, job).save(str(made))
        return write_package(made, job.folder / "model.mlpackage", job.contract)


__all__ = ["count_layers", "save"]
