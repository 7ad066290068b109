from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from mobileiqa_bench.evaluation.datasets import RatedPhoto
from training.contact_sheet import write_contact_sheet


def test_the_worst_errors_come_first(scenes: list[Path], tmp_path: Path) -> None:
    photos = [RatedPhoto(path, 0.5) for path in scenes]
    scores = np.full(len(photos), 0.5)
    scores[[4, 7, 2]] = 0.9, 0.0, 0.6
    out = tmp_path / "sheet.png"
    worst = write_contact_sheet(photos, scores, out, count=3)
    assert [photo.path for photo in worst] == [scenes[7], scenes[4], scenes[2]]
    with Image.open(out) as sheet, Image.open(scenes[7]) as first:
        assert sheet.getpixel((8 + 48, 8 + 48)) == first.getpixel((48, 48))
