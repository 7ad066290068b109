"""resize() against an implementation written from the module's docstring alone."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from skimage import data

from mobileiqa_sdk.resample import RULE, resize


def cubic(x):
    x = abs(x)
    if x < 1:
        return ((1.5 * x - 2.5) * x) * x + 1
    if x < 2:
        return (((x - 5) * x + 8) * x - 4) * -0.5
    return 0.0


def coefficients(n, m):
    """[m, n] integers, in float64 so that BLAS multiplies them; every sum stays far below 2**53."""
    matrix = np.zeros((m, n))
    scale = n / m
    stretch = max(scale, 1.0)
    support = 2.0 * stretch
    inverse = 1.0 / stretch
    for i in range(m):
        center = (i + 0.5) * scale
        first = max(math.trunc(center - support + 0.5), 0)
        last = min(math.trunc(center + support + 0.5), n)
        weights = [cubic((first + j - center + 0.5) * inverse) for j in range(last - first)]
        total = 0.0
        for weight in weights:
            total += weight
        for j, weight in enumerate(weights):
            k = weight / total if total != 0 else weight
            matrix[i, first + j] = math.trunc(k * 2**22 + (0.5 if k >= 0 else -0.5))
    return matrix


def filter_rows(pixels, m):
    n = pixels.shape[1]
    if n == m:
        return pixels
    sums = 2**21 + np.einsum("ij,hjc->hic", coefficients(n, m), pixels.astype(np.float64), optimize=True)
    return np.clip(sums.astype(np.int64) >> 22, 0, 255).astype(np.uint8)


def reference(pixels, height, width):
    pixels = filter_rows(pixels, width)
    return filter_rows(pixels.transpose(1, 0, 2), height).transpose(1, 0, 2)


def check(pixels, height, width):
    result = resize(Image.fromarray(pixels), height, width)
    assert result.dtype == np.uint8
    assert result.shape == (height, width, 3)
    assert result.flags.c_contiguous
    assert result.flags.writeable
    np.testing.assert_array_equal(result, reference(pixels, height, width))


@pytest.mark.parametrize("photo", [data.astronaut, data.coffee, data.chelsea])
@pytest.mark.parametrize(
    ("height", "width"), [(1231, 1907), (224, 224), (101, 307), (1, 1), (700, 33), (7, 2001)]
)
def test_matches_the_specification_on_photos(photo, height, width):
    check(photo(), height, width)


@pytest.mark.parametrize("other", [50, 300, 311, 900])
def test_a_side_that_stays_is_not_filtered(other):
    photo = data.chelsea()  # 300 x 451
    check(photo, 300, other)
    check(photo, other, 451)


@pytest.mark.parametrize("size", [(1, 5000), (5000, 1), (32, 4096), (4096, 32)])
@pytest.mark.parametrize("target", [(1, 9), (9, 1), (64, 64), (33, 1000)])
def test_extreme_aspect_ratios(size, target):
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    check(noise, *target)


def test_overshoot_is_clipped_after_each_pass():
    edges = np.kron(np.indices((9, 9)).sum(0) % 2 * 255, np.ones((4, 4))).astype(np.uint8)
    check(np.repeat(edges[:, :, None], 3, axis=2), 100, 101)


@settings(deadline=None, max_examples=150)
@given(
    pixels=arrays(np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24), st.just(3))),
    height=st.integers(1, 60),
    width=st.integers(1, 60),
)
def test_matches_the_specification_on_small_arrays(pixels, height, width):
    check(pixels, height, width)


def test_same_size_returns_the_pixels_and_no_shared_memory():
    image = Image.fromarray(data.astronaut())
    result = resize(image, 512, 512)
    np.testing.assert_array_equal(result, data.astronaut())
    result[:] = 0
    np.testing.assert_array_equal(np.asarray(image), data.astronaut())


def test_rule_is_pillows_own():
    image = Image.fromarray(data.coffee())
    expected = np.asarray(image.resize((123, 80), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(resize(image, 80, 123), expected)
    assert RULE == "pillow-bicubic"


def test_rows_come_first_even_where_pillow_13_starts_with_columns():
    portrait = np.ascontiguousarray(np.rot90(data.coffee()))  # 600 x 400
    check(portrait, 123, 190)
    check(portrait, 185, 286)  # 1231 x 1907 to a phone's portrait


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1", "CMYK", "I;16"])
def test_other_modes_are_refused(mode):
    with pytest.raises(ValueError, match="mode RGB"):
        resize(Image.new(mode, (40, 40)), 10, 10)


@pytest.mark.parametrize(("height", "width"), [(0, 1), (1, 0), (-3, 5)])
def test_empty_sizes_are_refused(height, width):
    with pytest.raises(ValueError, match="at least 1"):
        resize(Image.new("RGB", (40, 40)), height, width)
