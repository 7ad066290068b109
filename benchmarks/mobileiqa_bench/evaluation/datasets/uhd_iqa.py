"""UHD-IQA: Hosu et al., UHD-IQA Benchmark Database: Pushing the Boundaries of Blind Photo Quality Assessment,
2024 (arXiv 2406.17472).

6,073 photos 3840 pixels wide, rated twice by ten experts each; from database.mmsp-kn.de::

    training/ validation/ test/     the images
    uhd-iqa-metadata.csv            image_name, quality_mos (0..1), set, subset, and popularity figures

``set`` is training (4,269 photos), validation (904) or test (900). MOS is taken as it is. ``subset`` names
exclusive categories that only validation and test have. The challenge's copy, with its folders below
``challenge/``, is read too.
"""

from __future__ import annotations

from pathlib import Path

from .rated import ImageFolder, RatedPhoto
from .tables import rate, read_table

TABLE = "uhd-iqa-metadata.csv"
SCALE = (0, 1)


def read(root: Path, split: str) -> list[RatedPhoto]:
    """Returns the photos of ``train``, ``validation``, ``test`` or ``all``. Raises as `read_dataset` does."""
    table = read_table(root / TABLE)
    belongs = table.column("set")
    official = {"train": "training"}.get(split, split)
    return rate(
        table,
        ImageFolder(root),
        name=table.column("image_name"),
        mos=table.column("quality_mos"),
        scale=SCALE,
        subset=table.column("subset") if table.has("subset") else None,
        part=(belongs, official) if split != "all" else None,
    )
