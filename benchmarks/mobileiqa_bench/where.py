"""``python -m mobileiqa_bench.where --photos FOLDER``: how often a map finds the quarter that has a fault.

Each photo is fitted to the size that it is mapped at. Then each fault is put into one quarter at each of its
five steps, with a soft seam, and the photo is mapped; every quarter of every photo has its turn, so that
naming the same quarter always would be right in one of four cases. A window belongs to the quarter in which
more than half of it lies. Of windows that are not flat, a quarter is found

- by score: its mean score is the lowest. A quarter that people would like least anyway, such as a background
  out of focus, stands against a mild fault elsewhere;
- by change: its mean score fell most against the map of the photo without the fault, which nobody has in
  practice: it says what of the misses is due to the photo itself, and not to the score of the fault;
- by severity: its mean severity of this fault is the highest; for models that answer faults.

A quarter without any window that is not flat, with the fault in it, cannot be found and is not counted.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from mobileiqa_sdk import QualityMap, Scorer
from mobileiqa_sdk.errors import MobileIQAError
from mobileiqa_sdk.parallel import default_workers, in_order
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.resample import resize
from mobileiqa_sdk.runtimes.runtime import Prediction
from mobileiqa_sdk.where.measure import finest_setting, map_windows

from .evaluation.faults import FAULTS, STEPS, Fault
from .photographs import folder_of_photos
from .scenes import Pixels
from .tables import write_table
from .units import count

LOCAL = ("defocus", "motion_blur", "noise", "compression")
"""Faults that are seen in a part of a photo by itself; exposure is a matter of the whole."""
QUARTERS = 4
"""Numbered from the upper left, row by row."""
SEAM = 32
"""Pixels over which a fault sets in, half of them on either side of a quarter's edge."""
MEASURES = ("score", "change", "severity")

Means = NDArray[np.float64]
"""One figure for each quarter; NaN for one whose windows are all flat."""


class Trial(NamedTuple):
    """What a map said of a photo with a fault in one quarter.

    Attributes:
        fault: its name.
        step: its strength, 1 to 5.
        right: whether the quarter was found, by measure; those that the model does not answer are missing.
    """

    fault: str
    step: int
    right: dict[str, bool]


class Mapper:
    """Maps pictures of one photo that differ in parts of it: a window is not judged twice.

    Args:
        scorer: of a model that takes photos of any size.
    """

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._answers: dict[bytes, Prediction] = {}

    def map(self, pixels: Pixels) -> QualityMap:
        """Returns what ``Scorer.map`` returns for pixels of the size that photos are mapped at."""
        size = pixels.shape[0], pixels.shape[1]
        return map_windows("<array>", pixels, size, self._scorer.contract, self._predict)

    def _predict(self, window: Pixels) -> Prediction:
        key = hashlib.sha256(window.tobytes()).digest()
        if key not in self._answers:
            self._answers[key] = self._scorer.predict(window)
        return self._answers[key]


def in_quarter(pixels: Pixels, spoiled: Pixels, quarter: int) -> Pixels:
    """Returns a photo, uint8 RGB [H, W, 3], that is another one in a quarter, with a soft seam around it."""
    height, width = pixels.shape[:2]
    down, across = _ramp(height, quarter // 2), _ramp(width, quarter % 2)
    share = (down[:, np.newaxis] * across)[..., np.newaxis]
    mixed: Pixels = np.rint(pixels + share * (spoiled.astype(np.float32) - pixels)).astype(np.uint8)
    return mixed


def _ramp(length: int, half: int) -> NDArray[np.float32]:
    """Returns how much of a fault each pixel of a side has, for the first half or the second."""
    second = np.clip((np.arange(length) + 0.5 - length / 2) / SEAM + 0.5, 0, 1).astype(np.float32)
    return second if half else 1 - second


def quarter_means(quality: QualityMap, values: NDArray[np.float32]) -> Means:
    """Returns the mean over the windows of each quarter that are not flat.

    Args:
        quality: whose windows they are.
        values: of the windows, [rows, columns]; NaN for flat ones.
    """
    height, width = quality.size
    top, left, bottom, right = np.moveaxis(quality.windows, -1, 0)
    areas = (bottom - top) * (right - left)
    means = np.full(QUARTERS, np.nan)
    for quarter in range(QUARTERS):
        first_row, first_column = quarter // 2 * height / 2, quarter % 2 * width / 2
        rows = np.minimum(bottom, first_row + height / 2) - np.maximum(top, first_row)
        columns = np.minimum(right, first_column + width / 2) - np.maximum(left, first_column)
        inside = np.maximum(rows, 0) * np.maximum(columns, 0) > areas / 2
        judged = values[inside & ~np.isnan(values)]
        if len(judged):
            means[quarter] = judged.mean(dtype=np.float64)
    return means


def named_quarters(spoiled: QualityMap, clean: QualityMap, fault: str) -> dict[str, int]:
    """Returns the quarter that each measure names.

    Raises:
        ValueError: all windows are flat.
    """
    scores = quarter_means(spoiled, spoiled.scores)
    changes = scores - quarter_means(clean, clean.scores)
    named = {"score": int(np.nanargmin(scores))}
    if not np.isnan(changes).all():
        named["change"] = int(np.nanargmin(changes))
    if fault in spoiled.faults:
        named["severity"] = int(np.nanargmax(quarter_means(spoiled, spoiled.faults[fault])))
    return named


def trials_of(scorer: Scorer, item: tuple[int, str]) -> list[Trial]:
    """Returns the trials of one photo.

    Args:
        scorer: that maps it.
        item: the seed of its noise and its motion, and its path.

    Raises:
        PhotoError: it cannot be read.
    """
    seed, path = item
    photo = read_photo(path)
    finest = finest_setting(scorer.contract).name
    pixels = resize(photo, *scorer.input_size(photo.height, photo.width, finest))
    mapper = Mapper(scorer)
    clean = mapper.map(pixels)
    return [
        trial
        for name in LOCAL
        for step in range(1, STEPS + 1)
        for trial in _trials(mapper, pixels, clean, FAULTS[name], step, seed)
    ]


def _trials(
    mapper: Mapper, pixels: Pixels, clean: QualityMap, fault: Fault, step: int, seed: int
) -> Iterator[Trial]:
    """Yields the trial of each quarter that is not flat; ``clean`` is the map of the pixels."""
    spoiled = fault.put_into(pixels, step, seed)
    for quarter in range(QUARTERS):
        quality = mapper.map(in_quarter(pixels, spoiled, quarter))
        if np.isnan(quarter_means(quality, quality.scores)[quarter]):
            continue
        named = named_quarters(quality, clean, fault.name)
        yield Trial(fault.name, step, {measure: number == quarter for measure, number in named.items()})


class Share(NamedTuple):
    """How many trials were right, of how many, and the 95 % interval of the share (Wilson 1927)."""

    right: int
    of: int
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.right} of {self.of}, {self.right / self.of:.0%} ({self.low:.0%} to {self.high:.0%})"


