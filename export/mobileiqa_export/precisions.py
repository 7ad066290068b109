"""The one table of precisions: what each computes, what it promises, and what verification allows it.

Adding a precision takes an entry here and a writer in each format that has it (``formats/``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mobileiqa_bench.fidelity.gate import Limits
from mobileiqa_sdk.contract import ActivationType, WeightType
from mobileiqa_sdk.contract import Precision as ContractPrecision

from .errors import ExportError


@dataclass(frozen=True)
class Scheme:
    """How weights are stored as integers and activations passed; what sensitivity analysis simulates.

    Attributes:
        bits: of a weight.
        block: weights along the input axis that share a scale; None is one scale per output channel.
        activations: ``static`` by calibrated ranges, ``dynamic`` by the tensor's own, None stays float.
    """

    bits: int = 8
    block: int | None = None
    activations: Literal["static", "dynamic"] | None = None


@dataclass(frozen=True)
class Precision:
    """One precision of the export matrix.

    Attributes:
        name: as in ``--precision`` and in artifact folder names.
        weights, activations: for the contract.
        note: in words, in the contract.
        tolerance: largest allowed |score - reference| of the golden image, on any machine that replays it.
        limit: largest allowed |score - reference| of any verification image when the artifact is made.
        mean_limit: largest allowed mean of |score - reference| over the verification images.
        scheme: of integer precisions; None computes in floating point.
        aliases: other names accepted on the command line.

    >>> [name for name, precision in PRECISIONS.items() if precision.needs_calibration]
    ['int8-static']
    """

    name: str
    weights: WeightType
    activations: ActivationType
    note: str
    tolerance: float
    limit: float
    mean_limit: float
    scheme: Scheme | None = None
    aliases: tuple[str, ...] = ()

    @property
    def is_integer(self) -> bool:
        """Whether weights are stored as integers, so that layers may have to be spared."""
        return self.scheme is not None

    @property
    def weights_alone(self) -> str:
        """What a module has whose weights alone get the precision, or as much of it as weights can have."""
        return "int8-weights" if self.is_integer else "fp16-weights"

    @property
    def needs_calibration(self) -> bool:
        """Whether writing it needs calibration photos."""
        return self.activations == "static-int8"

    @property
    def for_contract(self) -> ContractPrecision:
        """What an artifact of this precision says of itself."""
        return ContractPrecision(self.weights, self.activations, self.note)

    @property
    def limits(self) -> Limits:
        """What verification allows."""
        return Limits(self.limit, self.mean_limit)

    def __str__(self) -> str:
        return self.name


# The golden image is not a photograph: it has texture and edges at full contrast everywhere. Quantization
# moves its score further than a photo's, and other machines' kernels round differently on top of that.
FP32 = Precision("fp32", "fp32", "float", "fp32", tolerance=1e-4, limit=1e-4, mean_limit=1e-4)
FP16 = Precision(
    "fp16",
    "fp16",
    "float",
    "fp16 or fp32, as the runtime chooses",
    tolerance=5e-3,
    limit=5e-3,
    mean_limit=5e-3,
)
INT8_WEIGHTS = Precision(
    "int8-weights", "int8", "float", "fp32", tolerance=0.03, limit=0.15, mean_limit=0.03, scheme=Scheme()
)
INT8_DYNAMIC = Precision(
    "int8-dynamic",
    "int8",
    "dynamic-int8",
    "int8, ranges at run time",
    tolerance=0.05,
    limit=0.15,
    mean_limit=0.03,
    scheme=Scheme(activations="dynamic"),
)
INT8_STATIC = Precision(
    "int8-static",
    "int8",
    "static-int8",
    "int8, calibrated ranges",
    tolerance=0.05,
    limit=0.15,
    mean_limit=0.03,
    scheme=Scheme(activations="static"),
    aliases=("int8",),
)
INT4_WEIGHTS = Precision(
    "int4-weights",
    "int4",
    "float",
    "fp32",
    tolerance=0.05,
    limit=0.15,
    mean_limit=0.03,
    scheme=Scheme(bits=4, block=32),
    aliases=("int4",),
)

PRECISIONS: dict[str, Precision] = {
    precision.name: precision
    for precision in (FP32, FP16, INT8_WEIGHTS, INT8_DYNAMIC, INT8_STATIC, INT4_WEIGHTS)
}
"""In the order in which a matrix is exported."""


def precision_named(name: str, among: Iterable[Precision] = tuple(PRECISIONS.values())) -> Precision:
    """Returns the precision of this name or alias.

    Raises:
        ExportError: no precision has this name.
    """
    candidates = list(among)
    for precision in candidates:
        if name == precision.name or name in precision.aliases:
            return precision
    choices = [choice for precision in candidates for choice in (precision.name, *precision.aliases)]
    raise ExportError(f"unknown precision {name!r}; choose from {', '.join(choices)}")


def scheme_of(precision: Precision) -> Scheme:
    """Returns the integer scheme of a precision.

    Raises:
        ValueError: it computes in floating point, so there is no scheme to analyse.
    """
    if precision.scheme is None:
        raise ValueError(f"{precision} computes in floating point: there is no integer scheme")
    return precision.scheme
