"""Compares two artifacts of any format: do they give the same scores, and the same ranking?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mobileiqa_sdk.contract import InputSpec, ModelContract
from mobileiqa_sdk.errors import OpinionsInvalid
from mobileiqa_sdk.library import find, size_of
from mobileiqa_sdk.progress import SILENT, Progress

from ..errors import BenchmarkError, NotComparable
from ..units import megabytes
from .gate import ANY_PRECISION
from .images import ImageSet, verification_set
from .pages import drift_section, largest_differences, others_section, skipped_section, timing_section
from .scoring import Values, answer_images, open_artifact
from .timing import Timing, measure_against
from .verdict import Verdict, judge


@dataclass(frozen=True)
class Comparison:
    """An artifact compared with another one, which serves as the reference.

    Attributes:
        artifact, other: paths of the model files.
        contract, other_contract: their contracts.
        bytes, other_bytes: their sizes.
        verdict: scores and figures; its failures name differences larger than those allowed between an
            export and its network.
        timing: the artifact's as a ratio to the other's; None if not measured.
        timing_note: why it was not measured.
    """

    artifact: str
    other: str
    contract: ModelContract
    other_contract: ModelContract
    bytes: int
    other_bytes: int
    verdict: Verdict
    timing: Timing | None
    timing_note: str

    @property
    def passed(self) -> bool:
        """Whether the artifact may stand in for the other."""
        return self.verdict.passed

    def to_json(self) -> str:
        """Returns the comparison as JSON text, schema 2."""
        values: dict[str, Any] = {
            "schema": 2,
            "artifact": self.artifact,
            "against": self.other,
            **self.verdict.to_dict(),
            "bytes": self.bytes,
            "against_bytes": self.other_bytes,
            "timing": self.timing and {**asdict(self.timing), "slower": self.timing.slower},
            "timing_note": self.timing_note,
            "contract": json.loads(self.contract.to_json()),
            "against_contract": json.loads(self.other_contract.to_json()),
        }
        return json.dumps(values, indent=2, allow_nan=False)

    def to_markdown(self) -> str:
        """Returns the comparison as a Markdown page."""
        reasons = "\n".join(f"- {failure}" for failure in self.verdict.failures)
        sections = [
            f"# {_title(self.contract)}, against {_title(self.other_contract)}",
            f"{self.artifact}, {megabytes(self.bytes)}, {self.bytes / self.other_bytes:.2f} of {self.other}.",
            "**Passed.**" if self.passed else f"**FAILED**\n\n{reasons}",
            drift_section(self.verdict),
            others_section(self.verdict),
            skipped_section(self.verdict.skipped),
            "The largest differences:",
            largest_differences(self.verdict.scores),
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
    """Scores the same images with two artifacts.

    Args:
        artifact: a name, folder or model file.
        other: another one; the reference.
        photos: a folder of photos; None takes the built-in verification images.
        count: how many images in all; None decides by the input size.
        threads: of the runtimes; None takes ``OMP_NUM_THREADS`` if set, else all CPUs.
        timing: whether to measure time and memory too.
        progress: receives each step.

    Raises:
        NotComparable: their inputs have different sizes, or scipy is missing.
        OpinionsInvalid: the reference answers NaN, infinity or out of range.
        ModelError: one of them cannot be run here.
        PhotosMissing: no photo can be read.
    """
    candidate, reference = open_artifact(artifact, threads), open_artifact(other, threads)
    spec, other_spec = candidate.contract.input, reference.contract.input
    if _fit(spec) != _fit(other_spec):
        raise NotComparable(
            f"{artifact} takes photos of {spec.text}, {other} of {other_spec.text}; compare artifacts of one "
            "input size"
        )
    files = find(artifact), find(other)
    progress.step("making the test images")
    images = verification_set(spec, photos, count)
    expected = answer_images(lambda pixels: reference.predict(pixels).values, images.pixels, progress)
    answers = answer_images(lambda pixels: candidate.predict(pixels).values, images.pixels, progress)
    verdict = _judge(images, _complete(expected, images, files[1]), answers)
    measured, note = _timing(*files, progress) if timing else (None, "--no-timing")
    return Comparison(
        artifact=str(files[0]),
        other=str(files[1]),
        contract=candidate.contract,
        other_contract=reference.contract,
        bytes=size_of(files[0]),
        other_bytes=size_of(files[1]),
        verdict=verdict,
        timing=measured,
        timing_note=note,
    )


def _fit(spec: InputSpec) -> tuple[object, ...]:
    return spec.height, spec.width, spec.fit, spec.multiple, spec.settings


def _complete(answers: Sequence[Values | None], images: ImageSet, path: Path) -> list[Values]:
    for name, values in zip(images.names, answers, strict=True):
        if values is None:
            raise OpinionsInvalid(f"{path}: the reference's answer to the image {name!r} is not a score")
    return [values for values in answers if values is not None]


def _judge(images: ImageSet, expected: Sequence[Values], answers: Sequence[Values | None]) -> Verdict:
    """Compares what both answer; the score always, faults and photograph if both have them."""
    common = set(expected[0]).intersection(*(values for values in answers if values is not None))
    expected = [{name: values[name] for name in values if name in common} for values in expected]
    try:
        return judge(images, expected, answers, ANY_PRECISION)
    except ImportError as error:
        raise NotComparable(
            f'correlations need {error.name or error}; pip install "mobileiqa-sdk[evaluate]"'
        ) from error


def _timing(artifact: Path, other: Path, progress: Progress) -> tuple[Timing | None, str]:
    try:
        return measure_against(other, artifact, progress), ""
    except BenchmarkError as error:
        return None, str(error)


def _title(contract: ModelContract) -> str:
    return f"{contract.model.name} {contract.model.version} {contract.precision.weights}"
