"""Ranges of activations that Core ML's passes are given."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

pytest.importorskip("coremltools")

from mobileiqa_export.formats.coreml_quantize import measure_ranges


class Program:
    """A program of three results: numbers around 0, zeros, and indices."""

    inputs = (SimpleNamespace(name="image"),)

    def run(self, inputs: dict[str, Tensor], observe: Callable[[str, Tensor], None]) -> None:
        assert inputs["image"].shape == (1, 3, 2, 4)
        assert torch.get_num_threads() == 1
        observe("centred", inputs["image"].float() - 3)
        observe("zeros", torch.zeros(2))
        observe("indices", torch.arange(3))


@pytest.mark.parametrize("levels", [(5, 1), (1, 5), (5, 1, 4)])
def test_a_range_is_that_of_all_photos_with_zero_in_it(levels: tuple[int, ...]) -> None:
    photos = [np.full((2, 4, 3), level, np.uint8) for level in levels]
    ranges = measure_ranges(cast("Any", Program()), photos)
    assert ranges["centred"] == {"rmin": -2.0, "rmax": 2.0}
    assert ranges["zeros"] == {"rmin": 0.0, "rmax": 1e-3}
    assert ranges.keys() == {"centred", "zeros"}


def test_a_range_of_one_sign_begins_at_zero() -> None:
    ranges = measure_ranges(cast("Any", Program()), [np.full((2, 4, 3), 9, np.uint8)])
    assert ranges["centred"] == {"rmin": 0.0, "rmax": 6.0}
