"""The kinds of drawn pictures by name, and one picture of a kind from a seed."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from .drawings import comic, diagram, icon, illustration, line_drawing, map_drawing
from .paper import book, page, receipt, table
from .plots import plot
from .screens import dialog, editor, phone, terminal, web_page
from .surfaces import gradient, misfire, noise, pattern, plain

KINDS: dict[str, Callable[[np.random.Generator], Image.Image]] = {
    "page": page,
    "book": book,
    "receipt": receipt,
    "table": table,
    "editor": editor,
    "terminal": terminal,
    "dialog": dialog,
    "phone": phone,
    "web-page": web_page,
    "plot": plot,
    "diagram": diagram,
    "illustration": illustration,
    "line-drawing": line_drawing,
    "comic": comic,
    "map": map_drawing,
    "icon": icon,
    "gradient": gradient,
    "plain": plain,
    "pattern": pattern,
    "misfire": misfire,
    "noise": noise,
}


def picture(kind: str, seed: int) -> Image.Image:
    """Returns a picture of this kind in RGB; the same kind and seed give the same picture."""
    return KINDS[kind](np.random.default_rng([zlib.crc32(kind.encode()), seed]))
