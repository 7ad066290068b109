"""Archives and tables of small photos, sound and damaged."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

SCORES = (0.1, 0.3, 0.5, 0.7, 0.9)


def png(brightness: float, width: int = 80, height: int = 60) -> bytes:
    """A grey photo, which the tiny model scores by its brightness."""
    file = io.BytesIO()
    Image.fromarray(np.full((height, width, 3), round(255 * brightness), np.uint8)).save(file, "PNG")
    return file.getvalue()


def pngs() -> dict[str, bytes]:
    """Five photos by name, brighter and brighter."""
    return {f"{number}.png": png(score) for number, score in enumerate(SCORES)}


def tar(path: Path, members: Mapping[str, bytes], mode: str = "w", **options: object) -> Path:
    """Write a tar archive; ``mode`` as for `tarfile.open`."""
    with tarfile.open(path, mode, **options) as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def zipped(path: Path, members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a zip archive."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path
