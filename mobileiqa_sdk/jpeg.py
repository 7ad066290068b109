"""Pillow's JPEG decoder; a module of its own because its import is slow, and waits for the first JPEG."""

from __future__ import annotations

from PIL import JpegImagePlugin


class Jpeg(JpegImagePlugin.JpegImageFile):
    """A JPEG of which Pillow looks at what decides the pixels, and at nothing else."""

    # Pillow parses all of the EXIF here for a resolution that nobody asked for, and warns if it is malformed.
    def _read_dpi_from_exif(self) -> None:
        pass
