"""When a result is valid, by the published vectors; and the set of pictures that decides on accuracy."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobileiqa_bench.pictures import COUNT, make_picture
from mobileiqa_bench.schema import Result
from mobileiqa_bench.verdict import judge

from . import make

VECTORS = Path(__file__).parents[1] / "vectors"


def cases(name: str) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_bytes())
    return content


def seconds_of(case: dict[str, Any]) -> list[float]:
    return [value for value, count in case["values"] for _ in range(count)]


def described(case: dict[str, Any]) -> Result:
    """The result that a case describes."""
    thermal, unit, golden = case["thermal"], case["unit"], None
    accuracy = {key: case[key] for key in ("scores", "reference", "tolerance")} | {"pictures": "waves-1"}
    if case["golden_ok"] is not None:
        golden = {"expected": 0.5, "found": 0.5, "tolerance": case["tolerance"], "ok": case["golden_ok"]}
    heat = {"celsius_before": None, "celsius_after": None}
    return make.result(
        timed=[seconds_of(case)],
        error=case["error"],
        flags=case["flags"],
        golden=golden,
        thermal=thermal and {"status_before": thermal[0], "status_after": thermal[1], **heat},
        cool_down_seconds=case["cool_down"],
        unit=unit and {"declared": unit[0], "used": unit[1]},
        accuracy=accuracy if case["scores"] else None,
    )


@pytest.mark.parametrize("case", cases("verdict"), ids=lambda case: ",".join(case["expected"]) or "valid")
def test_verdict(case: dict[str, Any]) -> None:
    verdict = judge(described(case))
    kinds = [reason.kind for reason in verdict.reasons]
    assert sorted(kinds) == sorted(case["expected"])
    assert verdict.valid is (not kinds)
    assert all(reason.text for reason in verdict.reasons)


def test_pictures() -> None:
    for case in cases("pictures"):
        picture = make_picture(case["number"])
        assert picture.shape == (case["height"], case["width"], 3)
        assert picture.dtype == np.uint8
        assert hashlib.sha256(picture.tobytes()).hexdigest() == case["sha256"]
    assert COUNT == 100
