"""Answers that are not scores, and golden scores that are not reached, are named whatever command runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from io import StringIO
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from mobileiqa_bench import engines
from mobileiqa_bench.child import ProcessJob, count_photos, measure_steady_state
from mobileiqa_bench.engines.pixels import PixelEngine
from mobileiqa_bench.schema import read_document
from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.errors import OpinionsInvalid
from mobileiqa_sdk.golden import golden_image
from mobileiqa_sdk.photo import Photo
from mobileiqa_sdk.scorer import Seconds

from ..sdk import artifacts
from .evaluation.fakes import save_greys

Run = Callable[..., Any]
QUICK = ("--rounds", 1, "--runs", 1, "--warmup", 0, "--threads", 1, "--no-throughput")
JOB = ProcessJob("sdk", "", None, threads=1, photo=None, warmup=0, runs=1, seconds=0.0)
OPENVINO = pytest.param(
    "openvino", marks=pytest.mark.skipif(find_spec("openvino") is None, reason="openvino is not installed")
)
NOT_SCORES = [nan, inf, -inf, 1.001, -0.001]


def answering(folder: Path, score: float) -> Path:
    """An artifact that answers the same for every photo."""
    return artifacts.save(folder, artifacts.model(tail=artifacts.constant(score)))


def dark_only(folder: Path) -> Path:
    """An artifact that answers NaN for photos of a brightness above 0.6."""
    limit = helper.make_tensor("", TensorProto.FLOAT, [1], [0.6])
    tail = [
        helper.make_node("Constant", [], ["limit"], value=limit),
        helper.make_node("Sub", ["limit", "mean"], ["room"]),
        helper.make_node("Sqrt", ["room"], ["score"]),
    ]
    return artifacts.save(folder, artifacts.model(tail=tail))


class Foreign:
    """An engine of another package, which does not look at what it answers."""

    contract: ModelContract | None = None

    def __init__(self, *scores: float) -> None:
        self._scores = iter(scores)

    def assess(self, photo: Photo) -> engines.Assessed:
        return engines.Assessed(next(self._scores), Seconds(0.1, 0.1, 0.1))


@pytest.mark.parametrize("answer", NOT_SCORES)
@pytest.mark.parametrize("engine", ["sdk", "onnxruntime", OPENVINO])
def test_no_engine_measures_an_answer_that_is_not_a_score(engine: str, answer: float, tmp_path: Path) -> None:
    job = replace(JOB, engine=engine, path=str(answering(tmp_path, answer)))
    with pytest.raises(OpinionsInvalid, match=f"{answer:g}"[:5]):
        measure_steady_state(job)


@pytest.mark.parametrize("opinions", [[0.5, 1.5], [nan, 0.5], [-0.5, 0.5], []])
def test_each_opinion_counts_and_not_their_mean(opinions: list[float]) -> None:
    engine = PixelEngine(40, 40, lambda pixels: np.array([opinions], np.float32))
    with pytest.raises(OpinionsInvalid):
        engine.assess(golden_image())


def test_opinions_at_the_ends_of_their_range() -> None:
    engine = PixelEngine(40, 40, lambda pixels: np.array([[0.0, 1.0, 1.0, 1.0]], np.float32))
    assert engine.assess(golden_image()).score == 0.75


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes an engine with these scores, one after another, the one that is measured."""

    def answers(*scores: float) -> None:
        monkeypatch.setattr(engines, "load", lambda *_: Foreign(*scores))

    return answers


