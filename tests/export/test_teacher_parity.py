"""Against numbers that the published code gave for formula-made weights and images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from mobileiqa_export.blocks.statistics import IMAGENET, normalise
from mobileiqa_export.teacher import Teacher, TeacherConfig, build_teacher

from .formulas import formula_image, formula_weights

FACTS = json.loads((Path(__file__).parent / "teacher_parity.json").read_text())


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    return build_teacher(TeacherConfig())


def test_keys_and_shapes_are_the_published_ones_in_their_order(teacher: Teacher) -> None:
    actual = [[key, list(value.shape)] for key, value in teacher.state_dict().items()]
    assert actual == FACTS["state_dict"]
    assert sum(parameter.numel() for parameter in teacher.parameters()) == 96_716_468


@pytest.mark.parametrize("case", FACTS["cases"], ids=lambda c: "{weights_seed}-{height}x{width}".format(**c))
def test_score_and_intermediate_statistics(teacher: Teacher, case: dict[str, Any]) -> None:
    teacher.load_state_dict(formula_weights(teacher, case["weights_seed"]))
    image = formula_image(case["height"], case["width"], case["image_seed"])
    with torch.inference_mode():
        seen = teacher.observe(normalise(torch.from_numpy(image).permute(2, 0, 1)[None], IMAGENET))
    assert seen.score.item() == pytest.approx(case["score"], abs=1e-5)
    for name, maps in (("local", seen.local), ("views", seen.views)):
        facts = case[name]
        assert list(maps.transpose(0, 1).shape) == facts["shape"]
        assert maps.mean().item() == pytest.approx(facts["mean"], rel=1e-4)
        assert maps.std().item() == pytest.approx(facts["std"], rel=1e-4)
