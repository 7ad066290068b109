"""Every private part of another library that an export uses, each held to the versions it was tested with.

A private part may move in any release. Where the installed version is not one that was tested, or the part is
not where it was, :class:`~mobileiqa_export.errors.UnsupportedVersion` says so: nobody's network is to blame.
``pyproject.toml`` caps the same versions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Any

from mobileiqa_mil.coreml_tools import load

from .errors import UnsupportedVersion


@dataclass(frozen=True)
class Library:
    """A distribution, and the versions of it that were tested.

    Attributes:
        name: of the distribution; the package is called the same, with underscores.
        first: lowest version that was tested: major and minor.
        last: highest version that was tested: major and minor; its patch releases count as tested too.
        after: a module to import before the library, if any.
    """

    name: str
    first: tuple[int, int]
    last: tuple[int, int]
    after: str = ""

    @property
    def installed(self) -> str:
        """The installed version, of whichever distribution brings the package (onnxruntime has several)."""
        if self.after:
            import_module(self.after)
        package = load(self.name.replace("-", "_"))
        return str(getattr(package, "__version__", None) or version(self.name))

    def check(self) -> None:
        """Raises an error if the installed version is not one of those that were tested.

        Raises:
            UnsupportedVersion: it is not.
            ImportError: the library is not installed.
        """
        release = tuple(int(part) for part in re.findall(r"\d+", self.installed)[:2])
        if not self.first <= release <= self.last:
            raise self.unsupported()

    def unsupported(self) -> UnsupportedVersion:
        """Returns the error for the installed version."""
        versions = dict.fromkeys(f"{major}.{minor}" for major, minor in (self.first, self.last))
        return UnsupportedVersion(self.name, self.installed, " to ".join(versions))


@dataclass(frozen=True)
class Part:
    """A private part of a library.

    Attributes:
        library: where it is.
        module: dotted name of the module that holds it.
        attribute: its name there.
    """

    library: Library
    module: str
    attribute: str

    def load(self) -> Any:
        """Imports and returns the part.

        Raises:
            UnsupportedVersion: the library's version was not tested, or has no such part.
            ImportError: the library is not installed.
        """
        self.library.check()
        try:
            return getattr(import_module(self.module), self.attribute)
        except (ModuleNotFoundError, AttributeError) as error:
            if isinstance(error, ModuleNotFoundError) and not self._is_within(error.name):
                raise
            raise self.library.unsupported() from error

    def _is_within(self, module: str | None) -> bool:
        """Returns whether a missing module is part of the library, rather than of another package."""
        return module is not None and module.partition(".")[0] == self.module.partition(".")[0]


_TELEMETRY_OFF = "mobileiqa_sdk._onnxruntime"
TORCH = Library("torch", (2, 13), (2, 13))
ONNXRUNTIME = Library("onnxruntime", (1, 22), (1, 32), _TELEMETRY_OFF)
ONNXSCRIPT = Library("onnxscript", (0, 5), (0, 7), _TELEMETRY_OFF)  # it may import onnxruntime
COREMLTOOLS = Library("coremltools", (9, 0), (9, 0))
AI_EDGE_QUANTIZER = Library("ai-edge-quantizer", (0, 10), (0, 10))

DISPATCH_MODE = Part(TORCH, "torch.utils._python_dispatch", "TorchDispatchMode")
DECOMPOSITIONS = Part(TORCH, "torch._decomp", "decomposition_table")
TREE_LEAVES = Part(TORCH, "torch.utils._pytree", "tree_leaves")
TREE_MAP = Part(TORCH, "torch.utils._pytree", "tree_map")
PARSE_TO = Part(TORCH, "torch._C._nn", "_parse_to")
ADAPTIVE_AVG_POOL2D = Part(TORCH, "torch._C._nn", "adaptive_avg_pool2d")
ADAPTIVE_AVG_POOL3D = Part(TORCH, "torch._C._nn", "adaptive_avg_pool3d")
QDQ_QUANTIZER = Part(ONNXRUNTIME, "onnxruntime.quantization.qdq_quantizer", "QDQQuantizer")
NBITS_QUANTIZER = Part(ONNXRUNTIME, "onnxruntime.quantization.matmul_nbits_quantizer", "MatMulNBitsQuantizer")
TENSORS_DATA = Part(ONNXRUNTIME, "onnxruntime.quantization.calibrate", "TensorsData")
DEFAULT_RULES = Part(ONNXSCRIPT, "onnxscript.rewriter", "_DEFAULT_REWRITE_RULES")
NO_OP_RULES = Part(ONNXSCRIPT, "onnxscript.rewriter.rules.common._no_op", "rules")
KMEANS = Part(
    COREMLTOOLS,
    "coremltools.models.neural_network.quantization_utils",
    "_get_kmeans_lookup_table_and_weight",
)
GRAPH_PASS = Part(COREMLTOOLS, "coremltools.converters.mil.mil.passes.graph_pass", "AbstractGraphPass")
MIL_BUILDER = Part(COREMLTOOLS, "coremltools.converters.mil.mil", "Builder")
SCOPE_SOURCE = Part(COREMLTOOLS, "coremltools.converters.mil.mil.scope", "ScopeSource")
COMMON_PASSES = Part(COREMLTOOLS, "coremltools.converters.mil.mil.passes.pass_pipeline", "_COMMON_PASSES")
PASS_REGISTRY = Part(COREMLTOOLS, "coremltools.converters.mil.mil.passes.pass_registry", "PASS_REGISTRY")
ALGORITHM_NAME = Part(AI_EDGE_QUANTIZER, "ai_edge_quantizer.algorithm_manager", "AlgorithmName")
CALIBRATION_MODE = Part(AI_EDGE_QUANTIZER, "ai_edge_quantizer.calibrator", "CalibrationMode")
CALIBRATOR = Part(AI_EDGE_QUANTIZER, "ai_edge_quantizer.calibrator", "Calibrator")
QUANTIZER = Part(AI_EDGE_QUANTIZER, "ai_edge_quantizer.quantizer", "Quantizer")
RECIPE_MANAGER = Part(AI_EDGE_QUANTIZER, "ai_edge_quantizer.recipe_manager", "RecipeManager")
MIN_MAX_UPDATE = Part(AI_EDGE_QUANTIZER, "ai_edge_quantizer.utils.qsv_utils", "min_max_update")

ONNX_SCOPES = "pkg.torch.onnx.name_scopes"
"""Key under which torch's exporter notes, at each ONNX node, the modules whose code made it."""
COREML_HANDLE = "debug_handle"
"""Key in the metadata of a torch node from which coremltools takes the number that it maps."""
COREML_HANDLE_SCOPE = "EXIR_DEBUG_HANDLE"
"""The scope of a MIL operation in which coremltools keeps that number."""
COREML_MAPPING = "executorch_debug_handle_mapping.json"
"""The file of a package that coremltools saved: which operations came from which handle."""

