"""Tiny ONNX artifacts of a few nodes: the score is the mean brightness of the resized photo."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper
from PIL import Image

from mobileiqa_sdk.contract import METADATA_KEY
from mobileiqa_sdk.fit import Setting, fitted
from mobileiqa_sdk.golden import golden_image
from mobileiqa_sdk.resample import resize

HEIGHT, WIDTH = 48, 64
GOLDEN = (60, 80)
MODEL = {
    "name": "tiny",
    "version": "0.3",
    "family": "mean of all pixels",
    "checkpoint_sha256": "0" * 64,
}
Nodes = Sequence[onnx.NodeProto]


def brightness(pixels: np.ndarray) -> float:
    """What the tiny model answers for pixels of its input size."""
    return float(pixels.mean() / 255)


def contract(
    height: int = HEIGHT, width: int = WIDTH, *, opinions: int = 1, **sections: dict[str, Any]
) -> dict[str, Any]:
    """A contract of schema 3 that the tiny model keeps, as JSON values.

    Sections overwrite fields; ``golden={"score": ..., "input_sha256": ...}`` those of the only case.
    """
    values: dict[str, Any] = {
        "schema": 3,
        "model": {**MODEL, "license": "Apache-2.0"},
        "input": {
            "height": height,
            "width": width,
            "layout": "NHWC",
            "channels": "RGB",
            "dtype": "uint8",
            "resample": "pillow-bicubic",
            "decode": "full",
            "fit": "stretch",
            "multiple": 1,
            "settings": [],
            "detail": None,
        },
        "outputs": [output("score" if opinions == 1 else "opinions", "opinions", opinions)],
        "precision": {"weights": "fp32", "activations": "float", "note": "fp32"},
        "golden": {
            "formula": "triangles-1",
            "height": GOLDEN[0],
            "width": GOLDEN[1],
            "tolerance": 1e-4,
            "cases": [case(height, width)],
        },
        "verification": {"passed": True, "failures": []},
    }
    for section, changes in sections.items():
        for key, value in changes.items():
            first = section == "golden" and key in values["golden"]["cases"][0]
            (values["golden"]["cases"][0] if first else values[section])[key] = value
    return copy.deepcopy(values)


def contract_v2(height: int = HEIGHT, width: int = WIDTH, **sections: dict[str, Any]) -> dict[str, Any]:
    """A contract of schema 2 that the tiny model keeps, as JSON values; sections overwrite fields."""
    golden = case(height, width)
    values: dict[str, Any] = {
        "schema": 2,
        "model": {**MODEL, "licence": "Apache-2.0"},
        "input": {
            "height": height,
            "width": width,
            "layout": "NHWC",
            "channels": "RGB",
            "dtype": "uint8",
            "resample": "pillow-bicubic",
            "decode": "full",
        },
        "output": {"minimum": 0.0, "maximum": 1.0, "higher_is_better": True, "opinions": 1},
        "precision": {"weights": "fp32", "compute": "fp32"},
        "golden": {
            "formula": "triangles-1",
            "height": GOLDEN[0],
            "width": GOLDEN[1],
            "input_sha256": golden["input_sha256"],
            "score": golden["score"],
            "tolerance": 1e-4,
        },
    }
    for section, changes in sections.items():
        values[section].update(changes)
    return copy.deepcopy(values)


SETTINGS = {"fast": 4096, "high": 16384}
FAULTS = {"blur": 0.25, "noise": 0.125}
"""Each fault of `free_model` and its severity for a white photo."""


def free_contract(
    *, multiple: int = 32, decode: str = "full", faults: Mapping[str, float] = FAULTS
) -> dict[str, Any]:
    """A contract of a model that keeps aspect ratios, has two settings and three outputs, as JSON values.

    `free_model` keeps it.
    """
    values = contract(input={"decode": decode})
    settings = [{"name": name, "max_pixels": pixels, "sizes": []} for name, pixels in SETTINGS.items()]
    values["input"] |= {"height": None, "width": None, "fit": "keep-aspect", "multiple": multiple}
    values["input"]["settings"] = settings
    values["outputs"] = [
        output("opinions", "opinions", 2),
        output("faults", "faults", len(faults), list(faults)),
        output("photo", "photo", 1),
    ]
    values["golden"]["cases"] = []
    for name, pixels in SETTINGS.items():
        size = fitted(*GOLDEN, Setting(name, pixels), multiple)
        made = case(*size, name)
        score = made["score"]
        severities = [factor * score for factor in faults.values()]
        values["golden"]["cases"].append(
            {**made, "score": 0.75 * score, "faults": severities, "photo": score}
        )
    return values


def free_model(
    metadata: dict[str, Any] | None = None, *, faults: Mapping[str, float] = FAULTS, **changes: Any
) -> bytes:
    """A model of free size: opinions b and b/2, each fault its factor times b, photo b, for the brightness b.

    The outputs stand in another order than in the contract. ``changes`` are those of `model`.
    """
    factors = {"opinions": [1.0, 0.5], "faults": list(faults.values())}
    tail = [helper.make_node("Identity", ["mean"], ["score"])]
    for name, values in factors.items():
        tensor = helper.make_tensor("", TensorProto.FLOAT, [len(values)], values)
        tail.append(helper.make_node("Constant", [], [f"{name}.factors"], value=tensor))
        tail.append(helper.make_node("Mul", ["mean", f"{name}.factors"], [name]))
    changes = {"shape": (1, "height", "width", 3), "tail": tail, **changes}
    metadata = free_contract(faults=faults) if metadata is None else metadata
    proto = onnx.load_from_string(model(metadata, **changes))
    proto.graph.node[-5].output[0] = "photo" if proto.graph.node[-5].output[0] == "score" else "?"
    del proto.graph.output[:]
    for name, size in (("photo", 1), ("faults", len(faults)), ("opinions", 2)):
        proto.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [size]))
    data: bytes = proto.SerializeToString()
    return data


def output(name: str, meaning: str, size: int, labels: Sequence[str] = ()) -> dict[str, Any]:
    """An output of a contract, as JSON values."""
    return {
        "name": name,
        "meaning": meaning,
        "size": size,
        "minimum": 0.0,
        "maximum": 1.0,
        "higher_is_better": meaning != "faults",
        "labels": list(labels),
    }


def case(
    height: int, width: int, setting: str = "", faults: Sequence[float] = (), photo: float | None = None
) -> dict[str, Any]:
    """The golden case of the tiny model at this input size, as JSON values."""
    pixels = resize(Image.fromarray(golden_image(*GOLDEN)), height, width)
    return {
        "input_sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
        "score": brightness(pixels),
        "faults": list(faults),
        "photo": photo,
        "setting": setting,
    }


def model(
    metadata: str | dict[str, Any] | None = None,
    *,
    tail: Nodes = (),
    dtype: int = TensorProto.UINT8,
    shape: Sequence[int | str] = (1, HEIGHT, WIDTH, 3),
    out_dtype: int = TensorProto.FLOAT,
    out_shape: Sequence[int | str] = (1,),
    extra_input: bool = False,
    extra_output: bool = False,
    key: str = METADATA_KEY,
) -> bytes:
    """The bytes of a model file.

    Args:
        metadata: the contract as text or JSON values; None is the one that the tiny model keeps.
        tail: nodes from ``mean`` (the brightness, float [1]) to ``score``; none stands for Identity.
        dtype: of the input.
        shape: of the input.
        out_dtype: of the output.
        out_shape: of the output.
        extra_input: add one that is not used.
        extra_output: return the brightness beside the score.
        key: under which the metadata is stored.
    """
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats"], ["bytes"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Div", ["bytes", "full"], ["mean"]),
        *(tail or [helper.make_node("Identity", ["mean"], ["score"])]),
    ]
    inputs = [helper.make_tensor_value_info("pixels", dtype, shape)]
    outputs = [helper.make_tensor_value_info("score", out_dtype, out_shape)]
    if extra_input:
        inputs.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))
    if extra_output:
        outputs.append(helper.make_tensor_value_info("mean", TensorProto.FLOAT, [1]))
    full = helper.make_tensor("full", TensorProto.FLOAT, [], [255.0])
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, [full])
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if metadata is None:
        metadata = contract()
    text = metadata if isinstance(metadata, str) else json.dumps(metadata)
    helper.set_model_props(proto, {key: text})
    data: bytes = proto.SerializeToString()
    return data


def constant(score: float) -> Nodes:
    """A tail that answers the same for every photo: NaN and infinities too."""
    value = helper.make_tensor("", TensorProto.FLOAT, [1], [score])
    zero = helper.make_tensor("", TensorProto.FLOAT, [1], [0.0])
    return [
        helper.make_node("Constant", [], ["zero"], value=zero),
        helper.make_node("Constant", [], ["value"], value=value),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "value"], ["score"]),
    ]


def save(folder: Path, data: bytes | None = None) -> Path:
    """Write an artifact folder as the exporter does, without the report; return the model file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "model.onnx"
    file.write_bytes(model() if data is None else data)
    (folder / "SHA256SUMS").write_text(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n")
    return file
