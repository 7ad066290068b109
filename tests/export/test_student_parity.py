"""Against numbers that the published code gave for formula-made weights and images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from mobileiqa_export.student import BACKBONES, AttentionStudent, StudentConfig, build_student, normalise

from .formulas import formula_image, formula_weights

FACTS = json.loads((Path(__file__).parent / "student_parity.json").read_text())


@pytest.fixture(scope="module")
def student() -> AttentionStudent:
    built = build_student(StudentConfig())
    assert isinstance(built, AttentionStudent)
    return built


def test_keys_and_shapes_are_the_published_ones_in_their_order(student: AttentionStudent) -> None:
    actual = [[key, list(value.shape)] for key, value in student.state_dict().items()]
    assert actual == FACTS["state_dict"]


@pytest.mark.parametrize("case", FACTS["cases"], ids=lambda c: "{seed}-{h}x{w}-{image_seed}".format(**c))
def test_scores_and_intermediate_statistics(student: AttentionStudent, case: dict[str, Any]) -> None:
    student.load_state_dict(formula_weights(student, case["seed"]))
    pixels = torch.from_numpy(formula_image(case["h"], case["w"], case["image_seed"])).permute(2, 0, 1)[None]
    seen: dict[str, Any] = {}
    blocks = {f"LDA{i}": student.get_submodule(f"LDA{i}") for i in range(1, 6)}
    blocks |= {f"MAL{i}": mal for i, mal in enumerate(student.MALs)}
    blocks["logit"] = student.fc_score[3]
    hooks = [
        block.register_forward_hook(lambda _m, _i, out, name=name: seen.__setitem__(name, out))
        for name, block in blocks.items()
    ]
    try:
        with torch.inference_mode():
            score = student(normalise(pixels, BACKBONES["mobilenetv3-large"])).item()
    finally:
        for hook in hooks:
            hook.remove()
    local, views = [seen[f"LDA{i}"] for i in range(1, 6)], [seen[f"MAL{i}"] for i in range(3)]
    assert score == pytest.approx(case["score"], abs=2e-6)
    assert seen["logit"].item() == pytest.approx(case["logit"], abs=1e-5)
    close = {"rel": 1e-4, "abs": 1e-7}
    assert [x.mean().item() for x in local] == pytest.approx(case["lda_mean"], **close)
    assert [x.std().item() for x in local] == pytest.approx(case["lda_std"], **close)
    assert [x.mean().item() for x in views] == pytest.approx(case["view_mean"], **close)
    assert [x.std().item() for x in views] == pytest.approx(case["view_std"], **close)
    assert [x.flatten()[0].item() for x in views] == pytest.approx(case["view_first"], **close)
