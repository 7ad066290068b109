"""Artifacts of contract schema 2 from whatever the SDK writes today."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import onnx

from mobileiqa_sdk.contract import METADATA_KEY

from ..sdk import artifacts


def contract(height: int = artifacts.HEIGHT, width: int = artifacts.WIDTH, **sections: Any) -> dict[str, Any]:
    """`artifacts.contract`, in schema 2."""
    values = upgraded(artifacts.contract(height, width))
    for section, changes in sections.items():
        values[section].update(changes)
    return values


def upgraded(values: dict[str, Any]) -> dict[str, Any]:
    """Contract values as schema 2; a copy."""
    values = copy.deepcopy(values)
    if values["schema"] == 1:
        values["schema"] = 2
        values["input"]["decode"] = "full"
        values["output"]["opinions"] = 0
    return values


def upgraded_file(file: Path, target: Path) -> Path:
    """A copy of an ONNX artifact with its contract in schema 2."""
    model = onnx.load(file)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    values = upgraded(json.loads(properties[METADATA_KEY]))
    onnx.helper.set_model_props(model, {METADATA_KEY: json.dumps(values)})
    onnx.save(model, target)
    return target
