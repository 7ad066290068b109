"""What an export did and how it was checked, for people and for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from mobileiqa_bench.fidelity import Drift, Parity
from mobileiqa_bench.fidelity.pages import (
    drift_section,
    figures,
    parity_section,
    skipped_section,
    timing_section,
)
from mobileiqa_bench.fidelity.plot import draw
from mobileiqa_bench.fidelity.timing import Timing
from mobileiqa_bench.photographs import Skipped
from mobileiqa_sdk import __version__
from mobileiqa_sdk.contract import ModelContract

from .quantize.calibration import Calibration
from .quantize.mixed import Try
from .quantize.sensitivity import SPARED, LayerDamage
from .rewrite import Step

REPORT_FILES = ("report.json", "report.md", "report.png")
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


def _versions() -> dict[str, str]:
    found = {"mobileiqa-sdk": __version__}
    for name in _VERSIONS:
        with suppress(metadata.PackageNotFoundError):  # as onnxruntime-gpu and the like are
            found[name] = metadata.version(name)
    return found


@dataclass(frozen=True)
class Report:
    """One artifact of an export.

    Attributes:
        contract: of the artifact.
        form, precision: its cell of the matrix.
        file, bytes: the model file.
        steps: the network before the first and after every rewrite.
        parity: reference and artifact, image by image.
        drift: figures over those.
        images: where the images come from, for people.
        skipped: photos meant for verification that could not be read.
        failures: why it would not be kept, a sentence each; empty where it passed.
        drift_allowed: it was kept in spite of those.
        fp32_bytes: of the fp32 artifact of the same format; None where there was none to compare with.
        timing: against that artifact; None where not measured, and ``timing_note`` says why.
        calibration: the pictures that ranges were found on; None where no precision needed any.
        sensitivity: layer by layer, the worst first; empty where nothing was quantized.
        equalised: whether it is from the equalised network with corrected biases.
        tries: the ways to quantize that were tried, in order; the artifact is the best of them.
        sensitivity_pictures: how many calibration pictures that was measured on.
        versions: of the packages that had a part in it.
    """

    contract: ModelContract
    form: str
    precision: str
    file: str
    bytes: int
    steps: Sequence[Step]
    parity: Sequence[Parity]
    drift: Drift
    images: str
    skipped: Sequence[Skipped] = ()
    failures: Sequence[str] = ()
    drift_allowed: bool = False
    fp32_bytes: int | None = None
    timing: Timing | None = None
    timing_note: str = ""
    calibration: Calibration | None = None
    sensitivity: Sequence[LayerDamage] = ()
    equalised: bool = False
    tries: Sequence[Try] = ()
    sensitivity_pictures: int = 0
    versions: dict[str, str] = field(default_factory=_versions)

    @property
    def max_difference(self) -> float:
        """Largest |artifact - reference|."""
        return max(entry.difference for entry in self.parity)

    @property
    def spared(self) -> dict[str, list[str]]:
        """The layers that mixed precision spares, by what they have instead."""
        layers: dict[str, list[str]] = {}
        for row in self.sensitivity:
            if row.spared_as:
                layers.setdefault(row.spared_as, []).append(row.layer)
        return layers

    def to_json(self) -> str:
        """JSON text, schema 1."""
        calibration = self.calibration
        values = {
            "schema": 1,
            "passed": not self.failures,
            "max_difference": self.max_difference,
            **{name: getattr(self, name) for name in ("form", "precision", "file", "bytes", "fp32_bytes")},
            "contract": json.loads(self.contract.to_json()),
            "failures": list(self.failures),
            "drift_allowed": self.drift_allowed,
            "drift": {**asdict(self.drift), **figures(self.drift)},
            "timing": self.timing and {**asdict(self.timing), "slower": self.timing.slower},
            "timing_note": self.timing_note,
            "calibration": calibration and _without_pixels(calibration),
            "equalised": self.equalised,
            "spared": self.spared,
            "tries": [asdict(row) for row in self.tries],
            "sensitivity": [_layer(row) for row in self.sensitivity],
            "sensitivity_pictures": self.sensitivity_pictures,
            "steps": [asdict(step) for step in self.steps],
            "images": self.images,
            "skipped": [asdict(row) for row in self.skipped],
            "parity": [asdict(entry) for entry in self.parity],
            "versions": self.versions,
        }
        return json.dumps(values, indent=2, allow_nan=False)

    def write(self, folder: Path) -> bool:
        """``report.json``, ``report.md``, and ``report.png`` where matplotlib is installed; whether it is."""
        model = self.contract.model
        (folder / "report.json").write_text(self.to_json() + "\n", encoding="utf-8")
        drawn = draw(
            folder / "report.png",
            self.parity,
            self.drift,
            title=f"{model.name} {model.version}, {self.form} {self.precision}",
            subtitle=self._subtitle(),
            axes=("network as trained, PyTorch", f"{self.form} {self.precision}"),
        )
        (folder / "report.md").write_text(self.to_markdown(drawn=drawn), encoding="utf-8")
        return drawn

    def _subtitle(self) -> str:
        parts = [f"{self.bytes / 1e6:.1f} MB" + self._size_ratio()]
        if self.timing:
            parts.append(f"{self.timing.latency_ratio[0]:.2f} of the time of fp32")
            parts.append(f"{self.timing.memory_ratio[0]:.2f} of its memory")
        parts.append("FAILED verification" if self.failures else "verified")
        return f"{'  ·  '.join(parts)}  ·  {self.drift.images} images"

    def _size_ratio(self) -> str:
        return f" ({self.bytes / self.fp32_bytes:.2f} of fp32)" if self.fp32_bytes else ""

    def to_markdown(self, *, drawn: bool = True) -> str:
        """The same as a page, with the picture where it was drawn."""
        model, spec = self.contract.model, self.contract.input
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        picture = (
            "![scores of the artifact over the reference's](report.png)"
            if drawn
            else "No picture: `pip install matplotlib` for it."
        )
        sections = [
            f"# {model.name} {model.version}",
            f"{self.file}, {self.bytes / 1e6:.1f} MB{self._size_ratio()}, {self.form} {self.precision}; "
            f"input {spec.height} x {spec.width} uint8 RGB; checkpoint sha256 {model.checkpoint_sha256}.",
            self._verdict(),
            picture,
            "## Against the network as trained, in PyTorch",
            drift_section(self.drift, self.images),
            skipped_section(self.skipped),
            "The largest differences:",
            parity_section(self.parity),
            "## Time and memory",
            timing_section(self.timing, "fp32") if self.timing else f"Not measured: {self.timing_note}.",
            *self._calibration(),
            *self._tries(),
            *self._sensitivity(),
            f"## Rewrites\n\n{cost_table(self.steps)}",
            f"Made with {versions}.",
        ]
        return "\n\n".join(section for section in sections if section) + "\n"

    def _verdict(self) -> str:
        if not self.failures:
            return "**Passed verification.**"
        heading = "**FAILED verification" + (
            ", kept all the same.**" if self.drift_allowed else ", not kept.**"
        )
        return "\n".join([heading, "", *(f"- {failure}" for failure in self.failures)])

    def _calibration(self) -> list[str]:
        if self.calibration is None:
            return []
        used = self.calibration
        how = f", chosen evenly over the predicted scores of {used.found} photos" if used.stratified else ""
        return [
            "## Calibration",
            f"{len(used.photos)} pictures ({used.source}){how}.",
            *(f"**Warning:** {warning}." for warning in used.warnings),
            skipped_section(used.skipped),
            "<details><summary>Which</summary>\n\n"
            + "\n".join(f"- {name}" for name in used.photos)
            + "\n\n</details>",
        ]

    def _tries(self) -> list[str]:
        if len(self.tries) < 2:
            return []
        lines = [
            "| tried | SRCC | mean difference | largest | clear pairs flipped |",
            "|---|--:|--:|--:|--:|",
            *(
                f"| {row.label} | {_figure(row.srcc, '.5f')} | {row.mean_difference:.1e} "
                f"| {row.max_difference:.1e} | {row.clear_flips:.2%} |"
                for row in self.tries
            ),
        ]
        return ["## Ways to quantize", "\n".join(lines)]

    def _sensitivity(self) -> list[str]:
        if not self.sensitivity:
            return []
        spared = "; ".join(f"{SPARED[kind]}: {', '.join(layers)}" for kind, layers in self.spared.items())
        lines = [
            "| layer | SQNR | largest difference | mean | SRCC | |",
            "|---|--:|--:|--:|--:|---|",
            *(
                f"| {row.layer} | {row.sqnr_db:.1f} dB | {_figure(row.max_difference, '.1e')} "
                f"| {_figure(row.mean_difference, '.1e')} | {_figure(row.srcc, '.4f')} "
                f"| {row.spared_as} |"
                for row in self.sensitivity
            ),
        ]
        return [
            "## Layer by layer",
            f"Each layer quantized alone, simulated in PyTorch on {self.sensitivity_pictures} calibration "
            f"pictures: signal to quantization noise at its output, and the damage to the scores where it "
            f"was measured. Spared are {spared or 'none'}.",
            "\n".join(lines),
        ]


def _without_pixels(used: Calibration) -> dict[str, Any]:
    return {
        "source": used.source,
        "builtin": used.builtin,
        "stratified": used.stratified,
        "found": used.found,
        "warnings": used.warnings,
        "photos": used.photos,
        "skipped": [asdict(row) for row in used.skipped],
    }


def _layer(row: LayerDamage) -> dict[str, Any]:
    values = asdict(row)
    values["modules"] = list(row.modules)
    values["sqnr_db"] = row.sqnr_db if math.isfinite(row.sqnr_db) else None
    return values


def _figure(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def cost_table(steps: Sequence[Step]) -> str:
    """The table of what every rewrite saves, aligned, in Markdown."""
    header = ("network", "parameters", "MACs", "largest activation")
    cells = [
        (
            step.name.replace("_", " "),
            f"{step.cost.parameters / 1e6:.2f} M",
            f"{step.cost.macs / 1e9:.2f} G",
            f"{step.cost.largest_activation / 1e6:.1f} MB",
        )
        for step in steps
        if not step.reason
    ]
    wide = [max(len(row[i]) for row in (header, *cells)) for i in range(len(header))]
    aligned = [[row[0].ljust(wide[0]), *map(str.rjust, row[1:], wide[1:])] for row in (header, *cells)]
    lines = [f"| {' | '.join(row)} |" for row in aligned]
    rule = f"|{'-' * (wide[0] + 2)}|" + "".join("-" * (w + 1) + ":|" for w in wide[1:])
    return "\n".join([lines[0], rule, *lines[1:]])
