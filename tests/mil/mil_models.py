"""coremltools' own semantics, and packages of a few operations."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mobileiqa_mil.coreml_tools import load
from mobileiqa_mil.operators import OPERATORS
from mobileiqa_sdk.contract import METADATA_KEY

ct = load("coremltools")
mb = load("coremltools.converters.mil").Builder
HEIGHT, WIDTH = 32, 40


def inferred(name: str, system: str = "iOS18", **inputs: Any) -> list[Any]:
    """What coremltools computes for an operation on constants: one array a result."""
    actual: list[Any] = []

    def body() -> Any:
        results = getattr(mb, name)(**inputs)
        for result in results if isinstance(results, (tuple, list)) else [results]:
            value = result.val if result.val is not None else result.op.materialized_val_inference()
            actual.append(np.asarray(value))
        return mb.const(val=np.float32(0))

    mb.program(input_specs=[], opset_version=getattr(ct.target, system))(body)
    return actual


def shapes(name: str, system: str = "iOS17", *, x: np.ndarray, **inputs: Any) -> list[tuple[int, ...]]:
    """The shapes of an operation's results, for those that coremltools cannot compute."""
    actual: list[tuple[int, ...]] = []

    def body(x: Any) -> Any:
        result = getattr(mb, name)(x=x, **inputs)
        actual.append(tuple(int(side) for side in result.shape))
        return result

    spec = [mb.TensorSpec(shape=x.shape)]
    mb.program(input_specs=spec, opset_version=getattr(ct.target, system))(body)
    return actual


def tensor(value: Any) -> Any:
    """An input as the executor sees it: text as text, all else as tensors."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return [tensor(one) for one in value]
    array = np.asarray(value)
    if array.dtype == np.float64:
        array = array.astype(np.float32)
    return torch.from_numpy(array.copy())


def executed(name: str, **inputs: Any) -> list[Tensor]:
    """What the executor computes."""
    assert OPERATORS[name].accepts(list(inputs)), name
    return OPERATORS[name]({key: tensor(value) for key, value in inputs.items()})


def agree(name: str, system: str = "iOS18", **inputs: Any) -> None:
    """Both compute the same."""
    expected, actual = inferred(name, system, **inputs), executed(name, **inputs)
    assert len(expected) == len(actual)
    for one, other in zip(expected, actual, strict=True):
        # coremltools gives a vector of one where its type says scalar, and the other way round.
        assert one.size == other.numel()
        assert one.ndim == 0 or other.ndim == 0 or one.shape == tuple(other.shape)
        np.testing.assert_allclose(
            other.numpy().reshape(one.shape).astype(np.float64), one.astype(np.float64), rtol=1e-5, atol=1e-6
        )


def save(
    folder: Path, body: Callable[[Any], Any], contract: dict[str, Any] | None, system: str = "iOS16"
) -> Path:
    """A package of a few operations on an image, as coremltools writes it."""
    program = mb.program(
        input_specs=[mb.TensorSpec(shape=(1, 3, HEIGHT, WIDTH))], opset_version=getattr(ct.target, system)
    )(body)
    model = ct.convert(
        program,
        convert_to="mlprogram",
        inputs=[ct.ImageType(name="image", shape=(1, 3, HEIGHT, WIDTH), color_layout=ct.colorlayout.RGB)],
        compute_precision=ct.precision.FLOAT32,
        minimum_deployment_target=getattr(ct.target, system),
        skip_model_load=True,
    )
    if contract is not None:
        model.user_defined_metadata[METADATA_KEY] = json.dumps(contract)
    path = folder / "model.mlpackage"
    shutil.rmtree(path, ignore_errors=True)
    model.save(str(path))
    return path
