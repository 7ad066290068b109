"""Finds the picture files below folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

PHOTOGRAPHS = (".jpg", ".jpeg", ".png")
"""Endings of the files that are taken for photographs."""
PICTURES = (*PHOTOGRAPHS, ".tif", ".tiff", ".webp")
"""Endings of the files that are taken for pictures of any kind."""


def pictures_in(folders: Iterable[Path], endings: tuple[str, ...] = PICTURES) -> list[Path]:
    """Returns the files below these folders with these endings, in either case, sorted by path."""
    files = (file for folder in folders for file in folder.rglob("*"))
    return sorted(file for file in files if file.suffix.lower() in endings)
