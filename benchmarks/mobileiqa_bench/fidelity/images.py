"""The verification set: photographs, and the same ones distorted step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from PIL import Image

from mobileiqa_sdk.contract import InputSpec
from mobileiqa_sdk.fit import Setting
from mobileiqa_sdk.golden import HEIGHT, WIDTH, golden_image
from mobileiqa_sdk.resample import resize

from ..errors import PhotosMissing
from ..evaluation.distortions import DISTORTIONS
from ..photographs import Skipped, builtin, folder_of_photos, read_all
from ..scenes import Pixels

GOLDEN = "golden"
_Item = TypeVar("_Item")
LADDERS = ("gaussian blur", "JPEG", "noise", "underexposure", "overexposure", "down-up scaling")
"""Distortions in the set; see :mod:`mobileiqa_bench.evaluation.distortions`."""


@dataclass(frozen=True)
class ImageSet:
    """Named pictures at the size of a network's input.

    Attributes:
        source: where they come from, in words.
        names: of the pictures; the golden image is the first.
        pixels: uint8 RGB [height, width, 3] each.
        skipped: photos that could not be read.
    """

    source: str
    names: list[str]
    pixels: list[Pixels]
    skipped: list[Skipped]


class Limits(NamedTuple):
    """How many images to verify with, by default."""

    fewest: int
    most: int


LIMITS = Limits(fewest=64, most=120)


def default_count(spec: InputSpec, limits: Limits = LIMITS) -> int:
    """Returns how many images to verify with: fewer if the network's input is large.

    Together they have 2**26 pixels, unless that is below or above the limits.
    """
    height, width = spec.size_for(HEIGHT, WIDTH)
    return max(limits.fewest, min(limits.most, 2**26 // (height * width)))


def verification_set(spec: InputSpec, photos: str | Path | None = None, count: int | None = None) -> ImageSet:
    """Returns the golden image, its negative upside down, photographs, and distorted copies of those.

    An input with several settings gets the golden image once for each of them, in their order, and the
    other images at one setting after another.

    At most half of the set are photographs as they are, picked evenly from the folder; the rest are drawn
    evenly from all steps of all their ladders. Distortions are applied at the network's input size, so that
    it sees their full strength. The same folder always makes the same set.

    Args:
        spec: the network's input.
        photos: a folder; without one, :func:`mobileiqa_bench.photographs.builtin`.
        count: images in all, at least 4, and one more for each setting after the first; by default
            :func:`default_count`.

    Raises:
        PhotosMissing: the folder holds no readable photo.
    """
    golden = golden_image()
    settings = settings_of(spec)
    names = [GOLDEN if setting is None else f"{GOLDEN}, {setting.name}" for setting in settings]
    pixels = [as_input(golden, spec, setting) for setting in settings]
    names.append("golden negative upside down")
    pixels.append(as_input(255 - golden[::-1], spec, settings[0]))
    count = max(count or default_count(spec), len(names) + 2)
    base, source, skipped = _photographs(spec, photos, (count - len(names)) // 2)
    for name, photo in base[: count - len(names)]:
        names.append(name)
        pixels.append(photo)
    rungs = [(index, kind, step) for index in range(len(base)) for kind in LADDERS for step in range(5)]
    drawn = np.random.default_rng(0).permutation(len(rungs))[: count - len(names)]
    for index, kind, step in (rungs[i] for i in sorted(drawn)):
        ladder = DISTORTIONS[kind]
        names.append(f"{base[index][0]}, {kind} {step + 1} of 5")
        # A copy, because PIL returns read-only memory, which torch warns about.
        pixels.append(np.array(ladder.apply(base[index][1], ladder.steps[step], index)))
    return ImageSet(source, names, pixels, skipped)


def evenly(items: Sequence[_Item], count: int) -> list[_Item]:
    """Returns ``count`` of the items at even distances, or all if there are no more."""
    if len(items) <= count:
        return list(items)
    return [items[i] for i in np.linspace(0, len(items) - 1, count).round().astype(int)]


def settings_of(spec: InputSpec) -> list[Setting | None]:
    """Returns the settings of an input; a single None for one of a fixed size."""
    return [*spec.settings] or [None]


def as_input(picture: Image.Image | Pixels, spec: InputSpec, setting: Setting | None = None) -> Pixels:
    """Returns a picture as a network takes it, uint8 RGB [height, width, 3]; without a setting, the first."""
    image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    return resize(image, *spec.size_for(image.height, image.width, setting))


def _photographs(
    spec: InputSpec, photos: str | Path | None, most: int
) -> tuple[list[tuple[str, Pixels]], str, list[Skipped]]:
    if photos is None:
        images, source = builtin("verification")
        skipped: list[Skipped] = []
    else:
        folder = folder_of_photos(photos)
        images, skipped = read_all(evenly(folder.photos, max(most, 1)))
        skipped, source = [*folder.skipped, *skipped], "photos of the given folder"
        if not images:
            raise PhotosMissing(f"{photos}: none of its photos can be read: {skipped[0].reason}")
    chosen = zip(images[: max(most, 1)], cycle(settings_of(spec)))
    return [(name, as_input(image, spec, setting)) for (name, image), setting in chosen], source, skipped
