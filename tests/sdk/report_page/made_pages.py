"""Writes pages for web/test/report.test.ts: small.html of photos with bad names, large.html of 10,000.

The photos are made here, and need no model.
"""

from __future__ import annotations

import io
import sys
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
from PIL import Image

from mobileiqa_sdk import Assessment, PhotoUnreadable, Scorer, Seconds
from mobileiqa_sdk.bursts.capture import Capture
from mobileiqa_sdk.bursts.looks import look_of
from mobileiqa_sdk.report_page import PageWriter, View, views_of
from mobileiqa_sdk.where import QualityMap

EVIL = '</script><script>document.title="hacked"</script><img src=x onerror="document.title=1">.jpg'
NOON = datetime(2026, 5, 1, 12)


def assessment(path: str, score: float) -> Assessment:
    faults = {"defocus": round(1 - score, 3), "noise": 0.1}
    photograph = 0.9 if score > 0.2 else 0.1
    return Assessment(path, score, "made", (512, 512), Seconds(0, 0, 0), (score, score), faults, photograph)


def photo(seed: int) -> Image.Image:
    blocks = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    return Image.fromarray(blocks).resize((400, 300), Image.Resampling.BICUBIC)


def quality(path: str) -> QualityMap:
    """A map of three windows, of which the second is the worst and the third is flat."""
    starts = (0, 72, 144)
    windows = np.array([[(0, start, 300, start + 256) for start in starts]], np.int64)
    scores = np.array([[0.8, 0.25, np.nan]], np.float32)
    faults = {"defocus": np.array([[0.1, 0.75, np.nan]], np.float32)}
    return QualityMap(path, "made", (300, 400), windows, scores, faults, np.asarray(photo(0)))


def small(folder: Path, scorer: Scorer) -> None:
    """Six photos, of which two are a burst, and two that were not scored."""
    paths = []
    for number, seed in enumerate((0, 0, 2, 3, 4)):
        exif = Image.Exif()
        exif[0x010F] = "made"
        exif.get_ifd(0x8769)[0x9003] = f"2026:05:01 12:{seed:02}:0{number}"
        paths.append(str(folder / f"photo {number}.jpg"))
        photo(seed).save(paths[-1], exif=exif)
    (evil,) = views_of(paths[4:], 1)
    with PageWriter(folder / "small.html", scorer) as page:
        for path, score, view in zip(paths, (0.9, 0.85, 0.5, 0.3, 0.1), views_of(paths, 1), strict=True):
            page.add(assessment(path, score), view, quality(path) if path == paths[0] else None)
        page.add(assessment("=1+1" + EVIL, 0.7), evil)
        page.add(PhotoUnreadable("broken.jpg", f"is damaged {EVIL}"), None)
        page.add(PhotoUnreadable("cut, off.jpg", "ends early"), None)


def large(folder: Path, scorer: Scorer) -> None:
    """10,000 photos; the pictures are of a real one's size, and a hundred different ones."""
    views = []
    for seed in range(100):
        file = io.BytesIO()
        noise = np.random.default_rng(seed).normal(0, 9, (168, 224, 1))
        pixels = np.asarray(photo(seed).resize((224, 168)), float) + noise
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file, "WEBP", quality=50)
        views.append((file.getvalue(), look_of(photo(seed))))
    scores = np.random.default_rng(0).beta(5, 3, 10_000)
    with PageWriter(folder / "large.html", scorer) as page:
        for number, score in enumerate(scores):
            thumbnail, look = views[number % 100]
            capture = Capture(NOON + timedelta(hours=number), 12_000_000)
            page.add(assessment(f"IMG_{number:05}.jpg", float(score)), View(thumbnail, look, capture))


if __name__ == "__main__":
    model = SimpleNamespace(name="made", version="1.0")
    made = cast("Scorer", SimpleNamespace(contract=SimpleNamespace(model=model, faults=("defocus", "noise"))))
    small(Path(sys.argv[1]), made)
    large(Path(sys.argv[1]), made)
