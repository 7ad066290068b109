"""The model that the page loads is the bundled one with int8 weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import skimage

from mobileiqa_sdk import Scorer
from mobileiqa_sdk.verification import replay_golden

MODEL = Path(__file__).parents[2] / "web/demo/model.onnx"
PHOTOS = [
    Path(skimage.__file__).parent / "data" / name for name in ("astronaut.png", "coffee.png", "rocket.jpg")
]


def test_it_was_exported_from_the_bundled_checkpoint() -> None:
    page, bundled = (Scorer(model, threads=1).contract for model in (MODEL, None))
    assert page.model == bundled.model
    assert (page.precision.weights, page.precision.activations) == ("int8", "float")
    assert page.verification.passed
    assert (page.input, page.outputs) == (bundled.input, bundled.outputs)
    assert MODEL.stat().st_size < 3_000_000


def test_it_scores_its_golden_image() -> None:
    assert replay_golden(Scorer(MODEL, threads=1)).passed


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda photo: photo.stem)
def test_it_answers_nearly_what_the_bundled_model_does(photo: Path) -> None:
    page, bundled = (Scorer(model, threads=1).assess(photo) for model in (MODEL, None))
    assert page.score == pytest.approx(bundled.score, abs=0.02)
    assert page.faults == pytest.approx(dict(bundled.faults), abs=0.05)
    assert page.photograph == pytest.approx(bundled.photograph, abs=0.05)
