"""Contracts of schema 2, as artifacts of version 0.1 carry them, rewritten as schema 3."""

from __future__ import annotations

from typing import Any, Final

_DRIFT_ALLOWED: Final = "; drift allowed"
_WEIGHTS: Final = ("fp32", "fp16", "int8", "int4")
_KEYS: Final = {
    "model": {"name", "version", "family", "licence", "checkpoint_sha256"},
    "input": {"height", "width", "layout", "channels", "dtype", "resample", "decode"},
    "output": {"minimum", "maximum", "higher_is_better", "opinions"},
    "precision": {"weights", "compute"},
    "golden": {"formula", "height", "width", "input_sha256", "score", "tolerance"},
}


def upgrade(values: dict[str, Any]) -> dict[str, Any]:
    """Returns the same contract in schema 3, with all its keys; ``values`` has no key ``schema``.

    Only the keys are checked here. Values are left to the validation of schema 3. Schema 2 described
    precision in prose: its wording, fixed by version 0.1, is understood here and nowhere else.

    Raises:
        ValueError: a key is missing or unknown.
    """
    _check_keys(values)
    model, precision, golden = dict(values["model"]), values["precision"], dict(values["golden"])
    note = precision["compute"]
    case = {"input_sha256": golden.pop("input_sha256"), "score": golden.pop("score")}
    return {
        "model": {"license": model.pop("licence"), **model},
        "input": {**values["input"], "fit": "stretch", "multiple": 1, "settings": [], "detail": None},
        "outputs": [_output(values["output"])],
        "precision": {
            "weights": _weights(precision["weights"]),
            "activations": _activations(note),
            "note": note,
        },
        "golden": {**golden, "cases": [{**case, "faults": [], "photo": None, "setting": ""}]},
        "verification": _verification(note),
    }


def _check_keys(values: dict[str, Any]) -> None:
    _compare(values.keys(), _KEYS.keys(), "")
    for section, keys in _KEYS.items():
        if not isinstance(values[section], dict):
            raise ValueError(f"{section} is not an object")
        _compare(values[section].keys(), keys, f"{section}.")


def _compare(present: Any, expected: Any, prefix: str) -> None:
    for key in sorted(expected - present):
        raise ValueError(f"{prefix}{key} is missing")
    for key in sorted(present - expected):
        raise ValueError(f"{prefix}{key} is not a key of schema 2")


def _output(output: dict[str, Any]) -> dict[str, Any]:
    rest = dict(output)
    opinions = rest.pop("opinions")
    name = "score" if opinions == 1 else "opinions"
    return {**rest, "name": name, "meaning": "opinions", "size": opinions, "labels": []}


def _weights(prose: Any) -> Any:
    """Returns the type of most weights. What was free text in schema 2 and names none counts as fp32."""
    return prose if prose in _WEIGHTS or not isinstance(prose, str) else "fp32"


def _activations(note: Any) -> str:
    if not isinstance(note, str) or not note.startswith("int8"):
        return "float"
    return "dynamic-int8" if note.startswith("int8, ranges at run time") else "static-int8"


def _verification(note: Any) -> dict[str, Any]:
    if isinstance(note, str) and note.endswith(_DRIFT_ALLOWED):
        failure = "kept although it failed verification; its report says why"
        return {"passed": False, "failures": [failure]}
    return {"passed": True, "failures": []}
