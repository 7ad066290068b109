"""What goes into a network, and what comes out."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from torch import Tensor, nn

from mobileiqa_export.errors import NetworkUnfit
from mobileiqa_export.networks import Description
from mobileiqa_export.networks.pixels import PixelNetwork

Describe = Callable[..., Description]


class Keep(nn.Module):
    """Keeps what it is given, and answers something."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer, self.image = answer, torch.empty(0)

    def forward(self, image: Tensor) -> Any:
        self.image = image
        return self.answer


def photo() -> np.ndarray[Any, Any]:
    return np.asarray(data.chelsea()[:65, :97])


def given(description: Description) -> Tensor:
    inner = Keep(torch.tensor(0.5))
    PixelNetwork(inner, description)(torch.from_numpy(photo().copy())[None])
    return inner.image


def score(description: Description, answer: Any) -> float:
    return float(PixelNetwork(Keep(answer), description).score(answer))


def test_as_torchvision_prepares(describe: Describe) -> None:
    """ToTensor and Normalize."""
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    actual = given(describe(input__mean=mean, input__std=std))
    expected = ((photo() / 255 - mean) / std).transpose(2, 0, 1)[None]
    np.testing.assert_allclose(actual, expected, atol=2e-6)
    assert actual.is_contiguous(), "networks that say view() need it"


def test_as_opencv_reads(describe: Describe) -> None:
    actual = given(describe(input__channels="BGR", input__range=[0, 255], input__mean=[1, 2, 3]))
    expected = (photo()[..., ::-1].astype(float) - [1, 2, 3]).transpose(2, 0, 1)[None]
    np.testing.assert_allclose(actual, expected, atol=1e-4)


def test_as_tensorflow_scales(describe: Describe) -> None:
    actual = given(describe(input__scale=1 / 127.5, input__offset=-1.0))
    np.testing.assert_allclose(actual, (photo() / 127.5 - 1).transpose(2, 0, 1)[None], atol=1e-6)


def test_brightness_is_pillows(describe: Describe) -> None:
    """But for the rounding to whole levels."""
    actual = given(describe(input__channels="L", input__range=[0, 255]))
    expected = np.asarray(Image.fromarray(photo()).convert("L"), dtype=float)
    assert actual.shape == (1, 1, 65, 97)
    assert np.abs(actual.numpy()[0, 0] - expected).max() <= 0.5 + 1e-3


def test_a_range(describe: Describe) -> None:
    higher = describe(output__worst=0, output__best=100)
    assert score(higher, torch.tensor([[25.0]])) == pytest.approx(0.25)
    lower = describe(output__worst=100, output__best=0)
    assert score(lower, torch.tensor(25.0)) == pytest.approx(0.75)
    assert [score(lower, torch.tensor(x)) for x in (130.0, -1.0)] == [0, 1]


def test_a_distribution(describe: Describe) -> None:
    bins = describe(output__bins=list(range(1, 11)))
    assert score(bins, torch.full((1, 10), 0.1)) == pytest.approx((5.5 - 1) / 9)
    logits = describe(output__bins=[1, 2, 3], output__activation="softmax")
    assert score(logits, torch.tensor([[0.0, 0.0, 50.0]])) == pytest.approx(1)


def test_a_sigmoid(describe: Describe) -> None:
    assert score(describe(output__activation="sigmoid"), torch.tensor([0.0])) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("select", "answer"),
    [
        (1, (torch.ones(3), torch.tensor(0.25))),
        (-1, [torch.ones(3), torch.tensor(0.25)]),
        ("score", {"map": torch.ones(3), "score": torch.tensor(0.25)}),
        ("score", SimpleNamespace(score=torch.tensor([[0.25]]))),
    ],
)
def test_one_of_several(select: int | str, answer: Any, describe: Describe) -> None:
    assert score(describe(output__select=select), answer) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("values", "answer", "said"),
    [
        ({}, torch.ones(1, 10), "10 values.* 1"),
        ({"output__bins": [1, 2]}, torch.ones(1, 10), "10 values.* 2"),
        ({}, {"a": 1, "b": 2}, "dict of a, b.*output.select"),
        ({}, (1, 2), "tuple of 2.*output.select"),
        ({}, None, r"NoneType, not a tensor"),
        ({}, 0.5, r"float, not a tensor.*float\(\)"),
        ({}, np.float32(0.5), r"float32, not a tensor"),
        ({}, np.ones(1), r"ndarray, not a tensor"),
        ({"output__select": 1}, (1, 2.0), r"float, not a tensor"),
        ({}, SimpleNamespace(score=1), r"SimpleNamespace; .*output.select"),
        ({"output__select": "c"}, {"a": 1, "b": 2}, "dict of a, b.*'c'"),
        ({"output__select": 2}, (1, 2), "tuple of 2.* 2"),
        ({"output__select": "c"}, (1, 2), "'c'"),
        ({"output__select": 5}, torch.ones(1), r"tensor \[1\].* 5"),
    ],
)
def test_answers_that_are_no_score(
    values: dict[str, Any], answer: Any, said: str, describe: Describe
) -> None:
    with pytest.raises(NetworkUnfit, match=said):
        score(describe(**values), answer)
