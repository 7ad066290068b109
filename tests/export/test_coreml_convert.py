"""Networks that coremltools fails on: converted all the same, or named with the operator and its module."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .jobs import contract

pytest.importorskip("coremltools")

from mobileiqa_export import _vendor
from mobileiqa_export.errors import ConversionFailed, InternalError
from mobileiqa_export.formats import FORMATS, Job, coreml_convert, save
from mobileiqa_export.formats.coreml_convert import Conversion, Target, convert
from mobileiqa_export.precisions import FP32, Precision
from mobileiqa_mil import CoreMLProgram
from mobileiqa_sdk.contract import InputSpec

PIXELS = torch.arange(16 * 16 * 3).view(1, 16, 16, 3).to(torch.uint8)


class Part(nn.Module):
    def __init__(self, code: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.code = code

    def forward(self, x: Tensor) -> Tensor:
        return self.code(x)


class Net(nn.Module):
    def __init__(self, code: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.part = nn.Linear(3, 1), Part(code)

    def forward(self, pixels: Tensor) -> Tensor:
        x = pixels.permute(0, 3, 1, 2).float() / 255
        return torch.sigmoid(self.part(x))


class Number(Net):
    """A layer with one result, and a number that is added to it or that it is subtracted from."""

    def forward(self, pixels: Tensor) -> Tensor:
        x = pixels.float().mean((1, 2)).flatten() / 255
        return torch.sigmoid(self.part(self.layer(x)))


def converted(network: nn.Module, folder: Path) -> Conversion:
    return convert(network.eval(), InputSpec(16, 16), ["score"], Target("iOS16", half=False), folder)


@pytest.mark.parametrize("precision", FORMATS["coreml"].precisions, ids=str)
@pytest.mark.parametrize("code", [lambda x: x + 0.25, lambda x: 0.25 - x], ids=["plus", "from"])
def test_a_number_after_a_layer(
    code: Callable[[Tensor], Tensor], precision: Precision, tmp_path: Path
) -> None:
    network = Number(code).eval()
    job = Job(network, contract((16, 16)), precision, tmp_path, [PIXELS[0].numpy()])
    program = CoreMLProgram(save("coreml", job), 1)
    with torch.inference_mode():
        expected = float(network(PIXELS))
    error = 1e-6 if precision is FP32 else 1e-2
    assert program.run(PIXELS[0].numpy()) == pytest.approx(expected, abs=error)


class Recurrent(Net):
    """An LSTM over columns, which PyTorch keeps whole and Core ML knows only in steps."""

    def __init__(self) -> None:
        super().__init__(lambda x: x)
        self.lstm = nn.LSTM(3, 4, batch_first=True)

    def forward(self, pixels: Tensor) -> Tensor:
        x = pixels.float().mean(1) / 255
        return torch.sigmoid(self.lstm(x)[0].mean((1, 2)))


DECOMPOSED: dict[str, Callable[[Tensor], Tensor]] = {
    "celu": lambda x: F.celu(x - 0.5),
    "log_sigmoid": lambda x: F.logsigmoid(x),
    "channel_shuffle": lambda x: F.channel_shuffle(x.flatten(2).mT, 4).cumsum(1),
    "diff": lambda x: x.diff(dim=3),
}


@pytest.mark.parametrize("operator", [*DECOMPOSED, "lstm"])
def test_what_coreml_refuses_is_decomposed_by_pytorchs_rules(operator: str, tmp_path: Path) -> None:
    code = DECOMPOSED.get(operator)
    network = Recurrent() if code is None else Net(lambda x: code(x).flatten(1).mean(1))
    program = CoreMLProgram(save("coreml", Job(network.eval(), contract((16, 16)), FP32, tmp_path)), 1)
    with torch.inference_mode():
        expected = float(network(PIXELS))
    assert program.run(PIXELS[0].numpy()) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("code", "operator"),
    [
        (lambda x: F.celu(x - 0.5).flatten(2).median(2).values.mean(1), "median"),
        (lambda x: F.hardshrink(x, 0.2).mean((1, 2, 3)), "hardshrink"),
    ],
    ids=["after one that is decomposed", "of steps that are refused too"],
)
def test_the_networks_own_operator_is_named(
    code: Callable[[Tensor], Tensor], operator: str, tmp_path: Path
) -> None:
    with pytest.raises(ConversionFailed, match=rf"'{operator}' as it is used in part"):
        converted(Net(code), tmp_path)


_MASK = torch.tensor([False, True, False, True] * 4)
FILLED: dict[str, Callable[[Tensor], Tensor]] = {
    "zeros_like": lambda x: (x + torch.zeros_like(_MASK, dtype=x.dtype).masked_fill(_MASK, -9.0)).softmax(-1),
    "ones_like": lambda x: x * torch.ones_like(_MASK, dtype=x.dtype) / 4,
    "full_like": lambda x: x * torch.full_like(_MASK, 0.3, dtype=x.dtype),
    "new_zeros": lambda x: torch.where(x.new_zeros((16,), dtype=torch.bool) | _MASK, x, 2 * x),
    "new_ones": lambda x: torch.where(x.new_ones((16,), dtype=torch.bool) & _MASK, x, 2 * x),
    "new_full": lambda x: x * _MASK.new_full((16,), 0.3, dtype=x.dtype),
    "ones": lambda x: torch.where(torch.ones(16, dtype=torch.bool) & _MASK, x, 2 * x),
    "zeros": lambda x: x[..., torch.zeros(16, dtype=torch.int64) + 3],
}


@pytest.mark.parametrize(
    "code", [lambda a, b: a & b, lambda a, b: a | b, lambda a, b: a ^ b, torch.bitwise_or]
)
def test_booleans_are_combined(code: Callable[[Tensor, Tensor], Tensor], tmp_path: Path) -> None:
    network = Net(lambda x: torch.where(code(x > 0.3, x < 0.8), x, 3 * x).mean((1, 2, 3))).eval()
    path = save("coreml", Job(network, contract((16, 16)), FP32, tmp_path))
    with torch.inference_mode():
        expected = float(network(PIXELS))
    assert CoreMLProgram(path, 1).run(PIXELS[0].numpy()) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("kind", FILLED)
def test_tensors_of_one_value_have_their_type(kind: str, tmp_path: Path) -> None:
    network = Net(lambda x: (FILLED[kind](x) * torch.arange(16)).mean((1, 2, 3))).eval()
    path = save("coreml", Job(network, contract((16, 16)), FP32, tmp_path))
    with torch.inference_mode():
        expected = float(network(PIXELS))
    assert CoreMLProgram(path, 1).run(PIXELS[0].numpy()) == pytest.approx(expected, abs=1e-6)


def test_the_pass_that_is_left_out_exists_and_comes_back() -> None:
    pipeline = coreml_convert.ct.PassPipeline
    default = pipeline().passes
    assert _vendor.FUSE_LINEAR_BIAS in default
    assert _vendor.FUSE_LINEAR_BIAS not in coreml_convert.passes().passes
    with _vendor.without_linear_bias_fusion():
        assert set(default) - set(pipeline().passes) == {_vendor.FUSE_LINEAR_BIAS}
    assert pipeline().passes == default


@pytest.mark.parametrize(
    ("code", "operator"),
    [
        (lambda x: x.flatten(2).median(2).values.mean(1), "median"),
        (lambda x: torch.linalg.svdvals(x[0, 0]).sum()[None], "linalg_svd"),
    ],
    ids=["median", "svd"],
)
def test_the_operator_and_its_module(code: Callable[[Tensor], Tensor], operator: str, tmp_path: Path) -> None:
    with pytest.raises(ConversionFailed, match=rf"'_?{operator}\w*'.* in part"):
        converted(Net(code), tmp_path)


def test_an_operation_that_the_executor_lacks_and_its_module(tmp_path: Path) -> None:
    network = Net(lambda x: F.pad(x, (1, 1, 1, 1), mode="circular").mean((1, 2, 3))).eval()
    with pytest.raises(ConversionFailed, match=r"'scatter\w*', which part becomes"):
        save("coreml", Job(network, contract((16, 16)), FP32, tmp_path))


def test_a_type_of_tensor_and_its_module(tmp_path: Path) -> None:
    with pytest.raises(ConversionFailed, match=r"bfloat16, as part makes"):
        converted(Net(lambda x: x.to(torch.bfloat16).mean((1, 2, 3)).float()), tmp_path)


def test_a_tensor_of_too_many_axes_and_its_module(tmp_path: Path) -> None:
    with pytest.raises(ConversionFailed, match=r"5 axes, part makes one of more"):
        converted(Net(lambda x: (x.view(1, 3, 2, 8, 4, 4) + 1).amax((3, 5)).mean((1, 2, 3))), tmp_path)


@pytest.mark.parametrize("error", [IndexError("tuple index out of range"), KeyError("x"), AssertionError()])
def test_mistakes_are_not_the_networks(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(coreml_convert.ct, "convert", fail)
    with pytest.raises(InternalError):
        converted(Net(lambda x: x.mean((1, 2, 3))), tmp_path)


def test_what_is_not_supported_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("Core ML only supports tensors with rank <= 5")

    monkeypatch.setattr(coreml_convert.ct, "convert", fail)
    with pytest.raises(ConversionFailed, match="rank <= 5"):
        converted(Net(lambda x: x.mean((1, 2, 3))), tmp_path)
