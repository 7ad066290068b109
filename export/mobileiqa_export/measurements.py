"""A cache of what quantization does to a network, measured on calibration pictures at first use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from mobileiqa_bench.fidelity.images import evenly
from mobileiqa_bench.photographs import Pixels
from mobileiqa_sdk.progress import Progress

from .formats import Job
from .options import Options
from .precisions import Precision, scheme_of
from .prepare import Prepared
from .quantize.calibration import Calibration, calibration_set
from .quantize.half import HalfSensitivity
from .quantize.sensitivity import LayerDamage, Sensitivity
from .quantize.treat import Treated

# Pictures and layers of an analysis are bounded by multiply-accumulates, not by a clock, so that the same
# export makes the same choices on every machine.
_NOISE_MACS, _DAMAGE_MACS = 150e9, 400e9
_FIRST_SHARES, _LAST_SHARE = (0.25, 0.5, 0.75), 1 / 16
_MOST_PICTURES, _FEWEST_PICTURES, _FEWEST_LAYERS = 16, 4, 16


class MeasurementCache:
    """Measurements of one network that all artifacts of an export share; each is made once.

    Args:
        prepared: the network.
        options: which calibration pictures to take.
        predict: scores resized pixels, to choose pictures evenly over the scores; called only for a folder
            with more photos than needed.
        progress: receives each step.
    """

    def __init__(
        self, prepared: Prepared, options: Options, predict: Callable[[Pixels], float], progress: Progress
    ) -> None:
        self._prepared, self._options, self._predict = prepared, options, predict
        self._progress = progress
        self._calibration: Calibration | None = None
        self._sensitivity: dict[str, Sensitivity | HalfSensitivity] = {}
        self._noise: dict[str, list[LayerDamage]] = {}
        self._damage: dict[tuple[str, ...], list[LayerDamage]] = {}
        self._equalised: dict[str, Treated] = {}

    @property
    def calibration(self) -> Calibration:
        """The calibration pictures."""
        if self._calibration is None:
            self._progress.step("choosing calibration pictures")
            self._calibration = calibration_set(
                self._prepared.input,
                self._options.calibration_data,
                self._options.calibration_images,
                self._predict,
            )
            for warning in self._calibration.warnings:
                self._progress.warn(warning)
            for row in self._calibration.skipped:
                self._progress.warn(f"left out {row.photo}: {row.reason}")
        return self._calibration

    @property
    def picture_count(self) -> int:
        """How many calibration pictures the analyses below look at."""
        affordable = int(_NOISE_MACS / self._prepared.macs)
        return min(max(min(affordable, _MOST_PICTURES), _FEWEST_PICTURES), len(self.calibration.pixels))

    def noise(self, precision: Precision) -> list[LayerDamage]:
        """Returns the SQNR of every layer quantized alone, noisiest first."""
        if precision.name not in self._noise:
            self._progress.step(f"measuring the noise of {precision}, layer by layer")
            self._noise[precision.name] = self._analysis(precision).noise()
        return self._noise[precision.name]

    def damage(self, precision: Precision, rows: Sequence[LayerDamage]) -> list[LayerDamage]:
        """Returns these layers with the damage that the noisiest of them do to the scores, most damaging
        first.

        The layers that were not measured come last. The network's last layers are always measured: what
        little noise they add reaches the score unchanged.
        """
        key = (precision.name, *(row.layer for row in rows))
        if key not in self._damage:
            passes = int(_DAMAGE_MACS / self._prepared.macs / self.picture_count)
            analysis = self._analysis(precision)
            last = analysis.ends(0.0, _LAST_SHARE)
            late = [row for row in rows if last.issuperset(row.modules)]
            early = [row for row in rows if not last.issuperset(row.modules)]
            most = min(max(passes, _FEWEST_LAYERS), len(early))
            worst = analysis.damage([*late, *early[:most]], self._progress)
            self._damage[key] = [*worst, *early[most:]]
        return self._damage[key]

    def measured_damage(self, precision: Precision, rows: Sequence[LayerDamage]) -> Sequence[LayerDamage]:
        """Returns what :meth:`damage` returned for these layers; nothing if it was not called for them."""
        return self._damage.get((precision.name, *(row.layer for row in rows)), ())

    def ends(self, precision: Precision) -> list[frozenset[str]]:
        """Modules of the first quarter, half and three quarters of the layers, each with the last few.

        Empty where activations stay float. The first layers hold few weights and work on the largest maps,
        where integer kernels gain least; what 8 bits lose there passes through all that follows. After the
        last layers nothing averages an error out.
        """
        if precision.scheme is None or precision.scheme.activations != "static":
            return []
        return [self._analysis(precision).ends(first, _LAST_SHARE) for first in _FIRST_SHARES]

    def equalised(self, job: Job, smallest: int) -> Job:
        """Returns the job with an equalised network, and corrected biases in the layers that it quantizes.

        Layers with fewer than ``smallest`` weights are not quantized.
        """
        precision = job.precision
        if precision.name not in self._equalised:
            self._progress.step(f"equalising, and measuring the bias of {precision}")
            self._equalised[precision.name] = Treated(
                self._prepared.network, scheme_of(precision), self._pictures()
            )
        # Integers of 8 bits err alike, whether activations are quantized or not.
        uncorrected = job.keep_float if scheme_of(precision).bits == 8 else job.spared
        return replace(job, network=self._equalised[precision.name].network(uncorrected, smallest))

    def _analysis(self, precision: Precision) -> Sensitivity | HalfSensitivity:
        if precision.name not in self._sensitivity:
            network, pictures = self._prepared.network, self._pictures()
            self._sensitivity[precision.name] = (
                Sensitivity(network, precision.scheme, pictures)
                if precision.scheme
                else HalfSensitivity(network, pictures)
            )
        return self._sensitivity[precision.name]

    def _pictures(self) -> list[Pixels]:
        return evenly(self.calibration.pixels, self.picture_count)
