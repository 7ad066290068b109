"""Photographs that come with a package on this machine, for whoever gives none."""

from __future__ import annotations

from pathlib import Path

from .errors import PhotographsMissing

SHIPPED = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")
"""Those of scikit-image's pictures that are photographs of the world and lie in its wheel."""


def shipped_photographs() -> list[Path]:
    """Scikit-image's photographs, 427 to 741 pixels wide. Nothing is downloaded.

    Raises:
        PhotographsMissing: scikit-image is not installed, or came without its pictures.
    """
    try:
        import skimage
    except ImportError as error:
        raise PhotographsMissing(
            "no photos given; give some, or pip install scikit-image for the photographs it comes with"
        ) from error
    folder = Path(skimage.__file__).parent / "data"
    found = [folder / name for name in SHIPPED if (folder / name).is_file()]
    if not found:
        raise PhotographsMissing("no photos given, and this scikit-image came without pictures; give some")
    return found
