"""The committed checkpoint: what it says of itself, and its score on a photo made by a formula."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mobileiqa_export.checkpoint import LoadedStudent, load_student
from mobileiqa_export.student import BACKBONES, normalise
from training.finetune import FinetuneSettings
from training.head import HeadSettings

PATH = Path(__file__).parents[2] / "training" / "checkpoints" / "mobileiqa-small.safetensors"
SCORE = 0.54925


@pytest.fixture(scope="module")
def checkpoint() -> LoadedStudent:
    return load_student(PATH)


def formula_photo() -> torch.Tensor:
    """Smooth waves of another frequency per channel, [1, 3, 512, 512] in 0..255."""
    y, x = np.mgrid[0:512, 0:512].astype(np.float64)
    waves = [np.sin(x / (7 + 4 * c)) * np.cos(y / (11 + 3 * c)) for c in range(3)]
    return torch.from_numpy(np.round(127.5 + 127.5 * np.stack(waves))[None].astype(np.uint8))


def test_it_describes_itself(checkpoint: LoadedStudent) -> None:
    assert checkpoint.config.arch == "moments"
    assert checkpoint.config.input_size == (512, 512)
    assert checkpoint.info["name"] == "mobileiqa-small"
    assert checkpoint.info["licence"] == "Apache-2.0"
    assert checkpoint.info["training"]["before"]["settings"]["views"] == checkpoint.config.views


def test_it_is_small_enough_to_bundle() -> None:
    assert PATH.stat().st_size < 10_000_000


def test_its_score_is_what_it_was(checkpoint: LoadedStudent) -> None:
    pixels = normalise(formula_photo(), BACKBONES[checkpoint.config.backbone])
    with torch.inference_mode():
        score = checkpoint.network.observe(pixels).score.item()
    assert score == pytest.approx(SCORE, abs=1e-5)


def test_the_defaults_are_the_settings_that_made_it(checkpoint: LoadedStudent) -> None:
    finetuned = checkpoint.info["training"]["before"]["backbone"]["training"]
    assert finetuned["finetuning"] == FinetuneSettings().to_dict()
    first_head = finetuned["start"]["settings"]
    defaults = HeadSettings().to_dict()
    assert first_head == {name: defaults[name] for name in first_head}
