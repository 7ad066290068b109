"""The keep-aspect rule: what holds for every photo, and cases worked out by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mobileiqa_sdk.fit import Setting, fitted
from mobileiqa_sdk.photo import MAX_PIXELS, MIN_SIDE

SIDES = st.one_of(st.integers(MIN_SIDE, 10_000), st.integers(MIN_SIDE, MAX_PIXELS // MIN_SIDE))
PHOTOS = st.tuples(SIDES, SIDES).filter(lambda photo: photo[0] * photo[1] <= MAX_PIXELS)
BUDGETS = st.one_of(st.integers(1024, 2**27), st.sampled_from([1024, 65_536, 262_144, 2**27]))
MULTIPLES = st.integers(1, 32)
LISTS = st.lists(st.tuples(st.integers(1, 2048), st.integers(1, 2048)), min_size=1, max_size=9).map(tuple)


def budget(pixels: int, *sizes: tuple[int, int]) -> Setting:
    return Setting("any", pixels, sizes)


@given(PHOTOS, BUDGETS, MULTIPLES)
def test_it_is_within_the_photo_the_budget_and_the_multiples(
    photo: tuple[int, int], pixels: int, multiple: int
) -> None:
    height, width = fitted(*photo, budget(pixels), multiple)
    assert 0 < height <= photo[0]
    assert 0 < width <= photo[1]
    assert height * width <= pixels
    assert height % multiple == width % multiple == 0


@given(PHOTOS, BUDGETS, MULTIPLES)
def test_the_aspect_ratio_is_kept(photo: tuple[int, int], pixels: int, multiple: int) -> None:
    height, width = fitted(*photo, budget(pixels), multiple)
    assume(multiple not in (height, width))
    factor = Fraction(width, height) / Fraction(photo[1], photo[0])
    assert 1 - Fraction(multiple, width) < factor < 1 + Fraction(multiple, height)


@given(PHOTOS, BUDGETS, MULTIPLES)
def test_a_multiple_more_on_both_sides_would_be_too_much(
    photo: tuple[int, int], pixels: int, multiple: int
) -> None:
    """The budget is used, unless the photo itself is smaller."""
    height, width = fitted(*photo, budget(pixels), multiple)
    larger = height + multiple, width + multiple
    assert larger[0] > photo[0] or larger[1] > photo[1] or larger[0] * larger[1] > pixels


@given(PHOTOS, BUDGETS, MULTIPLES)
def test_a_turned_photo_has_the_turned_size(photo: tuple[int, int], pixels: int, multiple: int) -> None:
    height, width = fitted(*photo, budget(pixels), multiple)
    assert fitted(photo[1], photo[0], budget(pixels), multiple) == (width, height)


@given(PHOTOS, MULTIPLES)
def test_a_photo_within_the_budget_loses_less_than_a_multiple(photo: tuple[int, int], multiple: int) -> None:
    pixels = max(photo[0] * photo[1], 1024)
    assert fitted(*photo, budget(pixels), 1) == photo
    height, width = fitted(*photo, budget(pixels), multiple)
    assert photo[0] - multiple < height
    assert photo[1] - multiple < width


@given(PHOTOS, BUDGETS, MULTIPLES)
def test_fitting_again_changes_nothing_more_than_the_multiples_do(
    photo: tuple[int, int], pixels: int, multiple: int
) -> None:
    size = fitted(*photo, budget(pixels), multiple)
    assert fitted(*size, budget(pixels), multiple) == size


@given(PHOTOS)
def test_products_of_the_rule_are_exact_in_doubles(photo: tuple[int, int]) -> None:
    """So that JavaScript needs no BigInt for the rule without listed sizes."""
    assert 2**27 * max(photo) < 2**53


@given(PHOTOS, BUDGETS, LISTS, MULTIPLES)
def test_a_listed_size_is_taken(
    photo: tuple[int, int], pixels: int, sizes: tuple[tuple[int, int], ...], multiple: int
) -> None:
    height, width = photo
    chosen = fitted(height, width, budget(pixels, *sizes), multiple)
    assert chosen in sizes
    inside = [size for size in sizes if size[0] <= height and size[1] <= width]
    assert not inside or chosen in inside

    def stretched(size: tuple[int, int]) -> Fraction:
        """By how much the longer stretched side is: 1 where the shape is the photo's."""
        ratio = Fraction(size[1] * height, size[0] * width)
        return max(ratio, 1 / ratio)

    for other in inside or sizes:
        assert stretched(chosen) <= stretched(other)
        if stretched(chosen) == stretched(other):
            assert chosen[0] * chosen[1] >= other[0] * other[1]


@pytest.mark.parametrize(
    ("photo", "expected"), [((64, 200), (64, 64)), ((63, 200), (32, 32)), ((200, 64), (64, 64))]
)
def test_a_listed_size_of_the_side_of_the_photo_is_no_enlargement(
    photo: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert fitted(*photo, budget(2**22, (32, 32), (64, 64), (256, 256)), 1) == expected


@given(PHOTOS, LISTS)
def test_the_order_of_the_list_decides_between_equals_alone(
    photo: tuple[int, int], sizes: tuple[tuple[int, int], ...]
) -> None:
    one = fitted(*photo, budget(2**22, *sizes), 1)
    other = fitted(*photo, budget(2**22, *reversed(sizes)), 1)
    if one != other:
        assert one[0] * one[1] == other[0] * other[1]
        assert sizes.index(one) < sizes.index(other)


@pytest.mark.parametrize(
    ("photo", "setting", "multiple", "size"),
    [
        ((3000, 4000), budget(262_144), 32, (416, 576)),  # 443 x 591
        ((4000, 3000), budget(262_144), 1, (591, 443)),
        ((512, 512), budget(262_144), 32, (512, 512)),
        ((512, 513), budget(262_144), 1, (511, 512)),  # 262,656 pixels: one row and column too many
        ((375, 500), budget(262_144), 1, (375, 500)),
        ((375, 500), budget(262_144), 32, (352, 480)),
        ((32, 20_000), budget(65_536), 32, (32, 2048)),  # 10 x 6400: the height becomes 32
        ((32, 20_000), budget(65_536), 1, (10, 6400)),
        ((63, 63), budget(1024), 32, (32, 32)),
        ((1, 2000), budget(1024), 1, (1, 1024)),
        ((900, 1200), budget(2**18, (512, 512), (448, 576)), 32, (448, 576)),
        ((1000, 1000), budget(2**18, (512, 512), (448, 576)), 32, (512, 512)),
        ((500, 600), budget(2**18, (512, 512), (448, 576)), 32, (448, 576)),  # the other would enlarge
        ((100, 100), budget(2**18, (448, 576), (512, 512)), 32, (512, 512)),  # each would
        ((2000, 4000), budget(2**18, (128, 256), (256, 512)), 32, (256, 512)),  # of one shape, the larger
        ((1500, 1500), budget(2**18, (256, 512), (512, 256)), 32, (256, 512)),  # as unlike: the first
        ((1500, 1500), budget(2**18, (512, 256), (256, 512)), 32, (512, 256)),
    ],
)
def test_by_hand(photo: tuple[int, int], setting: Any, multiple: int, size: tuple[int, int]) -> None:
    assert fitted(*photo, setting, multiple) == size
