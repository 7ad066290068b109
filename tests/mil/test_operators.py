"""Each operation against coremltools' own, or against torch where coremltools only knows shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

pytest.importorskip("coremltools")

from mobileiqa_mil.coreml_tools import load
from mobileiqa_mil.operators import OPERATORS

from .mil_models import agree, executed, inferred, shapes

few = settings(deadline=None, max_examples=25, derandomize=True)
more = settings(deadline=None, max_examples=150, derandomize=True)
RANDOM = np.random.default_rng(4)


def floats(*shape: int, low: float = -3, high: float = 3) -> np.ndarray:
    return RANDOM.uniform(low, high, shape).astype(np.float32)


X, Y = floats(2, 3, 4), floats(2, 3, 4)
POSITIVE = np.abs(X) + np.float32(0.1)
FRACTION = X / np.float32(3.1)
INTS = np.array([[3, -2, 7], [1, 5, -9]], np.int32)
BITS = np.array([True, False, True])
F32 = np.float32

CASES: list[tuple[str, dict[str, Any]]] = [
    *((name, {"x": X, "y": Y}) for name in ("add", "sub", "mul", "maximum", "minimum", "real_div")),
    *((name, {"x": X, "y": F32(1.5)}) for name in ("floor_div", "mod", "greater", "greater_equal", "add")),
    *((name, {"x": X, "y": X[0]}) for name in ("less", "less_equal", "equal", "not_equal")),
    ("pow", {"x": POSITIVE, "y": Y}),
    ("pow", {"x": X, "y": F32(2)}),
    *((name, {"x": BITS, "y": ~BITS[:1]}) for name in ("logical_and", "logical_or", "logical_xor")),
    *((name, {"x": X}) for name in ("abs", "atan", "ceil", "cos", "erf", "exp", "exp2", "floor")),
    *((name, {"x": X}) for name in ("sin", "tanh", "round", "sign", "square", "relu", "relu6")),
    *((name, {"x": X}) for name in ("sigmoid", "softplus", "softsign")),
    *((name, {"x": FRACTION}) for name in ("acos", "asin")),
    ("round", {"x": np.array([0.5, 1.5, 2.5, -0.5, -1.5], F32)}),
    ("sqrt", {"x": POSITIVE}),
    ("logical_not", {"x": BITS}),
    ("identity", {"x": X}),
    *(("cast", {"x": X, "dtype": kind}) for kind in ("int32", "fp16", "fp32", "bool")),
    ("cast", {"x": INTS, "dtype": "fp32"}),
    ("clip", {"x": X, "alpha": F32(-1), "beta": F32(0.5)}),
    ("threshold", {"x": X, "alpha": F32(0.25)}),
    ("inverse", {"x": POSITIVE, "epsilon": F32(0.01)}),
    ("log", {"x": POSITIVE, "epsilon": F32(0.01)}),
    ("rsqrt", {"x": POSITIVE, "epsilon": F32(0.01)}),
    ("select", {"cond": X > 0, "a": X, "b": Y}),
    ("clamped_relu", {"x": X, "alpha": F32(0.2), "beta": F32(1)}),
    ("thresholded_relu", {"x": X, "alpha": F32(0.5)}),
    ("leaky_relu", {"x": X, "alpha": F32(0.1)}),
    ("prelu", {"x": floats(2, 3, 4, 2), "alpha": floats(3)}),
    ("elu", {"x": X, "alpha": F32(1.3)}),
    ("linear_activation", {"x": X, "alpha": F32(1.3), "beta": F32(-0.2)}),
    ("sigmoid_hard", {"x": X, "alpha": F32(0.3), "beta": F32(0.4)}),
    ("scaled_tanh", {"x": X, "alpha": F32(1.3), "beta": F32(0.4)}),
    ("softplus_parametric", {"x": X, "alpha": floats(3, low=0.1), "beta": floats(3, low=0.1)}),
    ("softmax", {"x": X, "axis": 1}),
    *(("gelu", {"x": X, "mode": mode}) for mode in ("EXACT", "TANH_APPROXIMATION", "SIGMOID_APPROXIMATION")),
    ("linear", {"x": X, "weight": floats(5, 4), "bias": floats(5)}),
    ("matmul", {"x": X, "y": floats(2, 4, 5)}),
    ("matmul", {"x": X, "y": floats(5, 3), "transpose_x": True, "transpose_y": True}),
    ("einsum", {"values": (floats(2, 3, 4, 5), floats(2, 5, 4, 6)), "equation": "nchw,nwhu->nchu"}),
    ("layer_norm", {"x": X, "axes": [1, 2], "gamma": floats(3, 4), "beta": floats(3, 4)}),
    ("layer_norm", {"x": X, "axes": [0], "epsilon": F32(0.1)}),
    ("layer_norm", {"x": X, "axes": [-1]}),
    ("l2_norm", {"x": floats(2, 3, 4, 5), "epsilon": F32(0.1)}),
    *(
        (f"reduce_{name}", {"x": POSITIVE, "axes": [0, -1], "keep_dims": keep})
        for name in ("max", "mean", "min", "prod", "sum", "sum_square", "l1_norm", "l2_norm", "log_sum")
        for keep in (True, False)
    ),
    ("reduce_log_sum_exp", {"x": X, "axes": [1], "keep_dims": False}),
    ("reduce_sum", {"x": X}),
    ("reduce_argmax", {"x": X, "axis": 1, "keep_dims": True}),
    ("reduce_argmin", {"x": X, "axis": -1}),
    *(("cumsum", {"x": X, "axis": 1, "reverse": reverse}) for reverse in (True, False)),
    ("reshape", {"x": X, "shape": [4, -1]}),
    ("transpose", {"x": X, "perm": [2, 0, 1]}),
    ("expand_dims", {"x": X, "axes": [0, -1]}),
    ("expand_dims", {"x": X, "axes": [1, 3]}),
    ("squeeze", {"x": floats(1, 3, 1), "axes": [0, -1]}),
    ("squeeze", {"x": floats(1, 3, 1)}),
    ("flatten2d", {"x": X, "axis": -1}),
    ("flatten2d", {"x": X, "axis": 2}),
    ("concat", {"values": (X, Y), "axis": -1}),
    ("stack", {"values": (X, Y), "axis": 1}),
    ("split", {"x": X, "axis": 2, "num_splits": 2}),
    ("split", {"x": X, "axis": 1, "split_sizes": [1, 2]}),
    ("tile", {"x": X, "reps": [2, 1, 3]}),
    ("reverse", {"x": X, "axes": [0, -1]}),
    ("reverse", {"x": X}),
    ("slice_by_size", {"x": X, "begin": [0, 1, -2], "size": [1, -1, 2]}),
    ("gather", {"x": X, "indices": np.array([[2, 0], [1, -1]], np.int32), "axis": 1}),
    ("gather_along_axis", {"x": INTS, "indices": np.array([[1, 0, 1]], np.int32), "axis": 0}),
    ("topk", {"x": X, "k": 2, "axis": 1, "ascending": True}),
    ("topk", {"x": X, "k": 3}),
    ("argsort", {"x": X, "axis": 1, "ascending": True}),
    ("argsort", {"x": X}),
    ("shape", {"x": X}),
    ("fill", {"shape": [2, 3], "value": F32(1.5)}),
    ("fill_like", {"ref_tensor": X, "value": F32(1.5)}),
    *(
        ("pad", {"x": X, "pad": [1, 2, 0, 1], "mode": mode, "constant_val": F32(0.5)})
        for mode in ("constant", "reflect", "replicate")
    ),
    ("pad", {"x": X, "pad": [0, 0, 2, 1], "mode": "reflect"}),
    ("quantize", {"input": X, "scale": F32(0.1), "zero_point": np.int8(-3), "output_dtype": "int8"}),
    ("quantize", {"input": X, "scale": F32(0.01), "output_dtype": "uint8"}),
    (
        "quantize",
        {
            "input": X,
            "scale": np.array([0.1, 0.2, 0.3], F32),
            "zero_point": np.array([1, 2, 3], np.uint8),
            "output_dtype": "uint8",
            "axis": 1,
        },
    ),
    ("dequantize", {"input": INTS.astype(np.int8), "scale": F32(0.1), "zero_point": np.int8(5)}),
    (
        "dequantize",
        {"input": INTS.astype(np.int8), "scale": np.array([0.1, 0.3], F32), "axis": 0},
    ),
    (
        "constexpr_blockwise_shift_scale",
        {
            "data": RANDOM.integers(-128, 128, (4, 6)).astype(np.int8),
            "scale": floats(2, 3, low=0.1),
            "offset": RANDOM.integers(-9, 9, (2, 3)).astype(np.int8),
        },
    ),
]  # fmt: skip

# Without value inference in coremltools, or of an older opset: tests of their own are below.
APART = {
    "avg_pool",
    "batch_norm",
    "constexpr_affine_dequantize",
    "constexpr_cast",
    "constexpr_lut_to_dense",
    "constexpr_sparse_to_dense",
    "conv",
    "depth_to_space",
    "gather_nd",
    "instance_norm",
    "l2_pool",
    "local_response_norm",
    "max_pool",
    "pixel_shuffle",
    "pixel_unshuffle",
    "scaled_dot_product_attention",
    "silu",
    "slice_by_index",
    "space_to_depth",
    "upsample_bilinear",
    "upsample_nearest_neighbor",
}


@pytest.mark.parametrize(("name", "inputs"), CASES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(CASES)])
def test_it_computes_what_coremltools_does(name: str, inputs: dict[str, Any]) -> None:
    agree(name, **inputs)


def test_every_operation_is_tested() -> None:
    assert OPERATORS.keys() == {name for name, _ in CASES} | APART


@few
@given(st.data())
def test_slices(data: st.DataObject) -> None:
    x = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    one = st.tuples(
        st.integers(-3, 2), st.integers(-3, 5), st.sampled_from([-2, -1, 1, 2]), st.booleans(), st.booleans()
    )
    rows = [data.draw(one) for _ in x.shape]
    keys = [slice(None if bm else b, None if em else e, s) for b, e, s, bm, em in rows]
    if 0 in x[tuple(keys)].shape:  # MIL has no empty tensors
        return
    begin, end, stride, begin_mask, end_mask = (list(column) for column in zip(*rows, strict=True))
    masks = {"begin_mask": begin_mask, "end_mask": end_mask}
    agree("slice_by_index", x=x, begin=begin, end=end, stride=stride, **masks)


def test_a_slice_of_one_element() -> None:
    x = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    agree("slice_by_index", x=x, begin=[1, -1, 0], end=[0, 0, 5], squeeze_mask=[True, True, False])


WINDOWS = st.fixed_dictionaries(
    {
        "kernel": st.tuples(st.integers(1, 3), st.integers(1, 4)),
        "strides": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "pad_type": st.sampled_from(["valid", "same", "same_lower", "custom"]),
        "pad": st.tuples(*[st.integers(0, 1)] * 4),
    }
)


@few
@given(WINDOWS, st.sampled_from([(1, 1), (2, 1), (1, 2)]), st.sampled_from([1, 2, 4]), st.booleans())
def test_convolutions(window: dict[str, Any], dilations: tuple[int, int], groups: int, biased: bool) -> None:
    x, weight = floats(2, 4, 9, 10), floats(8, 4 // groups, *window["kernel"])
    inputs: dict[str, Any] = {
        "strides": list(window["strides"]),
        "pad_type": window["pad_type"],
        "dilations": list(dilations),
        "groups": groups,
        **({"bias": floats(8)} if biased else {}),
        **({"pad": list(window["pad"])} if window["pad_type"] == "custom" else {}),
    }
    (actual,) = executed("conv", x=x, weight=weight, **inputs)
    assert [tuple(actual.shape)] == shapes("conv", x=x, weight=weight, **inputs)
    if window["pad_type"] in ("valid", "custom"):
        top, bottom, left, right = window["pad"] if window["pad_type"] == "custom" else (0, 0, 0, 0)
        expected = F.conv2d(
            F.pad(torch.from_numpy(x), (left, right, top, bottom)),
            torch.from_numpy(weight),
            torch.from_numpy(inputs["bias"]) if biased else None,
            stride=window["strides"],
            dilation=dilations,
            groups=groups,
        )
        torch.testing.assert_close(actual, expected)


@pytest.mark.parametrize(("pad_type", "first"), [("same", 0), ("same_lower", 1)])
def test_where_same_puts_the_odd_element(pad_type: str, first: int) -> None:
    x, weight = np.arange(1, 5, dtype=np.float32).reshape(1, 1, 4), np.ones((1, 1, 2), np.float32)
    (actual,) = executed("conv", x=x, weight=weight, pad_type=pad_type)
    assert actual.flatten().tolist() == ([1, 3, 5, 7] if first else [3, 5, 7, 4])


@pytest.mark.parametrize("axes", [1, 3])
def test_convolutions_of_other_dimensions(axes: int) -> None:
    x, weight = floats(1, 2, *[6] * axes), floats(3, 2, *[3] * axes)
    (actual,) = executed("conv", x=x, weight=weight, pad_type="custom", pad=[1] * 2 * axes)
    expected = {1: F.conv1d, 3: F.conv3d}[axes](torch.from_numpy(x), torch.from_numpy(weight), padding=1)
    torch.testing.assert_close(actual, expected)


@more
@given(WINDOWS, st.booleans(), st.booleans(), st.sampled_from(["avg_pool", "max_pool"]))
def test_pools(window: dict[str, Any], ceil: bool, exclude: bool, name: str) -> None:
    kernel, (top, bottom, left, right) = window["kernel"], window["pad"]
    custom = window["pad_type"] == "custom"
    ceil = ceil and window["pad_type"] in ("valid", "custom")
    top, left = (bottom, right) if ceil else (top, left)
    if custom and (max(top, bottom) > kernel[0] // 2 or max(left, right) > kernel[1] // 2):
        return  # torch allows no more
    x = floats(2, 3, 9, 10)
    inputs: dict[str, Any] = {
        "kernel_sizes": list(kernel),
        "strides": list(window["strides"]),
        "pad_type": window["pad_type"],
        "ceil_mode": ceil,
        **({"pad": [top, bottom, left, right]} if custom else {}),
        **({"exclude_padding_from_average": exclude} if name == "avg_pool" else {}),
    }
    (actual,) = executed(name, x=x, **inputs)
    assert [tuple(actual.shape)] == shapes(name, x=x, **inputs)
    if window["pad_type"] == "valid" or (custom and (top, left) == (bottom, right)):
        padding = (top, left) if custom else (0, 0)
        if name == "max_pool":
            expected = F.max_pool2d(torch.from_numpy(x), kernel, window["strides"], padding, ceil_mode=ceil)
        else:
            # Divided by the whole kernel, also where ceil_mode lets it hang over: torch's override does that.
            expected = F.avg_pool2d(
                torch.from_numpy(x),
                kernel,
                window["strides"],
                padding,
                ceil,
                count_include_pad=False,
                divisor_override=None if exclude else kernel[0] * kernel[1],
            )
        # Without padding, MIL keeps a window that begins behind the input; torch does not.
        height, width = expected.shape[2:]
        torch.testing.assert_close(actual[..., :height, :width], expected)


X7 = np.arange(49, dtype=np.float32).reshape(1, 1, 7, 7)
AVERAGES: list[tuple[str, np.ndarray, dict[str, Any], list[float]]] = [
    # Measured on Macs: apple/coremltools PR #2844.
    (
        "overhang counts",
        X7,
        {"kernel_sizes": [2, 2], "strides": [3, 3]},
        [4, 7, 4.75, 25, 28, 15.25, 21.25, 22.75, 12],
    ),
    (
        "overhang excluded",
        X7,
        {"kernel_sizes": [2, 2], "strides": [3, 3], "exclude_padding_from_average": True},
        [4, 7, 9.5, 25, 28, 30.5, 42.5, 45.5, 48],
    ),
    ("overhang in 1-D", X7[..., 0, :], {"kernel_sizes": [2], "strides": [3]}, [0.5, 3.5, 3]),
    (
        "overhang in 3-D",
        np.array([4, 8, 12], np.float32).reshape(1, 1, 1, 1, 3),
        {"kernel_sizes": [1, 1, 2], "strides": [1, 1, 2]},
        [6, 6],
    ),
    (
        "padding and overhang count",
        np.array([1, 2, 3, 4, 5], np.float32).reshape(1, 1, 5),
        {"kernel_sizes": [3], "strides": [3], "pad_type": "custom", "pad": [1, 1]},
        [1, 4],
    ),
    (
        "padding and overhang",
        np.array([1, 2, 3, 4, 5, 6], np.float32).reshape(1, 1, 6),
        {"kernel_sizes": [4], "strides": [3], "pad_type": "custom", "pad": [1, 1]},
        [1.5, 4.5, 1.5],
    ),
    (
        "padding and overhang excluded",
        np.array([1, 2, 3, 4, 5, 6], np.float32).reshape(1, 1, 6),
        {
            "kernel_sizes": [4],
            "strides": [3],
            "pad_type": "custom",
            "pad": [1, 1],
            "exclude_padding_from_average": True,
        },
        [2, 4.5, 6],
    ),
    (
        "padding counts",
        np.array([1, 2, 3, 4], np.float32).reshape(1, 1, 4),
        {"kernel_sizes": [3], "pad_type": "custom", "pad": [1, 1], "ceil_mode": False},
        [1, 2, 3, 7 / 3],
    ),
    (
        "padding excluded",
        np.array([1, 2, 3, 4], np.float32).reshape(1, 1, 4),
        {
            "kernel_sizes": [3],
            "pad_type": "custom",
            "pad": [1, 1],
            "ceil_mode": False,
            "exclude_padding_from_average": True,
        },
        [1.5, 2, 3, 3.5],
    ),
    (
        "same padding counts",
        np.array([1, 2, 3, 4], np.float32).reshape(1, 1, 4),
        {"kernel_sizes": [2], "pad_type": "same", "ceil_mode": False},
        [1.5, 2.5, 3.5, 2],
    ),
    (
        "same padding excluded",
        np.array([1, 2, 3, 4], np.float32).reshape(1, 1, 4),
        {
            "kernel_sizes": [2],
            "pad_type": "same_lower",
            "ceil_mode": False,
            "exclude_padding_from_average": True,
        },
        [1, 1.5, 2.5, 3.5],
    ),
]


@pytest.mark.parametrize(
    ("x", "inputs", "means"), [row[1:] for row in AVERAGES], ids=[row[0] for row in AVERAGES]
)
def test_averages_by_hand(x: np.ndarray, inputs: dict[str, Any], means: list[float]) -> None:
    (computed,) = executed("avg_pool", x=x, **{"pad_type": "valid", "ceil_mode": True, **inputs})
    assert computed.flatten().tolist() == pytest.approx(means)
    if x.ndim < 5:
        given = {"pad_type": "valid", "ceil_mode": True, **inputs}
        assert [tuple(computed.shape)] == shapes("avg_pool", x=x, **given)


@pytest.mark.parametrize(("stride", "maxima"), [(2, [-3.0, -5.0, -7.0]), (3, [-3.0, -6.0])])
def test_maxima_of_windows_that_hang_over(stride: int, maxima: list[float]) -> None:
    x = -np.arange(3, 8, dtype=np.float32).reshape(1, 1, 5)
    inputs: dict[str, Any] = {"kernel_sizes": [stride], "strides": [stride], "pad_type": "valid"}
    inputs["ceil_mode"] = True
    (computed,) = executed("max_pool", x=x, **inputs)
    assert computed.flatten().tolist() == maxima
    assert [tuple(computed.shape)] == shapes("max_pool", x=x, **inputs)


def test_an_l2_pool_that_hangs_over() -> None:
    x = np.array([3, 4, 5], np.float32).reshape(1, 1, 3)
    inputs: dict[str, Any] = {"kernel_sizes": [2], "strides": [2], "pad_type": "valid", "ceil_mode": True}
    (computed,) = executed("l2_pool", x=x, **inputs)
    assert computed.flatten().tolist() == [5, 5]


def test_an_l2_pool() -> None:
    x = floats(1, 2, 6, 6)
    (actual,) = executed("l2_pool", x=x, kernel_sizes=[2, 2], strides=[2, 2], pad_type="valid")
    torch.testing.assert_close(actual, F.lp_pool2d(torch.from_numpy(x), 2, 2, 2))


def test_normalisations() -> None:
    x, gamma, beta, mean = floats(2, 3, 4, 5), floats(3), floats(3), floats(3)
    variance = floats(3, low=0.1)
    t = [torch.from_numpy(value) for value in (x, mean, variance, gamma, beta)]
    (actual,) = executed(
        "batch_norm", x=x, mean=mean, variance=variance, gamma=gamma, beta=beta, epsilon=np.float32(0.1)
    )
    torch.testing.assert_close(actual, F.batch_norm(*t, eps=0.1))
    (actual,) = executed("instance_norm", x=x, gamma=gamma, beta=beta, epsilon=np.float32(0.1))
    torch.testing.assert_close(actual, F.instance_norm(t[0], weight=t[3], bias=t[4], eps=0.1))
    (actual,) = executed("local_response_norm", x=x, size=3, alpha=np.float32(0.1))
    torch.testing.assert_close(actual, F.local_response_norm(t[0], 3, 0.1))


def test_space_and_depth() -> None:
    x = floats(2, 8, 3, 4)
    t = torch.from_numpy(x)
    (shuffled,) = executed("pixel_shuffle", x=x, upscale_factor=2)
    torch.testing.assert_close(shuffled, F.pixel_shuffle(t, 2))
    (back,) = executed("pixel_unshuffle", x=shuffled.numpy(), downscale_factor=2)
    torch.testing.assert_close(back, t)
    (deep,) = executed("depth_to_space", x=x, block_size=2)
    assert deep[1, 1, 3, 4] == t[1, 2 * (1 * 2 + 0) + 1, 1, 2]
    torch.testing.assert_close(executed("space_to_depth", x=deep.numpy(), block_size=2)[0], t)


def test_enlarging() -> None:
    x = floats(1, 2, 3, 4)
    t = torch.from_numpy(x)
    (actual,) = executed("upsample_nearest_neighbor", x=x, scale_factor_height=2, scale_factor_width=3)
    torch.testing.assert_close(actual, F.interpolate(t, scale_factor=(2, 3)))
    for corners in (True, False):
        (actual,) = executed(
            "upsample_bilinear", x=x, scale_factor_height=2, scale_factor_width=3, align_corners=corners
        )
        expected = F.interpolate(t, scale_factor=(2, 3), mode="bilinear", align_corners=corners)
        torch.testing.assert_close(actual, expected)


def test_attention() -> None:
    q, k, v, mask = floats(2, 3, 4), floats(2, 5, 4), floats(2, 5, 6), floats(3, 5)
    agree("scaled_dot_product_attention", query=q, key=k, value=v, attn_mask=mask)
    (silu,) = executed("silu", x=q)
    torch.testing.assert_close(silu, torch.from_numpy(q / (1 + np.exp(-q))))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_affine_weights(axis: int) -> None:
    data = RANDOM.integers(-128, 128, (3, 4, 5)).astype(np.int8)
    scale = floats(data.shape[axis], low=0.1)
    zero = RANDOM.integers(-9, 9, data.shape[axis]).astype(np.int8)
    agree(
        "constexpr_affine_dequantize", "iOS16", quantized_data=data, scale=scale, zero_point=zero, axis=axis
    )
    agree(
        "constexpr_affine_dequantize",
        "iOS16",
        quantized_data=data,
        scale=np.float32(0.2),
        zero_point=np.int8(3),
        axis=axis,
    )


@few
@given(st.sampled_from([1, 2, 4, 6, 8]), st.integers(1, 40))
def test_tables_of_ios_16(bits: int, count: int) -> None:
    values = RANDOM.integers(0, 2**bits, count)
    spread = (values[:, None] >> np.arange(bits)) & 1
    packed = np.packbits(spread.astype(np.uint8).reshape(-1), bitorder="little")
    lut = floats(2**bits)
    inputs = {"indices": packed, "lut": lut, "shape": np.array([count, 1], np.uint32)}
    (expected,) = inferred("constexpr_lut_to_dense", "iOS16", **inputs)
    (actual,) = executed("constexpr_lut_to_dense", **{**inputs, "shape": [count, 1]})
    np.testing.assert_array_equal(actual.numpy(), expected)
    np.testing.assert_array_equal(expected[:, 0], lut[values])


@few
@given(
    st.sampled_from([1, 2, 4, 8]),
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=4),
)
def test_tables_of_ios_18(bits: int, sides: list[tuple[int, int]]) -> None:
    """A table for each block of the weights; sides in blocks, and of a block."""
    types = load("coremltools.converters.mil.mil.types")
    packed = types.nptype_from_builtin(types.string_to_builtin(f"uint{bits}"))
    indices = RANDOM.integers(0, 2**bits, [blocks * block for blocks, block in sides])
    lut = floats(*(blocks for blocks, _ in sides), 2**bits, 1)
    (expected,) = inferred("constexpr_lut_to_dense", indices=indices.astype(packed), lut=lut)
    (actual,) = executed("constexpr_lut_to_dense", indices=indices.astype(np.uint8), lut=lut)
    np.testing.assert_array_equal(actual.numpy(), expected)
    first = tuple(0 for _ in sides)
    assert expected[first] == lut[(*first, indices[first], 0)]


def test_sparse_weights_and_stored_halves() -> None:
    dense = np.array([[0, 1.5, 0], [2.5, 0, -1]], np.float32)
    mask = np.packbits((dense != 0).reshape(-1), bitorder="little")
    inputs = {"nonzero_data": dense[dense != 0], "mask": mask}
    (actual,) = executed("constexpr_sparse_to_dense", **inputs, shape=[2, 3])
    np.testing.assert_array_equal(actual.numpy(), dense)
    (expected,) = inferred("constexpr_sparse_to_dense", "iOS16", **inputs, shape=np.array([2, 3], np.uint32))
    np.testing.assert_array_equal(actual.numpy(), expected)
    agree("constexpr_cast", "iOS16", source_val=X.astype(np.float16), output_dtype="fp32")


def test_where_coremltools_does_not_compute_what_it_documents() -> None:
    a, b = np.array([[1, 2], [3, 4], [5, 6]]), np.array([[7, 8], [9, 10], [11, 12]])
    (actual,) = executed("concat", values=(a, b), axis=0, interleave=True)
    assert actual.tolist() == [[1, 2], [7, 8], [3, 4], [9, 10], [5, 6], [11, 12]]
    (actual,) = executed("cumsum", x=a, axis=0, exclusive=True)
    assert actual.tolist() == [[0, 0], [1, 2], [4, 6]]
    (actual,) = executed("cumsum", x=a, axis=0, exclusive=True, reverse=True)
    assert actual.tolist() == [[8, 10], [5, 6], [0, 0]]


@pytest.mark.parametrize("places", [[[0, 2], [1, -1]], [[[1], [0]]], [1, 0, 3]])
def test_a_vector_of_indices_takes_a_slice(places: Any) -> None:
    indices = np.array(places, np.int32)
    (actual,) = executed("gather_nd", x=X, indices=indices)
    np.testing.assert_array_equal(actual, X[tuple(np.moveaxis(indices, -1, 0))])


BAD: list[tuple[str, dict[str, Any]]] = [
    ("conv", {"x": X, "weight": floats(2, 3, 2), "pad_type": "odd"}),
    ("conv", {"x": X, "weight": floats(2, 3, 2), "pad_type": "custom", "pad": [1]}),
    ("gelu", {"x": X, "mode": "odd"}),
    ("pad", {"x": X, "pad": [1, 1], "mode": "odd"}),
    ("split", {"x": X, "axis": 2, "num_splits": 3}),
    ("topk", {"x": X, "k": 9}),
    ("gather", {"x": X, "indices": INTS, "batch_dims": 1}),
    ("constexpr_lut_to_dense", {"indices": np.zeros(1, np.uint8), "lut": floats(16), "shape": [9]}),
    ("constexpr_lut_to_dense", {"indices": np.zeros((3, 2), np.uint8), "lut": floats(2, 1, 16, 1)}),
    ("constexpr_lut_to_dense", {"indices": np.zeros((4, 2), np.uint8), "lut": floats(2, 16, 1)}),
    ("constexpr_lut_to_dense", {"indices": np.zeros((4, 2), np.uint8), "lut": floats(2, 1, 16, 2)}),
    ("constexpr_blockwise_shift_scale", {"data": INTS.astype(np.int8), "scale": floats(2, 2)}),
]


@pytest.mark.parametrize(("name", "inputs"), BAD, ids=[name for name, _ in BAD])
def test_what_is_not_possible(name: str, inputs: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the program names the operation
        executed(name, **inputs)
