"""Pictures to verify and calibrate with: a folder of photos, or what is at hand without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mobileiqa_sdk.errors import MobileIQAError, PhotoError
from mobileiqa_sdk.gallery import find_photos
from mobileiqa_sdk.photo import read_photo

Pixels = NDArray[np.uint8]
Purpose = Literal["verification", "calibration"]

# Files that scikit-image's wheel holds; its functions would download the others. Two disjoint halves, so
# that ranges are never verified on the pictures that they were found on.
_PHOTOGRAPHS: dict[Purpose, tuple[str, ...]] = {
    "verification": (
        "astronaut.png",
        "chelsea.png",
        "motorcycle_left.png",
        "retina.jpg",
        "camera.png",
        "gravel.png",
        "moon.png",
    ),
    "calibration": (
        "coffee.png",
        "rocket.jpg",
        "ihc.png",
        "hubble_deep_field.jpg",
        "coins.png",
        "brick.png",
        "grass.png",
        "clock_motion.png",
    ),
}
_SCENES = 8


class PhotosMissing(MobileIQAError):
    """A folder of photos holds none that can be read."""


@dataclass(frozen=True)
class Skipped:
    """A photo that could not be read, and why."""

    photo: str
    reason: str


@dataclass(frozen=True)
class Folder:
    """The photos of a folder, subfolders included, in order of their names."""

    path: str
    photos: list[str]
    skipped: list[Skipped]


def folder_of_photos(path: str | Path) -> Folder:
    """List a folder. Raises PhotosMissing where there is no photo in it."""
    photos, skipped = [], []
    for found in find_photos([str(path)], recursive=True):
        if isinstance(found, PhotoError):
            skipped.append(Skipped(found.photo, found.reason))
        else:
            photos.append(found)
    if not photos:
        reason = skipped[0].reason if skipped else "no photos in this folder"
        raise PhotosMissing(f"{path}: {reason}; name a folder with photographs")
    return Folder(str(path), photos, skipped)


def read_all(paths: Sequence[str]) -> tuple[list[tuple[str, Image.Image]], list[Skipped]]:
    """Read photos as the SDK does; those that cannot be read become rows."""
    read, skipped = [], []
    for path in paths:
        try:
            read.append((Path(path).name, read_photo(path)))
        except PhotoError as error:
            skipped.append(Skipped(error.photo, error.reason))
    return read, skipped


def builtin(purpose: Purpose) -> tuple[list[tuple[str, Image.Image]], str]:
    """Named pictures for a purpose, and what they are: never the same for both purposes.

    Photographs that scikit-image ships where it is installed, else generated scenes.
    """
    found, skipped = read_all([str(path) for path in _shipped(purpose)])
    if found and not skipped:
        return found, "photographs shipped with scikit-image"
    first = 0 if purpose == "verification" else _SCENES
    scenes = [(f"scene {seed}", Image.fromarray(scene(seed))) for seed in range(first, first + _SCENES)]
    return scenes, "generated scenes, as scikit-image and its photographs are not installed"


def _shipped(purpose: Purpose) -> list[Path]:
    spec = find_spec("skimage")
    for root in (spec.submodule_search_locations or []) if spec else []:
        files = [Path(root, "data", name) for name in _PHOTOGRAPHS[purpose]]
        if all(file.is_file() for file in files):
            return files
    return []


def scene(seed: int, height: int = 480, width: int = 640) -> Pixels:
    """A made-up outdoor scene, uint8 RGB [height, width, 3]: sky, textured ground, lit discs.

    Its texture has the 1/f amplitude spectrum of natural images (Field 1987), so that filters answer it
    roughly as they do photographs.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    horizon = rng.uniform(0.3, 0.7)
    sky, ground = rng.uniform(0.3, 1, 3), rng.uniform(0.1, 0.6, 3)
    picture = np.where(y[..., None] < horizon, sky * (1 - 0.4 * y[..., None]), ground)
    texture = _pink(rng, height, width)[..., None]
    picture = picture + texture * np.where(y[..., None] < horizon, 0.04, 0.15)
    for _ in range(rng.integers(4, 12)):
        centre_y, centre_x, radius = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.02, 0.2)
        distance = np.hypot(y - centre_y, x - centre_x) / radius
        light = np.clip(1.2 - 0.5 * distance + 0.3 * (centre_x - x) / radius, 0, 1)[..., None]
        picture = np.where(distance[..., None] < 1, rng.uniform(0, 1, 3) * light, picture)
    return np.asarray(np.clip(picture * 255, 0, 255).astype(np.uint8))


def _pink(rng: np.random.Generator, height: int, width: int) -> NDArray[np.float64]:
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    frequency[0, 0] = 1
    noise = np.fft.fft2(rng.standard_normal((height, width))) / frequency
    texture = np.fft.ifft2(noise).real
    return np.asarray(texture / texture.std())
