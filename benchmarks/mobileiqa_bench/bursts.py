"""``python -m mobileiqa_bench.bursts``: how well bursts are grouped and their best photo is named.

From each photo are made: a burst by a hand-held camera, which moves and turns; the same place an hour later,
in other light; and edited copies that lost their time. All photos are given times within the same seconds, so
that looks alone keep the scenes apart. The best of a pair is the frame that no fault was put on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import NamedTuple

import click
import numpy as np
from PIL import Image, ImageEnhance

from mobileiqa_sdk.bursts.grouping import group
from mobileiqa_sdk.bursts.looks import Look, look_of
from mobileiqa_sdk.bursts.measures import measure
from mobileiqa_sdk.bursts.preference import preferences
from mobileiqa_sdk.bursts.reasons import Evidence
from mobileiqa_sdk.gallery import find_photos
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.scorer import Scorer

from .evaluation.agreement import Interval
from .evaluation.distortions import gaussian_blur, jpeg, motion_blur, noise, overexposure, underexposure
from .photographs import shipped_photographs
from .scenes import Pixels
from .tables import write_table

NOON = datetime(2026, 5, 1, 12)
VIEW = 0.8
"""Share of the width and height of a photo that a frame shows."""
FRAMES = ((0, 0, 0), (0.02, 0.01, 1), (0.05, -0.03, 2), (-0.03, 0.04, -2))
"""How the camera moves, as shares of the width and height of a frame, and turns, in degrees."""
LATER = ((0.03, 0.02, -1), (-0.02, 0.03, 1.5))
"""The same for the two frames of an hour later: nobody stands in the very same spot again."""

Change = Callable[[Image.Image], Image.Image]
Outcomes = dict[str, list[float]]
"""1 for yes and 0 for no, by what is asked; of one photo."""


class Scene(NamedTuple):
    """What is made of one photo, as looks.

    Attributes:
        burst: frames within seconds.
        later: the same place an hour later.
        edits: copies of the first frame without a time, by name.
    """

    burst: list[Look]
    later: list[Look]
    edits: dict[str, Look]


def frame(photo: Image.Image, right: float, down: float, degrees: float, view: float = VIEW) -> Image.Image:
    """Returns what a camera sees that is moved by shares of its frame and turned by some degrees."""
    width, height = photo.size
    x, y = width * (0.5 + right * VIEW), height * (0.5 + down * VIEW)
    turned = photo.rotate(degrees, Image.Resampling.BICUBIC, center=(x, y)) if degrees else photo
    half_width, half_height = view * width / 2, view * height / 2
    left, top = round(x - half_width), round(y - half_height)
    return turned.crop((left, top, round(x + half_width), round(y + half_height)))


def _fixed(distort: Callable[[Pixels, float, int], Pixels], strength: float) -> Change:
    return lambda image: Image.fromarray(distort(np.asarray(image), strength, 0))


EDITS: dict[str, Change] = {
    "half the size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "JPEG quality 30": _fixed(jpeg, 30),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.4),
    "black and white": lambda image: image.convert("L").convert("RGB"),
    "more colour": lambda image: ImageEnhance.Color(image).enhance(1.6),
    "cropped by a tenth": lambda image: frame(image, 0, 0, 0, view=0.9),
}
"""How a copy of a frame is edited."""
FAULTS: dict[str, Change] = {
    "defocus, 1 pixel": _fixed(gaussian_blur, 1),
    "defocus, 2 pixels": _fixed(gaussian_blur, 2),
    "defocus, 4 pixels": _fixed(gaussian_blur, 4),
    "motion, 9 pixels": _fixed(motion_blur, 9),
    "one stop too dark": _fixed(underexposure, 1),
    "one stop too bright": _fixed(overexposure, 1),
    "noise": _fixed(noise, 12),
}
"""What is wrong with the worse photo of a pair; pixels are those of the frame."""


def make_scene(photo: Image.Image) -> Scene:
    """Makes frames of a photo, and returns what they look like."""
    frames = [frame(photo, *move) for move in FRAMES]
    later = [frame(photo, *move) for move in LATER]
    evening = [ImageEnhance.Color(ImageEnhance.Brightness(one).enhance(0.7)).enhance(0.8) for one in later]
    return Scene(
        burst=[look_of(one) for one in frames],
        later=[look_of(one) for one in evening],
        edits={name: look_of(edit(frames[0])) for name, edit in EDITS.items()},
    )


def measure_grouping(scene: Scene, other: Scene) -> Outcomes:
    """Groups the photos of one scene with those of another, taken in the same seconds.

    Returns:
        Whether photos share a group, for each pair of them that is asked about.
    """
    first, later = range(len(scene.burst)), range(len(scene.burst), len(scene.burst) + len(scene.later))
    others = range(later.stop, later.stop + len(other.burst))
    looks = [*scene.burst, *scene.later, *other.burst, *scene.edits.values()]
    seconds = [*first, *(3600 + number for number in range(len(later))), *(0.5 + number for number in first)]
    times: list[datetime | None] = [NOON + timedelta(seconds=second) for second in seconds]
    timed = _group_of(looks, [*times, *[None] * len(scene.edits)])
    untimed = _group_of(looks, [None] * len(looks))

    def together(group_of: Sequence[int], some: Sequence[int], more: Sequence[int]) -> list[float]:
        return [float(group_of[one] == group_of[two]) for one in some for two in more if one < two]

    outcomes = {
        "frames of a burst are together": together(timed, first, first),
        "an hour later is merged": together(timed, first, later),
        "another scene in the same seconds is merged": together(timed, first, others),
        "frames of a burst without times are together": together(untimed, first, first),
        "an hour later is merged, without times": together(untimed, first, later),
        "another scene is merged, without times": together(untimed, first, others),
    }
    for number, name in enumerate(scene.edits, others.stop):
        outcomes[f"an edit joins its burst: {name}"] = [float(timed[number] == timed[0])]
    return outcomes


def _group_of(looks: Sequence[Look], times: Sequence[datetime | None]) -> list[int]:
    group_of = [0] * len(looks)
    for name, members in enumerate(group(looks, times)):
        for number in members:
            group_of[number] = name
    return group_of


def measure_best(scorer: Scorer, photo: Image.Image) -> Outcomes:
    """Returns whether a frame without a fault is named before the first one with it, for each pair."""
    frames = [frame(photo, *move) for move in FRAMES]
    clean = [_evidence(scorer, one) for one in frames[1:]]
    outcomes: Outcomes = {}
    for name, spoil in FAULTS.items():
        worse = _evidence(scorer, spoil(frames[0]))
        pairs = [(one, preferences([one, worse])) for one in clean]
        outcomes[f"{name}: the higher score"] = [
            float(one.assessment.score > worse.assessment.score) for one, _ in pairs
        ]
        outcomes[f"{name}: mobileiqa best"] = [float(good > bad) for _, (good, bad) in pairs]
    return outcomes


def _evidence(scorer: Scorer, image: Image.Image) -> Evidence:
    return Evidence(scorer.assess(image), None, image.width * image.height, measure(image))


def summarise(outcomes: Sequence[Outcomes], resamples: int) -> dict[str, Interval]:
    """Returns the share of each outcome with its bootstrap interval over photos."""
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, len(outcomes), len(outcomes)) for _ in range(resamples)]
    figures = {}
    for name in outcomes[0]:
        shares = np.array([np.mean(of_photo[name]) for of_photo in outcomes])
        low, high = np.percentile([shares[rows].mean() for rows in drawn], (2.5, 97.5))
        figures[name] = Interval(float(shares.mean()), float(low), float(high))
    return figures


@click.command("bursts", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, metavar="[FILE|DIR]...")
@click.option("-m", "--model", metavar="NAME|PATH", help="A name from `mobileiqa models`, or an artifact.")
@click.option("--grouping", is_flag=True, help="Only how photos are grouped, which needs no model.")
@click.option("--resamples", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(paths: tuple[str, ...], model: str | None, grouping: bool, resamples: int, as_json: bool) -> None:
    """Measure on made bursts how well photos are grouped, and how often the best one is named.

    Bursts are made from photos, which should be larger than the model's input. Without any, they are made
    from the photographs that scikit-image comes with.
    """
    entries = list(find_photos(paths)) if paths else list(map(str, shipped_photographs()))
    photos = [entry for entry in entries if isinstance(entry, str)]
    if len(photos) < 2:
        raise click.UsageError("name at least two photos")
    scorer = None if grouping else Scorer(model, threads=1)
    scenes, picks = [], []
    for path in photos:
        photo = read_photo(path)
        scenes.append(make_scene(photo))
        if scorer is not None:
            picks.append(measure_best(scorer, photo))
    grouped = [measure_grouping(scene, scenes[number - 1]) for number, scene in enumerate(scenes)]
    figures = summarise(grouped, resamples) | (summarise(picks, resamples) if picks else {})
    if as_json:
        click.echo(
            json.dumps({"photos": len(photos), **{name: asdict(one) for name, one in figures.items()}})
        )
        return
    rows = [(name, f"{one.value:.3f}", f"{one.low:.3f} to {one.high:.3f}") for name, one in figures.items()]
    click.echo(write_table((f"bursts of {len(photos)} photos", "share", "95 % interval"), rows, "lrl"))


if __name__ == "__main__":
    command()
