"""SPAQ: Fang et al., Perceptual Quality Assessment of Smartphone Photography, 2020.

11,125 photos of 66 smartphones, rated in the laboratory; published by the GitHub repository h4nwei/SPAQ::

    TestImage/00001.jpg ...
    Annotations/MOS and Image attribute scores.xlsx     Image name, MOS (0..100), Brightness, Colorfulness,
                                                        Contrast, Noisiness, Sharpness

MOS 0..100 becomes 0..1. There is no official split. The sheet may also be saved as CSV under the same name.
"""

from __future__ import annotations

from pathlib import Path

from .rated import ImageFolder, RatedPhoto
from .tables import find_table, rate, read_table

IMAGES = "TestImage"
TABLE = "MOS and Image attribute scores.xlsx"
SCALE = (0, 100)


def read(root: Path, split: str) -> list[RatedPhoto]:
    """Returns all photos. Raises as `read_dataset` does."""
    table = read_table(find_table(root / "Annotations" / TABLE, root / TABLE))
    return rate(
        table,
        ImageFolder(root / IMAGES),
        name=table.column("Image name"),
        mos=table.column("MOS"),
        scale=SCALE,
    )
