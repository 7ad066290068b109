"""Which operations of a Core ML program stay float32."""

from __future__ import annotations

from typing import Any

import pytest

from mobileiqa_export.formats.coreml_half import HEAD, is_half


class Value:
    """A result of an operation, as coremltools' MIL has it."""

    def __init__(self, op: Operation | None, shape: tuple[int, ...]) -> None:
        self.op, self.shape = op, shape
        self.child_ops: list[Operation] = []


class Operation:
    """An operation with one result."""

    def __init__(self, op_type: str, shape: tuple[int, ...] = (1, 3, 9, 9), **inputs: Value) -> None:
        self.op_type, self.inputs = op_type, inputs
        self.outputs = [Value(self, shape)]
        for value in {id(value): value for value in inputs.values()}.values():
            value.child_ops.append(self)

    @property
    def out(self) -> Value:
        return self.outputs[0]


def local_variance(mean: str, square: str, groups: int = 3) -> dict[str, Operation]:
    """mean(x^2) - mean(x)^2, whose root divides a map, and a convolution after that."""
    pixels = Operation("cast", x=Value(None, (1, 3, 9, 9)))
    weight = Value(None, (3, 3 // groups, 3, 3))

    def average(x: Value) -> Operation:
        return Operation(mean, x=x, weight=weight) if mean == "conv" else Operation(mean, x=x)

    def squared(x: Value) -> Operation:
        return Operation("mul", x=x, y=x) if square == "mul" else Operation(square, x=x)

    steps: dict[str, Operation] = {"pixels": pixels, "mean": average(pixels.out)}
    steps["square"] = squared(pixels.out)
    steps["mean of squares"] = average(steps["square"].out)
    steps["square of mean"] = squared(steps["mean"].out)
    steps["variance"] = Operation("sub", x=steps["mean of squares"].out, y=steps["square of mean"].out)
    steps["size"] = Operation("abs", x=steps["variance"].out)
    steps["root"] = Operation("sqrt", x=steps["size"].out)
    steps["quotient"] = Operation("real_div", x=pixels.out, y=steps["root"].out)
    steps["after"] = Operation("relu", x=steps["quotient"].out)
    return steps


HALF = {"pixels", "quotient"}


@pytest.mark.parametrize("square", ["mul", "pow", "square"])
@pytest.mark.parametrize("mean", ["avg_pool", "conv", "reduce_mean"])
def test_a_local_variance_stays_float(mean: str, square: str) -> None:
    steps = local_variance(mean, square)
    half = {name for name, step in steps.items() if is_half(step)}
    assert half == HALF | {"after"}


def test_a_convolution_that_mixes_channels_is_not_a_mean() -> None:
    steps = local_variance("conv", "mul", groups=1)
    assert is_half(steps["mean"])
    assert is_half(steps["mean of squares"])
    assert not is_half(steps["square"])


def test_the_mean_of_a_deviation_stays_half() -> None:
    """(x - mean)^2 does not cancel, so its mean may be rounded."""
    x = Operation("cast", x=Value(None, (1, 3, 9, 9)))
    mean = Operation("reduce_mean", x=x.out)
    deviation = Operation("sub", x=x.out, y=mean.out)
    square: Any = Operation("mul", x=deviation.out, y=deviation.out)
    assert is_half(mean)
    assert is_half(deviation)
    assert not is_half(square)


def test_a_product_of_two_is_not_a_square() -> None:
    x, y = (Operation("cast", x=Value(None, (1, 3, 9, 9))) for _ in range(2))
    assert is_half(Operation("mul", x=x.out, y=y.out))


@pytest.mark.parametrize(("elements", "half"), [(HEAD, False), (HEAD + 1, True)])
def test_the_head_stays_float(elements: int, half: bool) -> None:
    last = Operation("linear", (1, elements), x=Value(None, (1, 999)))
    assert is_half(last) == half
