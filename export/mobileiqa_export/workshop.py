"""What all artifacts of one export share: the network, its references, calibration and sensitivity."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from msgspec import structs

from mobileiqa_bench.fidelity.images import ImageSet, evenly, verification_set
from mobileiqa_bench.fidelity.runners import open_runner, run_all
from mobileiqa_bench.scenes import Pixels
from mobileiqa_sdk.contract import Golden, GoldenCase, InputSpec, ModelContract, OutputSpec
from mobileiqa_sdk.errors import ModelError
from mobileiqa_sdk.golden import HEIGHT, WIDTH
from mobileiqa_sdk.progress import SILENT, Progress
from mobileiqa_sdk.runtimes.runtime import Runtime

from .errors import ExportError, NetworkUnfit
from .formats import Job, save
from .precisions import PRECISIONS, scheme_of
from .quantize.calibration import IMAGES, Calibration, calibration_set
from .quantize.sensitivity import LayerDamage, Sensitivity
from .quantize.treat import Treated
from .subject import Source, Subject

# Pictures and layers of a sensitivity analysis are bounded by multiply-accumulates, not by a clock, so that
# the same export makes the same choices on every machine.
_NOISE_MACS, _DAMAGE_MACS = 150e9, 400e9
_FIRST, _LAST = (0.25, 0.5, 0.75), 1 / 16
_MOST_PICTURES, _FEWEST_PICTURES, _FEWEST_LAYERS = 16, 4, 16


@dataclass(frozen=True)
class Options:
    """How artifacts are calibrated, verified and measured.

    Attributes:
        calibration_data: a folder of photos; None falls back to built-in pictures.
        calibration_images: how many to use at most.
        verify_photos: a folder of photos to verify on; None takes built-in ones.
        verification_images: how many in all, ladders included; None depends on the input size.
        ranking_bar: the SRCC that mixed precision aims for, at least the gate's 0.99.
        allow_drift: keep an artifact that fails verification, and mark its contract.
        timing: measure time and memory against the fp32 artifact of the same format.
        decode: the contract's rule for large JPEGs, one of :data:`mobileiqa_sdk.contract.DECODE_RULES`.
    """

    calibration_data: str | Path | None = None
    calibration_images: int = IMAGES
    verify_photos: str | Path | None = None
    verification_images: int | None = None
    ranking_bar: float = 0.99
    allow_drift: bool = False
    timing: bool = True
    decode: str = "full"


class Workshop:
    """A loaded and rewritten network with reference scores. Use as a context: it keeps temporary files."""

    def __init__(self, source: Source, options: Options, progress: Progress = SILENT) -> None:
        self.options, self._progress = options, progress
        self._stack = ExitStack()
        self._baselines: dict[str, Path] = {}
        self._runner: Runtime | None = None
        self._calibration: Calibration | None = None
        self._sensitivity: dict[str, Sensitivity] = {}
        self._treated: dict[str, Treated] = {}
        self._noise: dict[str, list[LayerDamage]] = {}
        # By precision, of every artifact that passed so: equalised or not, its modules as in int8-weights.
        self.passed: dict[str, list[tuple[bool, frozenset[str]]]] = {}
        subject = source.load(progress)
        self.size = subject.size
        golden = Golden(HEIGHT, WIDTH, 0.5, (GoldenCase("0" * 64, 0.0),))
        self._contract = _contract(subject, golden, options.decode)
        progress.step("making the test images")
        self.images: ImageSet = verification_set(
            subject.size, options.verify_photos, options.verification_images
        )
        progress.step("scoring the test images with the network as trained")
        self.references: list[float] = run_all(
            subject.reference, self.images.pixels, progress, "the network as trained"
        )
        self._warn_of_ends()
        rewritten = subject.rewrite(progress)
        self.network, self.steps = rewritten.network, rewritten.steps

    def _warn_of_ends(self) -> None:
        """Scores of 0 and 1 are clamped ones. Raises NetworkUnfit where there are no others."""
        clamped = sum(score in (0.0, 1.0) for score in self.references)
        if clamped == len(self.references):
            raise NetworkUnfit(
                "all test images have the worst or the best score there is: what the network answers lies "
                "outside of output.worst and output.best"
            )
        if clamped:
            self._progress.warn(
                f"{clamped} of {len(self.references)} test images have the worst or the best score "
                "there is; among those the artifact cannot rank"
            )

    def __enter__(self) -> Workshop:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def name(self) -> str:
        """Of the model."""
        return self._contract.model.name

    def contract(self, precision: str) -> ModelContract:
        """The contract of an artifact of this precision."""
        digest = hashlib.sha256(self.images.pixels[0].tobytes()).hexdigest()
        promise = PRECISIONS[precision]
        # Rounded, because the last digits depend on the exporting machine's number of threads.
        score = round(self.references[0], 6)
        golden = Golden(HEIGHT, WIDTH, promise.tolerance, (GoldenCase(digest, score),))
        return structs.replace(self._contract, precision=promise.for_contract, golden=golden)

    def job(
        self,
        contract: ModelContract,
        precision: str,
        folder: Path,
        keep: frozenset[str] = frozenset(),
        weight_only: frozenset[str] = frozenset(),
    ) -> Job:
        """What a format needs to write an artifact into an empty folder."""
        chosen = PRECISIONS[precision]
        pictures = self.calibration().pixels if chosen.needs_calibration else ()
        return Job(self.network, contract, chosen, folder, pictures, keep, weight_only)

    def treated(self, job: Job, smallest: int) -> Job:
        """The job with the equalised network, and biases corrected where the job quantizes.

        Layers of fewer weights than the smallest are none that it quantizes.
        """
        # Integers of 8 bits err alike, whether the activations do or not.
        uncorrected = job.keep_float if scheme_of(job.precision.name).bits == 8 else job.spared
        return replace(job, network=self._treatment(job.precision.name).network(uncorrected, smallest))

    def _treatment(self, precision: str) -> Treated:
        if precision not in self._treated:
            self._progress.step(f"equalising, and measuring the bias of {precision}")
            pictures = evenly(self.calibration().pixels, self.sensitivity_pictures)
            self._treated[precision] = Treated(self.network, scheme_of(precision), pictures)
        return self._treated[precision]

    def baseline(self, form: str) -> Path:
        """The fp32 model file of a format: the one of this export, else one made on the side."""
        if form not in self._baselines:
            self._progress.step(f"writing {form} fp32, to compare with")
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="mobileiqa-"))
            self._baselines[form] = save(form, self.job(self.contract("fp32"), "fp32", Path(folder)))
        return self._baselines[form]

    def has_baseline(self, form: str) -> bool:
        """Whether the fp32 model file of a format is there without more work."""
        return form in self._baselines

    def set_baseline(self, form: str, file: Path) -> None:
        """An fp32 artifact that this export made and kept."""
        self._baselines[form] = file

    def calibration(self) -> Calibration:
        """The calibration pictures, chosen at the first call."""
        if self._calibration is None:
            options = self.options
            self._progress.step("choosing calibration pictures")
            self._calibration = calibration_set(
                self.size, options.calibration_data, options.calibration_images, self._predicted
            )
            for warning in self._calibration.warnings:
                self._progress.warn(f"{warning}")
            for row in self._calibration.skipped:
                self._progress.warn(f"left out {row.photo}: {row.reason}")
        return self._calibration

    def calibration_used(self, precision: str) -> Calibration | None:
        """The calibration pictures where this precision's artifact or analysis depends on them."""
        return self.calibration() if PRECISIONS[precision].is_integer else None

    def noise(self, precision: str) -> list[LayerDamage]:
        """SQNR of every layer, noisiest first."""
        if precision not in self._noise:
            self._progress.step(f"measuring the noise of {precision}, layer by layer")
            self._noise[precision] = self._analysis(precision).noise()
        return self._noise[precision]

    def damage(self, precision: str, rows: Sequence[LayerDamage]) -> list[LayerDamage]:
        """The damage of the noisiest of these layers to the scores, most damaging first; then the others.

        The last layers are measured too: what little noise they add reaches the score as it is.
        """
        passes = _DAMAGE_MACS / self._macs / self.sensitivity_pictures
        last = self._analysis(precision).ends(0.0, _LAST)
        rows = sorted(rows, key=lambda row: not last.issuperset(row.modules))
        late = sum(last.issuperset(row.modules) for row in rows)
        measured = late + min(max(int(passes), _FEWEST_LAYERS), len(rows) - late)
        worst = self._analysis(precision).damage(rows[:measured], self._progress)
        return [*worst, *rows[measured:]]

    def ends(self, precision: str) -> list[frozenset[str]]:
        """The modules of the first quarter, half, three quarters of the layers, with the last few each time.

        None where activations stay float. The first layers hold next to no weights, work on the largest
        maps, where integer kernels gain least, and what 8 bits lose there goes through all that follows.
        After the last layers nothing averages out what they lose.
        """
        if scheme_of(precision).activations != "static":
            return []
        return [self._analysis(precision).ends(first, _LAST) for first in _FIRST]

    @property
    def sensitivity_pictures(self) -> int:
        """How many calibration pictures a sensitivity analysis sees."""
        wanted = min(max(int(_NOISE_MACS / self._macs), _FEWEST_PICTURES), _MOST_PICTURES)
        return min(wanted, len(self.calibration().pixels))

    @property
    def _macs(self) -> float:
        return float(max(self.steps[-1].cost.macs, 1))

    def _analysis(self, precision: str) -> Sensitivity:
        if precision not in self._sensitivity:
            pictures = evenly(self.calibration().pixels, self.sensitivity_pictures)
            self._sensitivity[precision] = Sensitivity(self.network, scheme_of(precision), pictures)
        return self._sensitivity[precision]

    def _predicted(self, pixels: Pixels) -> float:
        """By the fp32 ONNX artifact, which takes a fifth of PyTorch's time."""
        if self._runner is None:
            self._runner = open_runner(self.baseline("onnx"))
        return self._runner.run(pixels)


def _contract(subject: Subject, golden: Golden, decode: str) -> ModelContract:
    height, width = subject.size
    contract = ModelContract(
        model=subject.model,
        input=InputSpec(height, width, decode=decode),
        outputs=(OutputSpec("opinions" if subject.opinions > 1 else "score", size=subject.opinions),),
        precision=PRECISIONS["fp32"].for_contract,
        golden=golden,
    )
    try:  # before it is written: name, version and licence may be anything
        return ModelContract.from_json(contract.to_json(), "the export")
    except ModelError as error:
        raise ExportError(str(error)) from error
