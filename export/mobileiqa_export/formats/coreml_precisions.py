"""How a Core ML package stores and computes each precision; :mod:`.coreml` lists the systems they need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..precisions import FP16 as PRECISION_FP16
from .coreml_convert import Conversion, Target
from .coreml_quantize import palettize, quantize_activations, quantize_weights
from .job import Job


@dataclass(frozen=True)
class Writer:
    """What to convert for, and how to compress what was converted.

    Attributes:
        target: oldest system and arithmetic of the program.
        compress: returns a coremltools MLModel in the precision.
    """

    target: Target
    compress: Callable[[Conversion, Job], Any]

    def target_for(self, job: Job) -> Target:
        """Returns the target of a job: what an fp16 job spares computes in float32."""
        if job.precision is not PRECISION_FP16:
            return self.target
        return replace(self.target, single=job.spared, half_weights=job.weight_only - job.keep_float)


def _as_converted(conversion: Conversion, job: Job) -> Any:
    return conversion.model


def _int8_weights(conversion: Conversion, job: Job) -> Any:
    return quantize_weights(conversion.model, conversion.operations_of(job.keep_float))


def _int8_static(conversion: Conversion, job: Job) -> Any:
    model = quantize_activations(conversion, job.calibration, conversion.operations_of(job.spared))
    return quantize_weights(model, conversion.operations_of(job.keep_float))


def _int4_weights(conversion: Conversion, job: Job) -> Any:
    model = palettize(conversion, conversion.operations_of(job.spared))
    return quantize_weights(model, conversion.operations_of(job.keep_float))


FP32 = Writer(Target("iOS16", half=False), _as_converted)
FP16 = Writer(Target("iOS16"), _as_converted)
INT8_WEIGHTS = Writer(Target("iOS16"), _int8_weights)
INT8_STATIC = Writer(Target("iOS17"), _int8_static)
INT4_WEIGHTS = Writer(Target("iOS18"), _int4_weights)
