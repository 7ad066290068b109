"""Contracts of schema 2, as artifacts of version 0.1 carry them, rewritten as schema 3."""

from __future__ import annotations

from typing import Any

_DRIFT_ALLOWED = "; drift allowed"
_WEIGHTS = ("fp32", "fp16", "int8", "int4")


def upgrade(values: dict[str, Any]) -> dict[str, Any]:
    """The same contract in schema 3, without the key ``schema``; what does not fit is left for validation.

    Schema 2 described precision in prose: its wording, fixed by version 0.1, is understood here and nowhere
    else.
    """
    upgraded = dict(values)
    for name, change in (("model", _model), ("precision", _precision), ("golden", _golden)):
        if isinstance(values.get(name), dict):
            upgraded[name] = change(values[name])
    if isinstance(output := upgraded.pop("output", None), dict):
        upgraded["outputs"] = [_output(output)]
    compute = (
        (values.get("precision") or {}).get("compute") if isinstance(values.get("precision"), dict) else None
    )
    if isinstance(compute, str) and compute.endswith(_DRIFT_ALLOWED):
        failure = "kept although it failed verification; its report says why"
        upgraded["verification"] = {"passed": False, "failures": [failure]}
    return upgraded


def _model(model: dict[str, Any]) -> dict[str, Any]:
    return {("license" if key == "licence" else key): value for key, value in model.items()}


def _precision(precision: dict[str, Any]) -> dict[str, Any]:
    rest = dict(precision)
    weights, compute = rest.pop("weights", None), rest.pop("compute", None)
    if not (isinstance(weights, str) and isinstance(compute, str)):
        return precision
    activations = "float"
    if compute.startswith("int8"):
        activations = "dynamic-int8" if compute.startswith("int8, ranges at run time") else "static-int8"
    return {
        **rest,
        "weights": weights if weights in _WEIGHTS else "fp32",
        "activations": activations,
        "note": compute,
    }


def _golden(golden: dict[str, Any]) -> dict[str, Any]:
    rest = dict(golden)
    case = {key: rest.pop(key) for key in ("input_sha256", "score") if key in rest}
    return {**rest, "cases": [case]}


def _output(output: dict[str, Any]) -> dict[str, Any]:
    rest = dict(output)
    opinions = rest.pop("opinions", None)
    name = "score" if opinions == 1 else "opinions"
    return {**rest, "name": name, "meaning": "opinions", "size": opinions}
