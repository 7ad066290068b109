"""Tiny models for the JVM."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper

from ..sdk import artifacts
from .toolbox import Jvm, base64_of

HEIGHT, WIDTH = artifacts.HEIGHT, artifacts.WIDTH
GREY = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)


def opened(jvm: Jvm, model: bytes, threads: int = 1) -> int:
    """The number by which the JVM knows a model from now on. Raises JavaError."""
    number: int = jvm.call("open", file=base64_of(model), threads=threads)
    return number


def views(count: int) -> artifacts.Nodes:
    """A tail whose opinions are 1/count, 2/count, ... 1 of the brightness."""
    shares = [(view + 1) / count for view in range(count)]
    constant = helper.make_tensor("", TensorProto.FLOAT, [1, count], shares)
    return [
        helper.make_node("Constant", [], ["shares"], value=constant),
        helper.make_node("Mul", ["mean", "shares"], ["score"]),
    ]