ACTIVATION_PASSES = (
    "compression::insert_prefix_quantize_dequantize_pair",
    "compression::insert_suffix_quantize_dequantize_pair",
)
FUSE_LINEAR_BIAS = "common::fuse_linear_bias"
"""The pass that adds a constant to a layer's bias. It fails if the constant is a number without an axis."""
PAIR_ELIMINATION = "common::dequantize_quantize_pair_elimination"


def activation_passes() -> tuple[str, ...]:
    """Returns the names of coremltools' passes that quantize activations by given ranges.

    Raises:
        UnsupportedVersion: this version has not all of them, or :data:`PAIR_ELIMINATION`.
    """
    registered = PASS_REGISTRY.load().passes
    if not registered.keys() >= {*ACTIVATION_PASSES, PAIR_ELIMINATION}:
        raise COREMLTOOLS.unsupported()
    return ACTIVATION_PASSES


@contextmanager
def without_linear_bias_fusion() -> Iterator[None]:
    """Runs coremltools' compression of weights without :data:`FUSE_LINEAR_BIAS`.

    Compression ends in the default passes again. They are a global of coremltools; no option leaves any out.
    """
    names = COMMON_PASSES.load()
    position = names.index(FUSE_LINEAR_BIAS)
    del names[position]
    try:
        yield
    finally:
        names.insert(position, FUSE_LINEAR_BIAS)


@contextmanager
def without_no_op_rules() -> Iterator[None]:
    """Runs torch's ONNX exporter without onnxscript's rules against adding 0 and multiplying by 1.

    Those rules round: they replace x + 1e-8 by x. Under a root that is 1e-4 where x is 0, and DBCNN divides
    by the norm of a vector of such values. The rules are a global of onnxscript; no option leaves any out.

    Raises:
        UnsupportedVersion: this version of onnxscript keeps its rules elsewhere.
    """
    rules, no_op = DEFAULT_RULES.load(), list(NO_OP_RULES.load())
    rewriter = import_module(DEFAULT_RULES.module)
    setattr(rewriter, DEFAULT_RULES.attribute, tuple(rule for rule in rules if rule not in no_op))
    try:
        yield
    finally:
        setattr(rewriter, DEFAULT_RULES.attribute, rules)
