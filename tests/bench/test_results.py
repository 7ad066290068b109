"""What several rounds measured, as one result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mobileiqa_bench.configs import Config
from mobileiqa_bench.flags import is_failed
from mobileiqa_bench.results import to_result
from mobileiqa_bench.rounds import Measured

from . import make


def sample(golden: float) -> dict[str, Any]:
    """What a process measured on an artifact that promises 0.5 for the golden image."""
    return {
        "golden": {"expected": 0.5, "found": golden, "tolerance": 0.01, "ok": abs(golden - 0.5) <= 0.01},
        "failures": [],
        "score": 0.4,
        "load": 0.1,
        "first": 0.2,
        "inference": [0.1],
        "decode": None,
        "resize": None,
        "peak_rss_bytes": 1,
        "rss_after_load_bytes": 1,
        "private_bytes": 1,
        "joules_per_photo": None,
        "reload": None,
        "thermal": {"celsius_before": 40.0, "celsius_after": 50.0},
        "sustained": [],
        "accuracy": [],
    }


@pytest.mark.parametrize(
    ("rounds", "shown", "failed"),
    [
        ([0.5, 0.505], 0.505, False),
        ([0.5, 0.6], 0.6, True),
        ([0.6, 0.5], 0.6, True),
        ([0.5, 0.4, 0.3, 0.5], 0.4, True),
    ],
)
def test_a_golden_score_missed_in_any_round_is_shown(rounds: list[float], shown: float, failed: bool) -> None:
    config = Config(label="ours", artifact="ours", path=Path("model.onnx"), engine="sdk", runtime="onnx")
    result = to_result(Measured(config, [sample(golden) for golden in rounds]), len(rounds))
    assert result.golden is not None
    assert result.golden.score == shown
    assert is_failed(result) is failed
    assert any(flag.startswith("golden: ") for flag in result.flags) is failed


def test_an_artifact_that_failed_verification_is_flagged_and_failed() -> None:
    config = Config(label="ours", artifact="ours", path=Path("model.onnx"), engine="sdk", runtime="onnx")
    failures = ["a score is 0.3 away", "two pairs change their order"]
    result = to_result(Measured(config, [{**sample(0.5), "failures": failures}]), 1)
    (flag,) = (flag for flag in result.flags if flag.startswith("verification: "))
    assert all(failure in flag for failure in failures)
    assert is_failed(result)


def test_pictures_that_score_differently_are_a_reason() -> None:
    config = Config(label="ours", artifact="ours", path=Path("model.onnx"), engine="sdk", runtime="onnx")
    samples = [{**sample(0.5), "accuracy": [0.2, 0.3]}, {**sample(0.5), "accuracy": [0.2, 0.4]}]
    for reference, is_accurate in (([0.2, 0.405], True), ([0.2, 0.3], False), (None, False)):
        result = to_result(Measured(config, samples, reference=reference), 2, cool_down=30)
        assert result.accuracy is not None
        assert result.accuracy.scores == (0.2, 0.4)
        assert result.thermal is not None
        assert (result.thermal.celsius_before, result.thermal.celsius_after) == (40.0, 50.0)
        assert result.verdict is not None
        kinds = {reason.kind for reason in result.verdict.reasons}
        assert ("accuracy" not in kinds) is is_accurate
        assert "cool-down" not in kinds


def test_what_counts_as_failed() -> None:
    assert not is_failed(make.result())
    assert not is_failed(make.result(golden=None))
    assert is_failed(make.failed())