def share(outcomes: Sequence[bool]) -> Share:
    """Returns the share of outcomes, at least one, that are true.

    >>> str(share([True] * 9 + [False]))
    '9 of 10, 90% (60% to 98%)'
    """
    from scipy.stats import binomtest

    right = sum(outcomes)
    interval = binomtest(right, len(outcomes)).proportion_ci(method="wilson")
    return Share(right, len(outcomes), float(interval.low), float(interval.high))


def summarise(trials: Sequence[Trial]) -> dict[str, dict[str, dict[str, Share]]]:
    """Returns the shares by measure, fault (and ``all``) and step (and ``all``)."""
    summary: dict[str, dict[str, dict[str, Share]]] = {}
    for measure in MEASURES:
        answered = [trial for trial in trials if measure in trial.right]
        for fault in (*LOCAL, "all"):
            for step in (*map(str, range(1, STEPS + 1)), "all"):
                outcomes = [
                    trial.right[measure]
                    for trial in answered
                    if fault in (trial.fault, "all") and step in (str(trial.step), "all")
                ]
                if outcomes:
                    summary.setdefault(measure, {}).setdefault(fault, {})[step] = share(outcomes)
    return summary


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--photos", required=True, metavar="FOLDER", help="Photographs to put faults into.")
@click.option("-m", "--model", metavar="NAME|PATH", help="A name from `mobileiqa models`, or an artifact.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(photos: str, model: str | None, as_json: bool) -> None:
    """Count how often a map finds the quarter of a photo that has a fault, by fault and step."""
    paths = folder_of_photos(photos).photos
    scorer = Scorer(model, threads=1)
    each = in_order(partial(trials_of, scorer), enumerate(paths), default_workers(1))
    trials = [trial for of_photo in each for trial in of_photo]
    summary = summarise(trials)
    if as_json:
        shares: dict[str, Any] = {
            measure: {
                fault: {step: one._asdict() for step, one in steps.items()} for fault, steps in faults.items()
            }
            for measure, faults in summary.items()
        }
        click.echo(json.dumps({"photos": len(paths), "trials": len(trials), **shares}))
        return
    columns = [*map(str, range(1, STEPS + 1)), "all"]
    for measure, faults in summary.items():
        rows = [
            [fault, *(_cell(steps.get(step), step) for step in columns)] for fault, steps in faults.items()
        ]
        steps = [f"step {step}" for step in columns[:-1]]
        click.echo(write_table([f"by {measure}", *steps, "all (95 % interval)"], rows, "lrrrrrr"))
        click.echo()
    flat = len(paths) * len(LOCAL) * STEPS * QUARTERS - len(trials)
    click.echo(
        f"{count(len(paths), 'photo')}, {count(len(trials), 'trial')}; {flat} flat quarters not counted."
    )


def _cell(one: Share | None, step: str) -> str:
    if one is None:
        return ""
    return str(one) if step == "all" else f"{one.right} of {one.of}"


if __name__ == "__main__":
    try:
        main()
    except MobileIQAError as error:
        sys.exit(f"mobileiqa_bench.where: {error}")
