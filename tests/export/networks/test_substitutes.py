"""Operators in the place of others: the same result."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from mobileiqa_export.networks import Description
from mobileiqa_export.networks.pixels import PixelNetwork
from mobileiqa_export.networks.substitutes import Substitutes


class Holder(nn.Module):
    """Any code as a network."""

    def __init__(self, code: Callable[..., Tensor]) -> None:
        super().__init__()
        self.code = code
        self.own = nn.Parameter(torch.ones(4, 6, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.code(x, self.own)


LEAST = {"arch.factory": "a:b", "input.size": [32, 32], "output.worst": 0, "output.best": 1}


def both(code: Callable[..., Tensor], x: Tensor) -> tuple[Tensor, Tensor, set[str]]:
    """With and without substitutes, in float64, and the names of what was replaced."""
    host = PixelNetwork(Holder(code), Description.of(LEAST, "-")).double()
    with torch.inference_mode():
        plain = host.network(x)
        for _ in range(2):  # matrices are made at the first run, and found at the second
            with Substitutes(host.network, host.constant, host.replaced):
                actual = host.network(x)
    return plain, actual, host.replaced


def image(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(1, 13), st.integers(1, 13)),
    st.one_of(st.integers(1, 9), st.tuples(*[st.one_of(st.none(), st.integers(1, 9))] * 2)),
    st.sampled_from([F.adaptive_avg_pool2d, F.adaptive_max_pool2d]),
    st.booleans(),
)
def test_adaptive_pooling(size: tuple[int, int], output: Any, pool: Any, batched: bool) -> None:
    """Of any sizes, factors or not, larger than the map or smaller."""
    x = image(*[2] * batched, 3, *size)
    plain, actual, replaced = both(lambda x, _: pool(x, output), x)
    torch.testing.assert_close(actual, plain, rtol=0, atol=1e-12)
    assert replaced == {pool.__name__}


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 13), st.one_of(st.integers(1, 9), st.tuples(st.integers(1, 9))), st.booleans())
def test_adaptive_max_pooling_of_rows(length: int, output: Any, batched: bool) -> None:
    x = image(*[2] * batched, 3, length)
    plain, actual, replaced = both(lambda x, _: F.adaptive_max_pool1d(x, output), x)
    torch.testing.assert_close(actual, plain, rtol=0, atol=0)
    assert replaced == {"adaptive_max_pool1d"}


@settings(max_examples=30, deadline=None)
@given(
    st.tuples(*[st.integers(1, 7)] * 3),
    st.one_of(st.integers(1, 5), st.tuples(*[st.one_of(st.none(), st.integers(1, 5))] * 3)),
    st.sampled_from([F.adaptive_avg_pool3d, F.adaptive_max_pool3d]),
    st.booleans(),
)
def test_adaptive_pooling_of_volumes(
    size: tuple[int, int, int], output: Any, pool: Any, batched: bool
) -> None:
    x = image(*[2] * batched, 3, *size)
    plain, actual, replaced = both(lambda x, _: pool(x, output), x)
    torch.testing.assert_close(actual, plain, rtol=0, atol=1e-12)
    assert replaced == {pool.__name__}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=2), st.lists(st.integers(0, 5), min_size=2, max_size=2)
)
def test_circular_padding(rows: list[int], columns: list[int]) -> None:
    """Of either axis and at either end, by up to the whole length."""
    plain, actual, replaced = both(lambda x, _: F.pad(x, (*columns, *rows), "circular"), image(1, 2, 4, 5))
    torch.testing.assert_close(actual, plain, rtol=0, atol=0)
    assert replaced == {"pad"}


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate"])
def test_other_padding_stays(mode: str) -> None:
    _, _, replaced = both(lambda x, _: F.pad(x, (1, 2, 0, 1), mode), image(1, 2, 4, 5))
    assert not replaced


@pytest.mark.parametrize("settings", [{}, {"padding": 1}, {"padding": (1, 0), "count_include_pad": False}])
def test_average_pooling_by_another_divisor(settings: dict[str, Any]) -> None:
    code = partial(F.avg_pool2d, kernel_size=(3, 2), stride=2, divisor_override=5, **settings)
    plain, actual, replaced = both(lambda x, _: code(x), image(1, 2, 8, 9))
    torch.testing.assert_close(actual, plain, rtol=0, atol=1e-12)
    assert replaced == {"avg_pool2d"}


@pytest.mark.parametrize("settings", [{}, {"divisor_override": 5, "ceil_mode": True}])
def test_other_average_pooling_stays(settings: dict[str, Any]) -> None:
    _, _, replaced = both(lambda x, _: F.avg_pool2d(x, 3, **settings), image(1, 2, 8, 9))
    assert not replaced


@pytest.mark.parametrize("tracked", [True, False])
@pytest.mark.parametrize("affine", [True, False])
def test_instance_norm_by_the_statistics_of_training(tracked: bool, affine: bool) -> None:
    norm = nn.InstanceNorm2d(3, eps=0.1, affine=affine, track_running_stats=tracked).double()
    with torch.no_grad():
        for tensor in (*norm.parameters(), *norm.buffers()):
            tensor.copy_(torch.arange(1, 1 + tensor.numel()).view(tensor.shape) / 2)
    plain, actual, replaced = both(lambda x, _: norm.eval()(x), image(2, 3, 5, 6))
    torch.testing.assert_close(actual, plain, rtol=0, atol=1e-12)
    assert replaced == ({"instance_norm"} if tracked else set())


@pytest.mark.parametrize("code", [torch.rsqrt, Tensor.rsqrt])
def test_reciprocal_roots(code: Any) -> None:
    plain, actual, replaced = both(lambda x, _: code(x.square() + 1e-12), image(2, 3))
    torch.testing.assert_close(actual, plain, rtol=1e-14, atol=0)
    assert replaced == {"rsqrt"}


@pytest.mark.parametrize("keepdim", [False, True])
def test_frobenius_norms(keepdim: bool) -> None:
    plain, actual, replaced = both(
        lambda x, _: torch.linalg.matrix_norm(x, dim=(0, 2), keepdim=keepdim), image(2, 3, 4)
    )
    torch.testing.assert_close(actual, plain, rtol=1e-14, atol=0)
    assert replaced == {"linalg_matrix_norm"}
    _, _, replaced = both(lambda x, _: torch.linalg.matrix_norm(x, 1), image(2, 3, 4))
    assert not replaced


@pytest.mark.parametrize("name", ["amax", "amin"])
@pytest.mark.parametrize("kind", [torch, Tensor])
@pytest.mark.parametrize("keepdim", [False, True])
def test_extremes_of_everything(name: str, kind: Any, keepdim: bool) -> None:
    code = getattr(kind, name)
    plain, actual, replaced = both(lambda x, _: code(x, keepdim=keepdim), image(2, 3, 5))
    torch.testing.assert_close(actual, plain, rtol=0, atol=0)
    assert replaced == {name}
    plain, actual, replaced = both(lambda x, _: code(x, 1), image(2, 3, 5))
    torch.testing.assert_close(actual, plain, rtol=0, atol=0)
    assert not replaced


@pytest.mark.parametrize("dim", [1, -1, (2, 3), [0, -2]])
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("shift", [0.0, -900.0, 900.0])
def test_logarithms_of_sums(dim: Any, keepdim: bool, shift: float) -> None:
    """Also of numbers whose exponentials are too large or too small for a float."""
    x = image(2, 3, 4, 5) + shift
    plain, actual, replaced = both(lambda x, _: torch.logsumexp(x, dim, keepdim), x)
    torch.testing.assert_close(actual, plain, rtol=1e-14, atol=0)
    assert replaced == {"logsumexp"}


def test_logarithms_of_sums_by_other_names() -> None:
    plain, actual, replaced = both(
        lambda x, _: x.logsumexp(dim=1) + torch.special.logsumexp(x, 1), image(2, 3, 4)
    )
    torch.testing.assert_close(actual, plain, rtol=1e-14, atol=0)
    assert replaced == {"logsumexp", "special_logsumexp"}
    _, _, replaced = both(lambda x, _: x.logsumexp(0), image(1)[0])
    assert not replaced


def test_logarithms_of_sums_add_one_axis_after_the_other() -> None:
    """So that no runtime adds up a whole map number by number."""
    axes: list[int] = []

    class Sums(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func is torch.ops.aten.sum.dim_IntList:
                axes.append(len(args[1]))
            return func(*args, **(kwargs or {}))

    with Sums():
        both(lambda x, _: x.logsumexp((1, 2, 3)), image(2, 3, 4, 5))
    assert axes == [1] * 6  # both() runs it twice


SPREADS: dict[str, Callable[[Tensor], Any]] = {
    "std()": torch.std,
    "std(False)": lambda x: x.std(False),
    "std(unbiased)": lambda x: x.std(unbiased=False),
    "std(correction)": lambda x: x.std(correction=2),
    "std(None)": lambda x: x.std(None, keepdim=True),
    "var()": lambda x: x.var(),
    "var_mean()": torch.var_mean,
    "var_mean(axes)": lambda x: torch.var_mean(x, (2, -1), unbiased=False, keepdim=True),
    "var_mean(bool)": lambda x: torch.var_mean(x, False),
    "std_mean(axis)": lambda x: torch.std_mean(x, dim=1),
    "std_mean(names of numpy)": lambda x: torch.std_mean(x, axis=1, keepdims=True),
}


@pytest.mark.parametrize("kind", SPREADS)
def test_spreads_have_their_axes_listed_and_the_mean_apart(kind: str) -> None:
    plain, actual, replaced = both(lambda x, _: SPREADS[kind](x), image(2, 3, 4, 5))
    assert replaced == {kind.partition("(")[0]}
    torch.testing.assert_close(actual, plain, rtol=0, atol=1e-12)


@pytest.mark.parametrize("code", [lambda x: x.std(1), lambda x: x.var((2, 3), correction=0)])
def test_spreads_with_axes_stay(code: Callable[[Tensor], Tensor]) -> None:
    plain, actual, replaced = both(lambda x, _: code(x), image(2, 3, 4, 5))
    assert not replaced
    assert torch.equal(plain, actual)


@pytest.mark.parametrize(
    "code",
    [
        lambda x: x.amax(axis=1, keepdims=True),
        lambda x: torch.rsqrt(x.abs(), out=torch.empty_like(x)),
        lambda x: torch.add(x[:, :1].expand_as(x), x, out=torch.empty_like(x)),
    ],
    ids=["numpy", "out of one", "out of two"],
)
def test_arguments_by_other_names_are_no_error(code: Callable[[Tensor], Tensor]) -> None:
    plain, actual, _ = both(lambda x, _: code(x), image(2, 3, 4, 5))
    assert torch.equal(plain, actual)


@pytest.mark.parametrize("scale", [1.0, 1e-9, 0.0])
@pytest.mark.parametrize("dim", [1, -1])
def test_cosine_similarity(scale: float, dim: int) -> None:
    """Vectors shorter than the bound are not taken to be of length one."""
    x = image(2, 4, 5)
    plain, actual, replaced = both(
        lambda x, _: F.cosine_similarity(x * scale, x.flip(2), dim=dim, eps=1e-8), x
    )
    torch.testing.assert_close(actual, plain, rtol=0, atol=1e-12)
    assert replaced == {"cosine_similarity"}


RESIZED: dict[str, dict[str, Any]] = {
    "whole in double precision alone": {"scale_factor": 225 / 224, "mode": "bilinear"},
    "by a scale": {"scale_factor": 0.37, "mode": "bilinear"},
    "by two scales": {"scale_factor": (0.6, 1.7), "mode": "bilinear"},
    "nearest": {"size": (17, 23), "mode": "nearest"},
    "nearest by a scale": {"scale_factor": 0.37, "mode": "nearest"},
    "nearest-exact": {"size": (17, 23), "mode": "nearest-exact"},
    "bicubic": {"size": (17, 23), "mode": "bicubic"},
    "bicubic up, corners": {"size": (250, 247), "mode": "bicubic", "align_corners": True},
    "antialiased": {"size": (17, 23), "mode": "bilinear", "antialias": True},
    "antialiased bicubic": {"size": (100, 23), "mode": "bicubic", "antialias": True},
    "by a scale, corners": {"scale_factor": 0.37, "mode": "bilinear", "align_corners": True},
    "recomputed": {"scale_factor": 0.37, "mode": "bilinear", "recompute_scale_factor": True},
}


@pytest.mark.parametrize("kind", RESIZED)
def test_resizing(kind: str) -> None:
    plain, actual, replaced = both(lambda x, _: F.interpolate(x, **RESIZED[kind]), image(1, 2, 224, 96))
    torch.testing.assert_close(actual, plain, rtol=0, atol=1e-9)
    assert replaced == {"interpolate"}


def test_resizing_by_a_whole_factor_keeps_the_operator() -> None:
    plain, actual, _ = both(lambda x, _: F.interpolate(x, scale_factor=2, mode="bilinear"), image(1, 2, 9, 7))
    assert torch.equal(actual, plain)


def test_modules_are_seen_too() -> None:
    for module in (nn.AdaptiveAvgPool2d((5, None)), nn.AdaptiveMaxPool2d(4)):
        plain, actual, replaced = both(lambda x, _, module=module: module(x), image(1, 3, 11, 13))
        torch.testing.assert_close(actual, plain, rtol=0, atol=1e-12)
        assert len(replaced) == 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3), st.integers(1, 5), st.integers(1, 6), st.booleans())
def test_unfold(axis: int, size: int, step: int, negative: bool) -> None:
    x = image(5, 6, 7, 9)
    where = axis - 4 if negative else axis
    plain, actual, replaced = both(lambda x, _: x.unfold(where, size, step), x)
    torch.testing.assert_close(actual, plain, rtol=0, atol=0)
    assert replaced == {"unfold"}


def _groups(x: Tensor, own: Tensor) -> Tensor:
    kernel = x.mean((2, 3)).view(6, 1, 1, 1).expand(6, 1, 3, 3)
    return F.conv2d(x, kernel, x.amax((0, 2, 3)), padding=1, groups=6)


PREDICTED: dict[str, Callable[..., Tensor]] = {
    "1x1": lambda x, own: F.conv2d(x, own * x.mean()),
    "1x1 and bias": lambda x, own: F.conv2d(x, own * x.mean(), x.amax((0, 2, 3))[:4]),
    "bias": lambda x, own: F.conv2d(x, own, bias=x.amax((0, 2, 3))[:4]),
    "strided bias": lambda x, own: F.conv2d(x, own, x.amax((0, 2, 3))[:4], stride=2),
    "padded 1x1 and bias": lambda x, own: F.conv2d(x, own * x.mean(), x.amax((0, 2, 3))[:4], padding=1),
    "groups": _groups,
}


@pytest.mark.parametrize("kind", PREDICTED)
def test_predicted_kernels(kind: str) -> None:
    plain, actual, replaced = both(PREDICTED[kind], image(1, 6, 7, 9))
    torch.testing.assert_close(actual, plain, rtol=0, atol=1e-12)
    assert replaced == {"conv2d"}


@pytest.mark.parametrize("side", [1, 3])
def test_convolutions_of_modules_in_a_list_stay(side: int) -> None:
    """CLIPIQA keeps its backbone so; as matrix products its layers could not be quantized."""
    hidden = [nn.Conv2d(6, 4, side).double()]
    _, _, replaced = both(lambda x, _: hidden[0](x), image(1, 6, 7, 9))
    assert not replaced


@pytest.mark.parametrize("kernel", [2, (3, 2), (7, 9)])
def test_max_pooling(kernel: Any) -> None:
    plain, actual, replaced = both(lambda x, _: F.max_pool2d(x, kernel), image(1, 6, 7, 9))
    torch.testing.assert_close(actual, plain, rtol=0, atol=0)
    assert replaced == {"max_pool2d"}


@pytest.mark.parametrize(
    "code",
    [
        lambda x, own: F.conv2d(x, own),
        lambda x, own: F.conv2d(x, own, padding=1),
        lambda x, own: F.max_pool2d(x, 2, 1),
        lambda x, own: F.interpolate(x, (5, 6), mode="bilinear"),
        lambda x, own: F.interpolate(x, (5, 6), mode="bilinear", align_corners=True),
        lambda x, own: F.interpolate(x, (14, 27)),
        lambda x, own: F.interpolate(x, (5, 6), mode="area"),
        lambda x, own: F.interpolate(x[0], 6, mode="linear"),
        lambda x, own: F.adaptive_max_pool2d(x, 3, return_indices=True)[0],
        lambda x, own: F.conv1d(x.flatten(2), own.flatten(2)),
    ],
)
def test_what_exports_stays(code: Callable[..., Tensor]) -> None:
    plain, actual, replaced = both(code, image(1, 6, 7, 9))
    assert torch.equal(actual, plain)
    assert not replaced


@pytest.mark.parametrize("settings", [{}, {"p": 1.0}, {"dim": (2, 3)}, {"p": 3.0, "dim": -1, "eps": 0.5}])
def test_normalize(settings: dict[str, Any]) -> None:
    x = image(2, 6, 5, 7)
    x[:, :, 0] = 0
    plain, result, replaced = both(lambda x, _: F.normalize(x, **settings), x)
    assert torch.equal(plain, result)
    assert replaced == {"normalize"}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (lambda x, s: x * s.expand_as(x), "mul"),
        (lambda x, s: s.expand_as(x) * x, "mul"),
        (lambda x, s: x / s.expand(2, 6, 5, 7), "div"),
        (lambda x, s: torch.sub(x, s.broadcast_to(x.shape), alpha=2), "sub"),
        (lambda x, s: x + torch.broadcast_to(s, x.shape), "add"),
        (lambda x, s: torch.maximum(s.expand_as(x), x), "maximum"),
    ],
)
def test_what_is_expanded_broadcasts_by_itself(code: Callable[..., Tensor], name: str) -> None:
    x = image(2, 6, 5, 7)
    plain, result, replaced = both(lambda x, _: code(x, x.mean((2, 3), keepdim=True)), x)
    assert torch.equal(plain, result)
    assert replaced == {name}


@pytest.mark.parametrize(
    "code",
    [
        lambda x, s: x * s,
        lambda x, s: s.expand_as(x) * 2,
        lambda x, s: s.expand_as(x) + s,
        lambda x, s: s.expand_as(x).sum(3) * s[..., 0],
    ],
)
def test_an_expansion_that_gives_the_result_its_size_stays(code: Callable[..., Tensor]) -> None:
    x = image(2, 6, 5, 7)
    plain, result, replaced = both(lambda x, _: code(x, x.mean((2, 3), keepdim=True)), x)
    assert torch.equal(plain, result)
    assert replaced == set()
