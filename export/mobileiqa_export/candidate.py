"""One artifact written and verified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from mobileiqa_bench.fidelity.scoring import Values, answer_images, open_artifact
from mobileiqa_bench.fidelity.verdict import Verdict, judge
from mobileiqa_sdk._numbers import exceeds
from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.errors import MobileIQAError, ModelError
from mobileiqa_sdk.progress import Progress

from .blame import cause, operator_of
from .cells import Cell
from .errors import ConversionFailed, InternalError
from .formats import FORMATS, Job, count_layers, save
from .interrupts import interrupts_deferred
from .measurements import MeasurementCache
from .prepare import Prepared
from .recipes import Recipe
from .refusals import refused_operator


@dataclass(frozen=True)
class Candidate:
    """An artifact that is being verified.

    Attributes:
        folder, file: its paths.
        contract: as embedded in it.
        verdict: its scores against the reference's.
        recipe: how it was quantized.
        spared: the layers that do not have the precision, in words; empty if none was spared.
        bears_name: whether any layer has the precision that the artifact is named after.
    """

    folder: Path
    file: Path
    contract: ModelContract
    verdict: Verdict
    recipe: Recipe
    spared: str = ""
    bears_name: bool = True

    @property
    def failures(self) -> Sequence[str]:
        """Reasons why it cannot be kept, a sentence each."""
        return self.verdict.failures

    def reaches(self, ranking_bar: float) -> bool:
        """Returns whether it passes with an SRCC of at least ``ranking_bar``, where the ranking can be
        judged.
        """
        drift = self.verdict.drift
        return self.verdict.passed and (not drift.has_ranking or (drift.srcc or 0.0) >= ranking_bar)

    @property
    def merit(self) -> tuple[bool, bool, float, float]:
        """Larger is better: passing, then bearing its name, then SRCC, then a small mean difference."""
        drift = self.verdict.drift
        error = 1.0 if drift.mean_difference is None else drift.mean_difference
        return self.verdict.passed, self.bears_name, -1.0 if drift.srcc is None else drift.srcc, -error


@dataclass(frozen=True)
class CandidateFactory:
    """Makes the candidates for one cell, each in a folder of its own.

    Attributes:
        prepared: the network and its reference scores.
        measurements: the calibration pictures, and the equalised network.
        cell: format and precision.
        scratch: an existing folder for the candidates' folders.
        progress: receives each step.
    """

    prepared: Prepared
    measurements: MeasurementCache
    cell: Cell
    scratch: Path
    progress: Progress

    def make(
        self, folder: str, recipe: Recipe, *, spared: str = "", known_failures: Sequence[str] = ()
    ) -> Candidate:
        """Writes an artifact and scores the verification images with it.

        Args:
            folder: name of its folder in ``scratch``, which must not exist yet.
            recipe: how to quantize.
            spared: the layers that the recipe spares, in words, for the contract.
            known_failures: of an artifact that is kept although it failed, for its contract.

        Raises:
            ConversionFailed: the format's converter rejects the network, or the file cannot be run here.
            InternalError: the converter failed for a reason that is not in the network.
        """
        cell, path = self.cell, self.scratch / folder
        path.mkdir()
        self.progress.step(f"writing {cell}")
        contract = self.prepared.contract(cell.precision, spared, known_failures)
        file = _write(cell, self._job(recipe, contract, path), self.prepared)
        self.progress.step(f"verifying {cell}")
        verdict = _verify(cell, file, contract, self.prepared, self.progress)
        misnamed = _misnamed(cell, file)
        verdict = verdict.with_failures(misnamed)
        return Candidate(path, file, contract, verdict, recipe, spared, not misnamed)

    def _job(self, recipe: Recipe, contract: ModelContract, folder: Path) -> Job:
        precision = self.cell.precision
        job = Job(
            self.prepared.network,
            contract,
            precision,
            folder,
            self.measurements.calibration.pixels if precision.needs_calibration else (),
            recipe.keep_float,
            recipe.weight_only,
        )
        if not recipe.equalised:
            return job
        return self.measurements.equalised(job, FORMATS[self.cell.file_format].smallest(precision))


def _write(cell: Cell, job: Job, prepared: Prepared) -> Path:
    try:
        with interrupts_deferred():
            return save(cell.file_format, job)
    except (MobileIQAError, MemoryError):
        raise
    except OSError as error:
        raise ConversionFailed(f"{cell}: a file could not be read or written ({error})") from error
    except Exception as error:  # converters let through whatever their libraries raise
        pixels = torch.from_numpy(prepared.images.pixels[0])[None]
        culprit = operator_of(job.network, pixels, error)
        if not culprit:
            raise InternalError(f"writing {cell} failed ({cause(error)})") from error
        raise ConversionFailed(
            f"the network does not convert to {cell} because of {culprit} ({cause(error)}); "
            "choose another format or precision, or replace the operator in the network's code"
        ) from error


def _verify(
    cell: Cell,
    file: Path,
    contract: ModelContract,
    prepared: Prepared,
    progress: Progress,
) -> Verdict:
    try:
        runtime = open_artifact(file)
        answers = answer_images(
            lambda pixels: runtime.predict(pixels).values,
            prepared.images.pixels,
            progress,
            f"verifying {cell}",
        )
    except ModelError as error:
        if operator := refused_operator(file, prepared.network, error):
            raise ConversionFailed(
                f"{cell} was written, but cannot be run here to verify it because of {operator} "
                f"({cause(error)}); replace the operator in the network's code, or compute it in float32"
            ) from error
        raise ConversionFailed(f"{cell} was written, but cannot be run here to verify it: {error}") from error
    verdict = judge(prepared.images, prepared.reference, answers, prepared.limits(cell.precision))
    extra = _golden_failures(prepared, answers, contract)
    if runtime.contract != contract:
        extra.append("the contract inside the file is not the one that was to be written")
    return verdict.with_failures(extra)


def _misnamed(cell: Cell, file: Path) -> list[str]:
    """Returns the failure of a file that has no layer in its precision, whose name it must not bear."""
    if not cell.precision.is_integer:
        return []
    count = count_layers(cell.file_format, file)
    if count.achieving(cell.precision):
        return []
    layers = f"none of its {count.total} layers" if count.total else "nothing in it"
    quantized = FORMATS[cell.file_format].layers_of(cell.precision)
    reason = f"; {cell.file_format} has it for {quantized}" if quantized else ""
    return [f"{layers} is {cell.precision}: the file computes something else{reason}"]


def _golden_failures(
    prepared: Prepared, answers: Sequence[Values | None], contract: ModelContract
) -> list[str]:
    tolerance, failures = contract.golden.tolerance, []
    for index in range(len(contract.golden.cases)):
        image, expected, values = prepared.images.names[index], prepared.reference[index], answers[index]
        if values is None:
            failures.append(f"the {image} image gets no score")
            continue
        for name, value in expected.items():
            if exceeds(abs(values[name] - value), tolerance):
                failures.append(
                    f"the {image} image's {name} is {abs(values[name] - value):.1e} away from the reference, "
                    f"more than {tolerance:g}"
                )
    return failures
