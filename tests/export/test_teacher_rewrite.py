"""The passes on a teacher: each keeps the score, and what it gains."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from mobileiqa_export.blocks.statistics import IMAGENET
from mobileiqa_export.reference import as_trained, on_pixels
from mobileiqa_export.rewrite import OPTIONAL, TEACHER_PASSES, rewrite

from .conftest import SMALL_TEACHER, filled_teacher
from .formulas import formula_image

SIZES = ((166, 206), (97, 130), (128, 192))
"""All, some and none of the transformers' maps have an odd side."""


def _answer(network: nn.Module, size: tuple[int, int], *, pixels: bool, bounded: bool) -> Tensor:
    x = torch.from_numpy(formula_image(*size, 1))[None]
    if not pixels:
        mean, std = (
            torch.tensor(v, dtype=torch.float64).view(1, 3, 1, 1) for v in (IMAGENET.mean, IMAGENET.std)
        )
        x = (x.permute(0, 3, 1, 2).double() - mean) / std
    with torch.inference_mode():
        answer: Tensor = network(x)
    return answer if bounded else answer.clamp(0, 1)


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_each_pass_keeps_the_score(size: tuple[int, int]) -> None:
    config = replace(SMALL_TEACHER, input_size=size)
    network: nn.Module = filled_teacher(config).double()
    before = _answer(network, size, pixels=False, bounded=False)
    assert 0.2 < before.item() < 0.8
    done: set[str] = set()
    for name, apply in TEACHER_PASSES.items():
        result = apply(deepcopy(network), config)
        assert result.changed == (not result.reason)
        assert result.changed or name in ("blend_resize", "stream_backbone")
        network = result.network
        done.add(name)
        pixels, bounded = "normalise_input" in done, "bound_score" in done
        after = _answer(network, size, pixels=pixels, bounded=bounded)
        assert (after - before).abs().max().item() <= 1e-9, name
        before = after


def test_the_passes_change_what_they_should() -> None:
    kinds = {type(module).__name__ for module in rewrite(filled_teacher(), SMALL_TEACHER).network.modules()}
    assert {"StreamedLDA", "FoldedTokenAttention", "FoldedSpatialAttention", "PixelStem"} <= kinds
    assert {"BlendedVitBlock", "Bounded"} <= kinds
    assert not kinds & {"BatchNorm2d", "LocalDistortionAware", "TokenAttention", "SpatialAttention"}


def test_without_rewrites_pixels_go_in_and_bounded_scores_come_out() -> None:
    teacher = filled_teacher()
    rewritten = rewrite(teacher, SMALL_TEACHER, OPTIONAL)
    assert [s.name for s in rewritten.steps if s.changed] == ["normalise_input", "bound_score"]
    assert rewritten.removable == ()
    image = formula_image(*SMALL_TEACHER.input_size, 3)
    expected = as_trained(teacher, SMALL_TEACHER)(image)
    assert on_pixels(rewritten.network)(image) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", sorted(OPTIONAL & TEACHER_PASSES.keys()))
def test_any_pass_can_be_left_out(name: str) -> None:
    less = rewrite(filled_teacher(), SMALL_TEACHER, frozenset({name}))
    assert next(step.reason for step in less.steps if step.name == name) == "left out"
    image = formula_image(*SMALL_TEACHER.input_size, 3)
    expected = as_trained(filled_teacher(), SMALL_TEACHER)(image)
    assert on_pixels(less.network)(image) == pytest.approx(expected, abs=1e-6)


def test_answers_beyond_the_scale_are_clamped() -> None:
    teacher, image = filled_teacher(), formula_image(*SMALL_TEACHER.input_size, 3)
    middle = as_trained(teacher, SMALL_TEACHER)(image)
    for worst, best, score in ((middle, 9.0, 0.0), (-9.0, middle, 1.0), (middle - 1, middle + 3, 0.25)):
        config = replace(SMALL_TEACHER, worst=worst, best=best)
        assert as_trained(teacher, config)(image) == pytest.approx(score, abs=1e-5)
        assert on_pixels(rewrite(teacher, config).network)(image) == pytest.approx(score, abs=1e-5)
