"""KonIQ-10k: Hosu et al., KonIQ-10k: An ecologically valid database for deep learning of blind image quality
assessment, 2020 (arXiv 1910.06180).

10,073 photos with about 120 crowd ratings each; from database.mmsp-kn.de, and the splits from the GitHub
repository subpic/koniq::

    1024x768/10004473376.jpg ...                the official size; 512x384/ is the same at half of it
    koniq10k_distributions_sets.csv             image_name, c1 .. c5, c_total, MOS (1..100), SD, set
    koniq10k_scores_and_distributions.csv       image_name, c1 .. c5, c_total, MOS (1..5), SD, MOS_zscore

``set`` is training (7,058 photos), validation (1,000) or test (2,015). MOS 1..100 becomes 0..1. If only
the second table is there, its MOS_zscore, which is the same opinion, is taken, and the only split is all.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import DatasetNotFound
from .rated import ImageFolder, RatedPhoto
from .tables import rate, read_table

IMAGES = ("1024x768", "512x384")
SETS = "koniq10k_distributions_sets.csv"
SCORES = "koniq10k_scores_and_distributions.csv"
SCALE = (1, 100)


def read(root: Path, split: str) -> list[RatedPhoto]:
    """Returns the photos of ``train``, ``validation``, ``test`` or ``all``. Raises as `read_dataset` does."""
    folder = next((root / name for name in IMAGES if (root / name).is_dir()), None)
    if folder is None:
        raise DatasetNotFound(
            f"{root / IMAGES[0]} is missing; {root} is not a copy of KonIQ-10k; give the folder of one"
        )
    if split == "all" and not (root / SETS).exists():
        table, mos = read_table(root / SCORES), "MOS_zscore"
    else:
        table, mos = read_table(root / SETS), "MOS"
    official = {"train": "training"}.get(split, split)
    return rate(
        table,
        ImageFolder(folder),
        name=table.column("image_name"),
        mos=table.column(mos),
        scale=SCALE,
        part=(table.column("set"), official) if split != "all" else None,
    )
