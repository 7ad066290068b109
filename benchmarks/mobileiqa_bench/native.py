"""``python -m mobileiqa_bench.native --photos FOLDER``: what windows at native pixels would add to a look.

Fine faults are put into large photos at full size. Each picture is scored whole at every setting of the
model, and by windows at native pixels: those that show most, by :func:`mobileiqa_sdk.where.detail.detail`,
which noise and a background out of focus do not; the score is the mean of theirs. A fault is visible to a
look if the score falls; one that shrinking takes away is not. A blurred background behind a sharp subject is
no fault and should cost nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import click
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from mobileiqa_sdk import Scorer
from mobileiqa_sdk.errors import MobileIQAError
from mobileiqa_sdk.parallel import default_workers, in_order
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.where.detail import detail
from mobileiqa_sdk.where.windows import cut

from .evaluation.distortions import DISTORTIONS, gaussian_blur
from .photographs import folder_of_photos
from .scenes import Pixels
from .tables import write_table
from .units import count

SIDE = 512
"""Pixels of a window's side."""
WINDOWS = 5
"""Windows of a picture that are scored."""
STRENGTHS = {
    "gaussian blur": (1.0, 2.4),
    "motion blur": (4.0, 10.0),
    "JPEG": (35.0, 9.0),
    "noise": (5.0, 18.0),
    "down-up scaling": (2.0, 5.4),
}
"""Strengths at full size of photos of 3840 pixels: one that should be visible, and one that is plain."""
BACKGROUND_BLUR = 12.0
"""Pixels, the deviation of a Gaussian: what is behind the subject is out of focus. That is no fault."""

Look = Callable[[Pixels], float]


class Loss(NamedTuple):
    """What one look makes of one fault in one photo.

    Attributes:
        look: a setting of the model, or ``windows``.
        fault: its name and strength.
        clean: score of the photo without it.
        loss: how far the score falls; negative if it rises.
    """

    look: str
    fault: str
    clean: float
    loss: float


def most_detailed(pixels: Pixels, windows: int = WINDOWS) -> list[Pixels]:
    """Returns the windows of a photo, uint8 RGB [H, W, 3], that show most, in falling order of detail."""
    boxes = cut(pixels.shape[0], pixels.shape[1], SIDE).reshape(-1, 4)
    cuts = [pixels[top:bottom, left:right] for top, left, bottom, right in boxes]
    order = np.argsort([-detail(window) for window in cuts], kind="stable")
    return [cuts[index] for index in order[:windows]]


def looks_of(model: str | None) -> dict[str, Look]:
    """Returns every setting of a model, and the windows, as functions of pixels."""
    default = Scorer(model, threads=1)
    others = [
        setting.name for setting in default.contract.input.settings if setting.name != default.resolution
    ]
    scorers = {default.resolution or "whole": default}
    scorers |= {name: Scorer(model, threads=1, resolution=name) for name in others}

    def whole(scorer: Scorer, pixels: Pixels) -> float:
        return scorer.score(Image.fromarray(pixels))

    def by_windows(pixels: Pixels) -> float:
        return float(np.mean([whole(default, window) for window in most_detailed(pixels)]))

    return {**{name: partial(whole, scorer) for name, scorer in scorers.items()}, "windows": by_windows}


def losses_of(looks: dict[str, Look], item: tuple[int, str]) -> list[Loss]:
    """Returns the losses of one photo.

    Args:
        looks: by name.
        item: the seed of its noise, and its path.

    Raises:
        PhotoError: it cannot be read.
    """
    seed, path = item
    photo = np.asarray(read_photo(path))
    clean = {name: look(photo) for name, look in looks.items()}
    return [
        Loss(name, fault, clean[name], clean[name] - look(spoiled))
        for fault, spoiled in _spoiled(photo, seed)
        for name, look in looks.items()
    ]


def _spoiled(photo: Pixels, seed: int) -> Iterator[tuple[str, Pixels]]:
    for name, strengths in STRENGTHS.items():
        for strength in strengths:
            yield f"{name} {strength:g}", DISTORTIONS[name].apply(photo, strength, seed)
    yield f"blurred background {BACKGROUND_BLUR:g}", with_blurred_background(photo)


def with_blurred_background(photo: Pixels) -> Pixels:
    """Returns a photo that is in focus only in an ellipse of half its sides, with a soft edge, [H, W, 3]."""
    height, width = photo.shape[:2]
    left, top = width // 4, height // 4
    mask = Image.new("L", (width, height))
    ImageDraw.Draw(mask).ellipse((left, top, width - left, height - top), fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(BACKGROUND_BLUR))
    behind = Image.fromarray(gaussian_blur(photo, BACKGROUND_BLUR))
    return np.asarray(Image.composite(Image.fromarray(photo), behind, mask))


def summarise(losses: list[Loss]) -> dict[str, dict[str, float]]:
    """Returns, by look: the mean score of the photos, ``clean``, and the mean loss by fault."""
    summary: dict[str, dict[str, float]] = {}
    for look in dict.fromkeys(loss.look for loss in losses):
        own = [loss for loss in losses if loss.look == look]
        summary[look] = {"clean": float(np.mean([loss.clean for loss in own]))}
        for fault in dict.fromkeys(loss.fault for loss in own):
            summary[look][fault] = float(np.mean([loss.loss for loss in own if loss.fault == fault]))
    return summary


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--photos", required=True, metavar="FOLDER", help="Large photographs to put faults into.")
@click.option("-m", "--model", metavar="NAME|PATH", help="A name from `mobileiqa models`, or an artifact.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(photos: str, model: str | None, as_json: bool) -> None:
    """Compare looks at large photos: shrunk to each setting, and windows at native pixels."""
    paths = folder_of_photos(photos).photos
    each = in_order(partial(losses_of, looks_of(model)), enumerate(paths), default_workers(1))
    summary = summarise([loss for of_photo in each for loss in of_photo])
    if as_json:
        click.echo(json.dumps({"photos": len(paths), "looks": summary}))
        return
    looks = list(summary)
    rows = [[name, *(f"{summary[look][name]:.3f}" for look in looks)] for name in summary[looks[0]]]
    click.echo(write_table(["score without fault, then mean loss", *looks], rows, "l" + "r" * len(looks)))
    click.echo()
    click.echo(f"{count(len(paths), 'photo')}; {WINDOWS} windows of {SIDE}x{SIDE} native pixels.")


if __name__ == "__main__":
    try:
        main()
    except MobileIQAError as error:
        sys.exit(f"mobileiqa_bench.native: {error}")
