"""Writes Core ML packages whose bytes are the same at every export."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mobileiqa_mil.coreml_tools import load
from mobileiqa_sdk.contract import METADATA_KEY, InputSpec, ModelContract

_AUTHOR = "com.apple.CoreML"
_MODEL = f"{_AUTHOR}/model.mlmodel"
_WEIGHTS = f"{_AUTHOR}/weights"
_ITEMS = {_MODEL: "CoreML Model Specification", _WEIGHTS: "CoreML Model Weights"}
_OUTPUT = {
    "score": "Predicted quality from 0 to 1, higher is better",
    "opinions": "Predicted quality from 0 to 1 by each view, higher is better; the score is their mean",
    "faults": "Severity from 0 to 1 of each fault",
    "photo": "How much this is a photograph at all, from 0 to 1",
}
_DATE = "com.github.apple.coremltools.conversion_date"


def write_package(source: Path, target: Path, contract: ModelContract) -> Path:
    """Rewrites a package that coremltools saved, with the contract and without what differs between exports.

    coremltools draws the identifiers in the manifest at random and stores the date, and protobuf does not
    guarantee the order of map entries. Here identifiers are hashes of names and contract, and keys are
    sorted.

    Returns:
        ``target``.
    """
    model: Any = load("coremltools.proto.Model_pb2").Model()
    model.ParseFromString((source / "Data" / _MODEL).read_bytes())
    _describe(model.description, contract)
    data = target / "Data"
    (data / _AUTHOR).mkdir(parents=True)
    (data / _MODEL).write_bytes(model.SerializeToString(deterministic=True))
    weights = source / "Data" / _WEIGHTS / "weight.bin"
    if weights.exists():  # a very small network keeps its weights in the program itself
        (data / _WEIGHTS).mkdir()
        shutil.copyfile(weights, data / _WEIGHTS / "weight.bin")
    items = {path: text for path, text in _ITEMS.items() if (data / path).exists()}
    (target / "Manifest.json").write_text(_manifest(contract, items), encoding="utf-8")
    return target


def _describe(description: Any, contract: ModelContract) -> None:
    metadata, model = description.metadata, contract.model
    metadata.author = "MobileIQA SDK"
    metadata.license = model.license
    metadata.versionString = model.version
    metadata.shortDescription = (
        f"{model.name}: predicts how good people would find a photo, from 0 to 1 (MobileIQA, {model.family})"
    )
    metadata.userDefined.pop(_DATE, None)
    metadata.userDefined[METADATA_KEY] = contract.to_json()
    description.input[0].shortDescription = f"The upright photo in sRGB, {_resized(contract.input)}"
    for feature in description.output:
        feature.shortDescription = _OUTPUT[feature.name]
    for output in contract.outputs:
        if output.labels:
            place = [feature.name for feature in description.output].index(output.name)
            description.output[place].shortDescription += f": {', '.join(output.labels)}"


def _resized(spec: InputSpec) -> str:
    if spec.fit == "stretch":
        return f"stretched to {spec.width} x {spec.height} pixels (width x height)"
    budgets = " or ".join(str(setting.max_pixels) for setting in spec.settings)
    return (
        f"shrunk to at most {budgets} pixels, its aspect ratio kept, both sides multiples of {spec.multiple}"
    )


def _manifest(contract: ModelContract, items: Mapping[str, str]) -> str:
    ids = {path: str(uuid.uuid5(uuid.NAMESPACE_URL, contract.to_json() + path)) for path in items}
    values = {
        "fileFormatVersion": "1.0.0",
        "itemInfoEntries": {
            ids[path]: {
                "author": _AUTHOR,
                "description": text,
                "name": path.rpartition("/")[2],
                "path": path,
            }
            for path, text in items.items()
        },
        "rootModelIdentifier": ids[_MODEL],
    }
    return json.dumps(values, indent=4, sort_keys=True) + "\n"
