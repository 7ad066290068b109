"""Any two artifacts, whatever their formats: do they give the same scores, and the same order?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.errors import MobileIQAError
from mobileiqa_sdk.library import find, size_of
from mobileiqa_sdk.progress import SILENT, Progress

from ..photographs import Skipped
from .drift import Drift, drift, failures
from .images import ImageSet, verification_set
from .pages import drift_section, figures, parity_section, skipped_section, timing_section
from .parity import Parity, side_by_side
from .runners import open_runner, run_all
from .timing import Timing, measure_against


class NotComparable(MobileIQAError):
    """Two artifacts see photos at different sizes, or a package for the figures is missing."""


@dataclass(frozen=True)
class Comparison:
    """An artifact against another one, which takes the part of the reference.

    Attributes:
        artifact, other: paths of the model files.
        contract, other_contract: what they say of themselves.
        bytes, other_bytes: their sizes.
        images, skipped: where the pictures come from, and photos left out.
        parity, drift: scores, and figures over them.
        failures: where they are further apart than an export may be from its network.
        timing: of the artifact as a ratio to the other; None where not measured, and a note says why.
        timing_note: why.
    """

    artifact: str
    other: str
    contract: ModelContract
    other_contract: ModelContract
    bytes: int
    other_bytes: int
    images: str
    skipped: Sequence[Skipped]
    parity: Sequence[Parity]
    drift: Drift
    failures: Sequence[str]
    timing: Timing | None
    timing_note: str

    @property
    def passed(self) -> bool:
        """Whether the artifact may stand in for the other."""
        return not self.failures

    def to_json(self) -> str:
        """JSON text, schema 1."""
        values: dict[str, Any] = {
            "schema": 1,
            "artifact": self.artifact,
            "against": self.other,
            "passed": self.passed,
            "failures": list(self.failures),
            "bytes": self.bytes,
            "against_bytes": self.other_bytes,
            "drift": {**asdict(self.drift), **figures(self.drift)},
            "timing": self.timing and {**asdict(self.timing), "slower": self.timing.slower},
            "timing_note": self.timing_note,
            "contract": json.loads(self.contract.to_json()),
            "against_contract": json.loads(self.other_contract.to_json()),
            "images": self.images,
            "skipped": [asdict(row) for row in self.skipped],
            "parity": [asdict(entry) for entry in self.parity],
        }
        return json.dumps(values, indent=2, allow_nan=False)

    def to_markdown(self) -> str:
        """The same as a page."""
        verdict = (
            "**Passed.**" if self.passed else "**FAILED**\n\n" + "\n".join(f"- {x}" for x in self.failures)
        )
        sections = [
            f"# {_title(self.contract)}, against {_title(self.other_contract)}",
            f"{self.artifact}, {self.bytes / 1e6:.1f} MB, "
            f"{self.bytes / self.other_bytes:.2f} of {self.other}.",
            verdict,
            drift_section(self.drift, self.images),
            skipped_section(self.skipped),
            "The largest differences:",
            parity_section(self.parity),
            "## Time and memory",
            timing_section(self.timing, "the other") if self.timing else f"Not measured: {self.timing_note}.",
        ]
        return "\n\n".join(section for section in sections if section) + "\n"


def compare(
    artifact: str | Path,
    other: str | Path,
    *,
    photos: str | Path | None = None,
    count: int | None = None,
    threads: int | None = None,
    timing: bool = True,
    progress: Progress = SILENT,
) -> Comparison:
    """Score the same pictures with two artifacts.

    Args:
        artifact: a name, folder or model file.
        other: likewise; the reference.
        photos: see :func:`mobileiqa_bench.fidelity.images.verification_set`.
        count: likewise.
        threads: of the runtimes.
        timing: measure time and memory too.
        progress: receives each step and warning.

    Raises:
        NotComparable: their inputs have different sizes, or scipy is missing.
        ModelError: one of them cannot be run here.
        PhotosMissing: no photo can be read.
    """
    ours, theirs = open_runner(artifact, threads), open_runner(other, threads)
    size, other_size = ours.contract.input.size, theirs.contract.input.size
    if size != other_size:
        raise NotComparable(
            f"{artifact} takes photos of {size[0]}x{size[1]} pixels, {other} of "
            f"{other_size[0]}x{other_size[1]}; compare artifacts of one input size"
        )
    files = find(artifact), find(other)
    progress.step("making the test images")
    images = verification_set(size, photos, count)
    found, parity = _drift(images, *(run_all(each.run, images.pixels, progress) for each in (theirs, ours)))
    measured, note = _timing(*files, progress) if timing else (None, "--no-timing")
    return Comparison(
        artifact=str(files[0]),
        other=str(files[1]),
        contract=ours.contract,
        other_contract=theirs.contract,
        bytes=size_of(files[0]),
        other_bytes=size_of(files[1]),
        images=images.source,
        skipped=images.skipped,
        parity=parity,
        drift=found,
        failures=failures(found, None),
        timing=measured,
        timing_note=note,
    )


def _drift(images: ImageSet, expected: list[float], scores: list[float]) -> tuple[Drift, list[Parity]]:
    try:
        found = drift(expected, scores)
    except ImportError as error:
        raise NotComparable(
            f'correlations need {error.name or error}; pip install "mobileiqa-sdk[evaluate]"'
        ) from error
    return found, side_by_side(images.names, expected, scores)


def _timing(artifact: Path, other: Path, progress: Progress) -> tuple[Timing | None, str]:
    from mobileiqa_bench.errors import BenchmarkError

    try:
        return measure_against(other, artifact, progress), ""
    except BenchmarkError as error:
        return None, str(error)


def _title(contract: ModelContract) -> str:
    return f"{contract.model.name} {contract.model.version} {contract.precision.weights}"
