"""The teacher's blocks: shapes of every size, and what each block promises."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from mobileiqa_export.rewrite.resize_blending import Blend
from mobileiqa_export.teacher import Teacher, TeacherConfig
from mobileiqa_export.teacher.backbone import sides_before_patches, tap_sizes
from mobileiqa_export.teacher.bounded import Bounded
from mobileiqa_export.teacher.linear_attention import LinearAttention
from mobileiqa_export.teacher.patches import folded, resized_to_patches, unfolded

from .conftest import SMALL_TEACHER, filled_teacher

SIDES = st.integers(32, 100)


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    return filled_teacher()


@settings(max_examples=15, deadline=None)
@given(height=SIDES, width=SIDES, batch=st.integers(1, 2))
def test_every_size_and_batch_passes(teacher: Teacher, height: int, width: int, batch: int) -> None:
    with torch.inference_mode():
        taps = teacher.global_vit(torch.randn(batch, 3, height, width))
    assert [tuple(tap.shape) for tap in taps] == [
        (batch, channels, *size)
        for channels, size in zip((16, 32, 64, 96, 128), tap_sizes(height, width), strict=True)
    ]


def test_sides_at_the_published_size() -> None:
    assert TeacherConfig().tap_sizes == [(616, 954), (308, 477), (154, 240), (78, 120), (40, 60)]
    assert sides_before_patches((1231, 1907)) == [(154, 239), (77, 120), (39, 60)]


def test_photos_of_a_batch_do_not_see_each_other(teacher: Teacher) -> None:
    photos = torch.randn(3, 3, 70, 90)
    with torch.inference_mode():
        together = teacher.observe(photos)
        alone = [teacher.observe(photo[None]) for photo in photos]
    for index, one in enumerate(alone):
        for whole, part in zip(together, one, strict=True):
            torch.testing.assert_close(whole[index], part[0], rtol=1e-4, atol=1e-4)


@given(batch=st.integers(1, 3), channels=st.integers(1, 3), rows=st.integers(1, 5), columns=st.integers(1, 5))
def test_patches_come_apart_and_together(batch: int, channels: int, rows: int, columns: int) -> None:
    x = torch.randn(batch, channels, 2 * rows, 2 * columns)
    apart = unfolded(x)
    assert apart.shape == (batch, channels, 4, rows * columns)
    corners = [x[:, :, row::2, column::2] for row in (0, 1) for column in (0, 1)]
    assert torch.equal(apart, torch.stack([corner.flatten(2) for corner in corners], 2))
    assert torch.equal(folded(apart, 2 * rows, 2 * columns), x)


@given(length=st.integers(1, 300), axis=st.sampled_from([2, 3]))
def test_blending_is_the_resizing(length: int, axis: int) -> None:
    shape = [1, 2, 4, 4]
    shape[axis] = length
    x = torch.randn(shape, dtype=torch.float64)
    expected = list(shape)[2:]
    expected[axis - 2] = length + 1
    resized = F.interpolate(x, tuple(expected), mode="bilinear", align_corners=True)
    torch.testing.assert_close(Blend(length, axis, x)(x), resized, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("size", "even"), [((4, 6), (4, 6)), ((5, 6), (6, 6)), ((4, 7), (4, 8)), ((1, 1), (2, 2))]
)
def test_maps_are_enlarged_to_even_sides(size: tuple[int, int], even: tuple[int, int]) -> None:
    x = torch.randn(1, 2, *size)
    y = resized_to_patches(x)
    assert y.shape[2:] == even
    assert torch.equal(y[:, :, [0, -1]][:, :, :, [0, -1]], x[:, :, [0, -1]][:, :, :, [0, -1]])
    assert (y is x) == (size == even)


def test_each_group_of_positions_has_a_context_of_its_own() -> None:
    attention = LinearAttention(4)
    torch.nn.init.normal_(attention.qkv_proj.weight)
    x = torch.randn(1, 4, 2, 3)
    changed = x.clone()
    changed[:, :, 1] += 1
    with torch.inference_mode():
        before, after = attention(x), attention(changed)
        score, key, value = attention.qkv_proj(x).split([1, 4, 4], 1)
        weights = score.exp() / score.exp().sum(-1, keepdim=True)
        by_hand = attention.out_proj(value.clamp(min=0) * (weights * key).sum(-1, keepdim=True))
    torch.testing.assert_close(after[:, :, 0], before[:, :, 0])
    assert not torch.allclose(after[:, :, 1], before[:, :, 1])
    torch.testing.assert_close(before, by_hand)


def test_answers_become_scores() -> None:
    answers = torch.tensor([-1.0, 0.25, 2.0])
    assert Bounded(0, 1)(answers).tolist() == [0, 0.25, 1]
    assert Bounded(5, 1)(torch.tensor([5.0, 2.0, 0.0])).tolist() == [0, 0.75, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"stem": 6},
        {"width": 12},
        {"grid": 11},
        {"views": 0},
        {"hidden": True},
        {"worst": 1.0},
        {"input_size": (31, 99)},
    ],
    ids=str,
)
def test_sizes_that_cannot_be(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TeacherConfig.from_dict({**SMALL_TEACHER.to_dict(), **wrong})


def test_a_description_survives_its_dictionary() -> None:
    assert TeacherConfig.from_dict(SMALL_TEACHER.to_dict()) == SMALL_TEACHER
    with pytest.raises(ValueError, match="colour"):
        TeacherConfig.from_dict({"colour": 1})
