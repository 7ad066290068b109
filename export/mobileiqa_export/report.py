"""What an export did and how it was verified: the data, and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Any

from mobileiqa_bench.fidelity.timing import Timing
from mobileiqa_bench.fidelity.verdict import Verdict
from mobileiqa_sdk import __version__
from mobileiqa_sdk.contract import ModelContract

from .approximations import Approximated
from .quantize.calibration import Calibration
from .quantize.sensitivity import LayerDamage
from .rewrite import Step
from .search import Attempt

_VERSIONS = (
    "torch",
    "onnx",
    "onnxscript",
    "onnxruntime",
    "litert-torch",
    "ai-edge-litert",
    "ai-edge-quantizer",
    "coremltools",
    "numpy",
    "pillow",
)


def versions() -> dict[str, str]:
    """Versions of the packages that have a part in an export, as far as they are installed."""
    installed = {"mobileiqa-sdk": __version__}
    for name in _VERSIONS:
        with suppress(metadata.PackageNotFoundError):  # onnxruntime-gpu goes by another name
            installed[name] = metadata.version(name)
    return installed


@dataclass(frozen=True)
class Report:
    """One artifact of an export.

    Attributes:
        contract: of the artifact.
        file_format, precision: its cell of the matrix.
        file, bytes: the model file.
        steps: what each rewrite and the approximation changed, and what the network costs after it.
        verdict: its scores against those of the network as trained.
        kept: whether there is an artifact: it passed, or drift was allowed.
        approximated: how the network was approximated; None if it is exact.
        fp32_bytes: size of the exact fp32 file of the same format; None if none was written.
        timing: against that file; None if not measured.
        timing_note: why it was not measured.
        calibration: the calibration pictures; None for floating-point precisions.
        layers: layer by layer, the most damaging first, with those marked that were spared; empty where
            nothing was quantized.
        equalised: whether it was made from the equalised network with corrected biases.
        attempts: the recipes that were tried, in order; the artifact is the best of them.
        analysis_pictures: how many calibration pictures the layers were measured on.
        versions: of the packages that had a part in it.
    """

    contract: ModelContract
    file_format: str
    precision: str
    file: str
    bytes: int
    steps: Sequence[Step]
    verdict: Verdict
    kept: bool = True
    approximated: Approximated | None = None
    fp32_bytes: int | None = None
    timing: Timing | None = None
    timing_note: str = ""
    calibration: Calibration | None = None
    layers: Sequence[LayerDamage] = ()
    equalised: bool = False
    attempts: Sequence[Attempt] = ()
    analysis_pictures: int = 0
    versions: dict[str, str] = field(default_factory=versions)

    @property
    def compared_with(self) -> str:
        """What size, time and memory are compared with, in words."""
        return "exact fp32" if self.approximated else "fp32"

    @property
    def spared(self) -> dict[str, list[str]]:
        """Names of the layers that do not have the precision, by what they have instead."""
        names: dict[str, list[str]] = {}
        for row in self.layers:
            if row.spared_as:
                names.setdefault(row.spared_as, []).append(row.layer)
        return names

    def to_json(self) -> str:
        """Returns the report as JSON text, schema 2."""
        values = {
            "schema": 2,
            "file_format": self.file_format,
            "precision": self.precision,
            "file": self.file,
            "bytes": self.bytes,
            "fp32_bytes": self.fp32_bytes,
            "kept": self.kept,
            "approximation": self.approximated and _approximation(self.approximated),
            **self.verdict.to_dict(),
            "contract": json.loads(self.contract.to_json()),
            "timing": self.timing and {**asdict(self.timing), "slower": self.timing.slower},
            "timing_note": self.timing_note,
            "calibration": self.calibration and _calibration(self.calibration),
            "equalised": self.equalised,
            "spared": self.spared,
            "attempts": [asdict(row) for row in self.attempts],
            "layers": [_layer(row) for row in self.layers],
            "analysis_pictures": self.analysis_pictures,
            "steps": [asdict(step) for step in self.steps],
            "versions": self.versions,
        }
        return json.dumps(values, indent=2, allow_nan=False)


def _calibration(used: Calibration) -> dict[str, Any]:
    return {
        "source": used.source,
        "builtin": used.builtin,
        "stratified": used.stratified,
        "available": used.available,
        "warnings": used.warnings,
        "photos": used.photos,
        "skipped": [asdict(row) for row in used.skipped],
    }


def _approximation(approximated: Approximated) -> dict[str, Any]:
    levels = [{**asdict(level), "passed": not level.failures} for level in approximated.levels]
    return {
        "name": approximated.name,
        "level": approximated.chosen.level,
        "note": approximated.note,
        "levels": levels,
    }


def _layer(row: LayerDamage) -> dict[str, Any]:
    values = asdict(row)
    values["modules"] = list(row.modules)
    values["sqnr_db"] = row.sqnr_db if math.isfinite(row.sqnr_db) else None
    return values
