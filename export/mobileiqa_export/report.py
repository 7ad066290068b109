"""What an export did and how it was checked, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path

from mobileiqa_sdk import __version__
from mobileiqa_sdk.contract import ModelContract

from .rewrite import Step
from .verify import Parity

_VERSIONS = ("torch", "onnx", "onnxscript", "onnxruntime", "numpy", "pillow")


def _versions() -> dict[str, str]:
    found = {"mobileiqa-sdk": __version__}
    for name in _VERSIONS:
        with suppress(metadata.PackageNotFoundError):  # as onnxruntime-gpu and the like are
            found[name] = metadata.version(name)
    return found


@dataclass(frozen=True)
class Report:
    """One export.

    Attributes:
        contract: of the artifact.
        file, bytes: the model file.
        steps: the network before the first and after every rewrite.
        parity: reference and artifact, image by image.
        versions: of the packages that had a part in it.
    """

    contract: ModelContract
    file: str
    bytes: int
    steps: Sequence[Step]
    parity: Sequence[Parity]
    versions: dict[str, str] = field(default_factory=_versions)

    @property
    def max_difference(self) -> float:
        """Largest |artifact - reference|."""
        return max(entry.difference for entry in self.parity)

    def to_json(self) -> str:
        """JSON text, schema 1."""
        values = asdict(self)
        values["contract"] = json.loads(self.contract.to_json())
        return json.dumps({"schema": 1, "max_difference": self.max_difference, **values}, indent=2)

    def write(self, folder: Path) -> None:
        """``report.json`` and ``report.md``."""
        (folder / "report.json").write_text(self.to_json() + "\n", encoding="utf-8")
        (folder / "report.md").write_text(self.to_markdown(), encoding="utf-8")

    def to_markdown(self) -> str:
        """The same as a page."""
        model, spec = self.contract.model, self.contract.input
        rows = "\n".join(
            f"| {entry.image} | {entry.reference:.6f} | {entry.artifact:.6f} | {entry.difference:.1e} |"
            for entry in self.parity
        )
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return (
            f"# {model.name} {model.version}\n\n"
            f"{self.file}, {self.bytes / 1e6:.1f} MB, {self.contract.precision.weights}; "
            f"input {spec.height} x {spec.width} uint8 RGB; checkpoint sha256 {model.checkpoint_sha256}.\n\n"
            f"## Rewrites\n\n{cost_table(self.steps)}\n\n"
            "## Against the network as trained, in PyTorch\n\n"
            f"| image | reference | artifact | difference |\n|---|---|---|---|\n{rows}\n\n"
            f"Made with {versions}.\n"
        )


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
    ]
    wide = [max(len(row[i]) for row in (header, *cells)) for i in range(len(header))]
    aligned = [[row[0].ljust(wide[0]), *map(str.rjust, row[1:], wide[1:])] for row in (header, *cells)]
    lines = [f"| {' | '.join(row)} |" for row in aligned]
    rule = f"|{'-' * (wide[0] + 2)}|" + "".join("-" * (w + 1) + ":|" for w in wide[1:])
    return "\n".join([lines[0], rule, *lines[1:]])