@pytest.mark.parametrize("place", [0, 1, 2], ids=["first", "warmup", "counted"])
@pytest.mark.parametrize("answer", NOT_SCORES)
def test_every_answer_of_a_foreign_engine_is_checked(
    answer: float, place: int, foreign: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = [0.5, 0.5, 0.5]
    scores[place] = answer
    for measure in (measure_steady_state, count_photos):
        foreign(*scores)
        monkeypatch.setattr("sys.stdin", StringIO("go\n"))
        with pytest.raises(OpinionsInvalid):
            measure(replace(JOB, warmup=1))
    foreign(0.5, 0.5, 0.5)
    assert measure_steady_state(replace(JOB, warmup=1))["score"] == 0.5


@pytest.mark.parametrize("answer", [nan, 1.5])
def test_the_command_has_a_row_with_the_reason_and_goes_on(answer: float, run: Run, tmp_path: Path) -> None:
    wrong, sound = answering(tmp_path / "wrong", answer), artifacts.save(tmp_path / "sound")
    result = run("benchmark", wrong, sound, *QUICK, "--json", tmp_path / "a.json")
    assert result.code == 1
    first, second = read_document(tmp_path / "a.json").results
    assert first.error is not None
    assert first.error.startswith(f"OpinionsInvalid: {wrong}: ")
    assert (first.score, first.seconds) == (None, None)
    assert second.error is None
    assert second.seconds is not None


@pytest.mark.parametrize(("distance", "ok"), [(0.0, True), (0.9e-4, True), (1.1e-4, False), (0.2, False)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_golden_score_is_reached_or_not(distance: float, sign: int, ok: bool, tmp_path: Path) -> None:
    score = artifacts.contract()["golden"]["cases"][0]["score"] + sign * distance
    path = artifacts.save(tmp_path, artifacts.model(artifacts.contract(golden={"score": score})))
    golden = measure_steady_state(replace(JOB, path=str(path)))["golden"]
    assert golden["ok"] is ok
    assert (golden["expected"], golden["tolerance"]) == (score, 1e-4)
    assert golden["found"] == pytest.approx(score - sign * distance, abs=1e-6)


def test_the_command_fails_where_a_golden_score_is_missed(run: Run, tmp_path: Path) -> None:
    score = artifacts.contract()["golden"]["cases"][0]["score"] - 0.1
    path = artifacts.save(tmp_path, artifacts.model(artifacts.contract(golden={"score": score})))
    result = run("benchmark", path, *QUICK, "--json", tmp_path / "a.json")
    assert result.code == 1
    assert "golden: " in result.out
    (row,) = read_document(tmp_path / "a.json").results
    assert row.error is None
    assert row.golden is not None
    assert row.golden.ok is False


def test_the_command_fails_for_an_artifact_that_failed_verification(run: Run, tmp_path: Path) -> None:
    kept = artifacts.contract(verification={"passed": False, "failures": ["a score is 0.3 away"]})
    path = artifacts.save(tmp_path, artifacts.model(kept))
    result = run("benchmark", path, *QUICK)
    assert result.code == 1
    assert "a score is 0.3 away" in result.out


def test_an_evaluation_lists_photos_without_a_score_and_counts_the_others(run: Run, tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(6)]
    save_greys(tmp_path, names, [0.1, 0.2, 0.3, 0.4, 0.8, 0.9])
    rows = [f"{name},{5 - number}" for number, name in enumerate(names)]
    (tmp_path / "mos.csv").write_text("\n".join(["name,MOS", *rows]) + "\n")
    command = ("evaluate", dark_only(tmp_path / "model"), "--csv", tmp_path / "mos.csv", "--resamples", 10)
    result = run(*command, "--json")
    assert result.code == 1
    answer = json.loads(result.out)
    assert (answer["agreement"]["photos"], answer["failed"]) == (4, 2)
    assert [Path(row["path"]).name for row in answer["errors"]] == ["4.png", "5.png"]
    assert answer["agreement"]["srcc"]["value"] == pytest.approx(1)


def test_ladders_leave_out_photos_without_a_score(run: Run, tmp_path: Path) -> None:
    save_greys(tmp_path, ["dark.png", "light.png"], [0.2, 0.9])
    command = ("evaluate", dark_only(tmp_path / "model"), "--ladders", "--photos")
    result = run(*command, tmp_path / "light.png", "--json")
    assert (result.code, result.out) == (1, "")
    assert "light.png" in result.err
    assert "nan" in result.err


def test_an_artifact_without_answers_fails_against_another(run: Run, tmp_path: Path) -> None:
    silent, sound = answering(tmp_path / "silent", nan), artifacts.save(tmp_path / "sound")
    options = ("--images", 24, "--no-timing", "--json")
    result = run("verify", silent, "--against", sound, *options)
    assert result.code == 1
    values = json.loads(result.out)
    assert values["passed"] is False
    assert values["drift"]["unanswered"] == 24
    result = run("verify", sound, "--against", silent, *options)
    assert (result.code, result.out) == (1, "")
    assert str(silent) in result.err
