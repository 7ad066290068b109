"""Pictures for the app's screens, and what the bundled model says of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage
from PIL import Image

from mobileiqa_bench.evaluation.faults import FAULTS
from mobileiqa_sdk import Scorer

DATA = Path(skimage.__file__).parent / "data"
ANSWERS = "answers.txt"


def save_pictures(folder: Path) -> None:
    """Writes PNG files and ``answers.txt``: a line for each, ``name;score;photograph;fault=severity;...``.

    They are a cat as it was taken, an upright rocket, both with faults, and a page of text.
    """
    cat = Image.open(DATA / "chelsea.png").convert("RGB").resize((1024, 681))
    rocket = Image.open(DATA / "rocket.jpg").convert("RGB").crop((150, 0, 430, 427)).resize((560, 854))
    pictures = {
        "cat": cat,
        "rocket": rocket,
        "dark": faulty(cat, underexposure=3, motion_blur=4),
        "defocused": faulty(rocket, defocus=4),
        "compressed": faulty(cat, compression=5),
        "page": Image.open(DATA / "page.png").convert("RGB"),
    }
    scorer = Scorer(threads=1)
    with open(folder / ANSWERS, "w", encoding="utf-8") as file:
        for name, picture in pictures.items():
            picture.save(folder / f"{name}.png")
            answer = scorer.assess(picture)
            severities = [f"{fault}={severity:.3f}" for fault, severity in answer.faults.items()]
            print(name, f"{answer.score:.3f}", f"{answer.photograph:.3f}", *severities, sep=";", file=file)


def faulty(picture: Image.Image, **steps: float) -> Image.Image:
    pixels = np.asarray(picture)
    for fault, step in steps.items():
        pixels = FAULTS[fault].put_into(pixels, step, scale=picture.width / 512)
    return Image.fromarray(pixels)
