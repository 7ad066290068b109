"""Photographs from a folder, or those installed on this machine. Nothing is downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image

from mobileiqa_sdk.errors import PhotoError
from mobileiqa_sdk.gallery import find_photos
from mobileiqa_sdk.photo import read_photo

from .errors import PhotosMissing
from .scenes import Pixels, scene

__all__ = [
    "Folder",
    "Pixels",
    "Purpose",
    "Skipped",
    "builtin",
    "folder_of_photos",
    "read_all",
    "shipped_photographs",
]

Purpose = Literal["verification", "calibration"]


class _Picture(NamedTuple):
    """A file in scikit-image's wheel; scikit-image downloads its other pictures.

    Attributes:
        name: of the file.
        purpose: each picture has exactly one, so that ranges are never verified on the pictures that
            they were calibrated on.
        everyday: whether it is a photograph of the kind people take, fit for ladders of faults.
    """

    name: str
    purpose: Purpose
    everyday: bool = False


_PICTURES = (
    _Picture("astronaut.png", "verification", everyday=True),
    _Picture("chelsea.png", "verification", everyday=True),
    _Picture("motorcycle_left.png", "verification", everyday=True),
    _Picture("retina.jpg", "verification"),
    _Picture("camera.png", "verification", everyday=True),
    _Picture("gravel.png", "verification"),
    _Picture("moon.png", "verification"),
    _Picture("coffee.png", "calibration", everyday=True),
    _Picture("rocket.jpg", "calibration", everyday=True),
    _Picture("ihc.png", "calibration"),
    _Picture("hubble_deep_field.jpg", "calibration"),
    _Picture("coins.png", "calibration"),
    _Picture("brick.png", "calibration"),
    _Picture("grass.png", "calibration"),
    _Picture("clock_motion.png", "calibration"),
)
_SCENES = 8
"""Generated scenes for each purpose."""


@dataclass(frozen=True)
class Skipped:
    """A photo that could not be read, and why."""

    photo: str
    reason: str


@dataclass(frozen=True)
class Folder:
    """The photos of a folder, subfolders included, in order of their names.

    Attributes:
        path: of the folder, as given.
        photos: paths of the photos.
        skipped: what could not be listed.
    """

    path: str
    photos: list[str]
    skipped: list[Skipped]


def folder_of_photos(path: str | Path) -> Folder:
    """Lists a folder.

    Raises:
        PhotosMissing: it holds no photos.
    """
    photos, skipped = [], []
    for entry in find_photos([str(path)], recursive=True):
        if isinstance(entry, PhotoError):
            skipped.append(Skipped(entry.photo, entry.reason))
        else:
            photos.append(entry)
    if not photos:
        reason = skipped[0].reason if skipped else "no photos in this folder"
        raise PhotosMissing(f"{path}: {reason}; name a folder with photographs")
    return Folder(str(path), photos, skipped)


def read_all(paths: Sequence[str]) -> tuple[list[tuple[str, Image.Image]], list[Skipped]]:
    """Reads photos as the SDK does; returns (file name, photo) of the readable ones, and the others."""
    read, skipped = [], []
    for path in paths:
        try:
            read.append((Path(path).name, read_photo(path)))
        except PhotoError as error:
            skipped.append(Skipped(error.photo, error.reason))
    return read, skipped


def builtin(purpose: Purpose) -> tuple[list[tuple[str, Image.Image]], str]:
    """Returns (name, picture) pairs for a purpose, and a description of them.

    They are photographs from scikit-image if all of them are installed, else generated scenes. No picture
    serves both purposes.
    """
    files = _files([picture.name for picture in _PICTURES if picture.purpose == purpose])
    photos, skipped = read_all([str(file) for file in files if file.is_file()])
    if photos and not skipped and len(photos) == len(files):
        return photos, "photographs shipped with scikit-image"
    first = 0 if purpose == "verification" else _SCENES
    scenes = [(f"scene {seed}", Image.fromarray(scene(seed))) for seed in range(first, first + _SCENES)]
    return scenes, "generated scenes, as scikit-image and its photographs are not installed"


def shipped_photographs() -> list[Path]:
    """Returns scikit-image's everyday photographs, 427 to 741 pixels wide, in order of their names.

    Raises:
        PhotosMissing: scikit-image is not installed, or without its pictures.
    """
    files = _files(sorted(picture.name for picture in _PICTURES if picture.everyday))
    if not files:
        raise PhotosMissing(
            "no photos given; give some, or pip install scikit-image for the photographs it comes with"
        )
    installed = [file for file in files if file.is_file()]
    if not installed:
        raise PhotosMissing("no photos given, and this scikit-image comes without pictures; give some")
    return installed


def _files(names: Sequence[str]) -> list[Path]:
    """Returns where scikit-image keeps these pictures; nothing if it is not installed."""
    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        return []
    return [Path(spec.submodule_search_locations[0], "data", name) for name in names]
