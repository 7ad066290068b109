"""The formats, and who writes each precision in them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from ..errors import ConversionFailed, ExportError
from ..precisions import FP16, FP32, INT4_WEIGHTS, INT8_DYNAMIC, INT8_STATIC, INT8_WEIGHTS, Precision
from .job import MIN_INTEGERS

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Writer:
    """How a format writes one precision.

    Attributes:
        target: ``module:name`` of what the format's module calls; the module says what that must be. A
            module of this package may be named relative to it, with a leading dot.
        smallest: number of weights from which a layer is quantized.
        layers: the kind of layers that get the precision, in words.
        computes_in_half: whether activations are fp16 too.
    """

    target: str
    smallest: int = 0
    layers: str = "layers"
    computes_in_half: bool = False


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes:
        name: as in ``--format`` and in artifact folder names.
        module: has ``save(job) -> Path`` and ``count_layers(path) -> LayerCount``; imported when first used.
        extra: the extras of this distribution that install what the module imports.
        writers: of the precisions that the format offers, in the order in which they are exported.
        limit: largest size of the float32 weights in bytes; every precision is made from the float32 file.
    """

    name: str
    module: str
    extra: str
    writers: Mapping[Precision, Writer]
    limit: float = math.inf

    @property
    def precisions(self) -> tuple[Precision, ...]:
        """The precisions that the format offers."""
        return tuple(self.writers)

    def smallest(self, precision: Precision) -> int:
        """Returns the number of weights from which a precision quantizes a layer."""
        return self._registered(precision).smallest

    def layers_of(self, precision: Precision) -> str:
        """Returns which layers get a precision, in words; empty if all that have weights do."""
        writer = self._registered(precision)
        return f"{writer.layers} of at least {writer.smallest:,} weights" if writer.smallest else ""

    def computes_in_half(self, precision: Precision) -> bool:
        """Returns whether activations of a precision are fp16."""
        return self._registered(precision).computes_in_half

    def writer(self, precision: Precision) -> Any:
        """Imports and returns what writes a precision.

        Raises:
            ExportError: the format does not offer the precision.
        """
        target = self._registered(precision).target
        return resolve_name(f"{__package__}{target}" if target.startswith(".") else target)

    def load(self) -> Any:
        """Imports and returns the format's module.

        Raises:
            ExportError: a package that it needs is missing or broken.
        """
        install = f'pip install "mobileiqa-sdk[{self.extra}]"'
        try:
            return import_module(self.module)
        except ModuleNotFoundError as error:
            raise ExportError(f"{self.name} needs the package {error.name}; {install}") from error
        except ImportError as error:
            raise ExportError(
                f"{self.name} needs a package that is installed but cannot be imported ({error}); "
                f"reinstall it: {install}"
            ) from error

    def check_size(self, network: nn.Module) -> None:
        """Raises an error if a file of this format cannot hold a network's weights.

        Raises:
            ConversionFailed: it cannot.
        """
        tensors = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
        size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
        if size > self.limit:
            raise ConversionFailed(
                f"the network has {size / 1e9:.2f} GB of weights, and a file of the format {self.name} holds "
                "less than 2.15 GB before anything is quantized; choose a smaller network or another format"
            )

    def _registered(self, precision: Precision) -> Writer:
        if precision not in self.writers:
            offered = ", ".join(str(each) for each in self.writers)
            raise ExportError(f"{self.name} does not offer {precision}; choose from {offered}")
        return self.writers[precision]


# What a protobuf or flatbuffer can hold, minus room for the graph.
_MAX_FILE = 2**31 - 2**24

_ONNX = Format(
    "onnx",
    "mobileiqa_export.formats.onnx",
    "export",
    {
        FP32: Writer(".onnx:as_converted"),
        FP16: Writer(".onnx_fp16:convert"),
        INT8_WEIGHTS: Writer(".onnx_int8_weights:convert", MIN_INTEGERS),
        INT8_DYNAMIC: Writer(".onnx_int8_dynamic:convert", MIN_INTEGERS, "matrix products"),
        INT8_STATIC: Writer(".onnx_int8_static:convert"),
        INT4_WEIGHTS: Writer(".onnx_int4_weights:convert", MIN_INTEGERS, "matrix products"),
    },
    limit=_MAX_FILE,
)
_TFLITE = Format(
    "tflite",
    "mobileiqa_export.formats.tflite",
    "export-tflite",
    {
        FP32: Writer(".tflite_quantize:as_converted"),
        FP16: Writer(".tflite_quantize:fp16"),
        INT8_WEIGHTS: Writer(".tflite_quantize:int8_weights"),
        INT8_DYNAMIC: Writer(".tflite_quantize:int8_dynamic"),
        INT8_STATIC: Writer(".tflite_quantize:int8_static"),
    },
    limit=_MAX_FILE,
)
_COREML = Format(
    "coreml",
    "mobileiqa_export.formats.coreml",
    "export,coreml",
    {
        FP32: Writer(".coreml_precisions:FP32"),
        FP16: Writer(".coreml_precisions:FP16", computes_in_half=True),
        INT8_WEIGHTS: Writer(".coreml_precisions:INT8_WEIGHTS", 2049),  # coremltools' own limit
        INT8_STATIC: Writer(".coreml_precisions:INT8_STATIC"),
        INT4_WEIGHTS: Writer(".coreml_precisions:INT4_WEIGHTS", MIN_INTEGERS),
    },
)

FORMATS: dict[str, Format] = {entry.name: entry for entry in (_ONNX, _TFLITE, _COREML)}


def format_named(name: str) -> Format:
    """Returns the format of a name.

    Raises:
        ExportError: there is no such format.
    """
    if name not in FORMATS:
        raise ExportError(f"unknown format {name!r}; choose from {', '.join(FORMATS)}")
    return FORMATS[name]
