"""Scores beside opinions: no batch is lost, and subsets have figures of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mobileiqa_bench.evaluation.datasets import RatedPhoto
from mobileiqa_bench.evaluation.errors import AgreementUndefined
from mobileiqa_bench.evaluation.opinions import evaluate, score_rated

from .fakes import FakeScorer, brightness, save_greys

VALUES = [0.1, 0.3, 0.5, 0.7, 0.9, 0.8]


@pytest.fixture
def rated(tmp_path: Path) -> list[RatedPhoto]:
    names = [f"{number}.png" for number in range(len(VALUES))]
    save_greys(tmp_path, names, VALUES)
    mos = [0.2, 0.1, 0.4, 0.9, 0.8, 0.7]
    subsets = ["a", "a", "a", "b", "b", None]
    return [RatedPhoto(tmp_path / names[i], mos[i], subsets[i]) for i in range(len(VALUES))]


def test_rows_are_in_order_and_errors_are_rows(rated: list[RatedPhoto], tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    photos = [
        rated[0],
        RatedPhoto(tmp_path / "none.jpg", 0.5),
        RatedPhoto(tmp_path / "bad.jpg", 0.5, "a"),
        *rated[1:],
    ]
    rows = list(score_rated(FakeScorer(brightness), photos))
    assert [row.photo for row in rows] == photos
    missing = rows[1].to_dict()
    assert missing.pop("error")
    assert missing == {"path": str(tmp_path / "none.jpg"), "subset": None, "mos": 0.5, "score": None}
    assert rows[2].error
    assert "bad.jpg" not in rows[2].error
    assert [row.score for row in rows if row.error is None] == pytest.approx(VALUES, abs=0.003)
    result = evaluate(rows, resamples=10)
    assert result.overall.photos == 6
    assert [row.photo.path.name for row in result.failed] == ["none.jpg", "bad.jpg"]


def test_a_model_that_breaks_its_contract_loses_one_photo(rated: list[RatedPhoto]) -> None:
    rows = list(score_rated(FakeScorer(lambda pixels: brightness(pixels) * 1.2), rated))
    assert [row.score is None for row in rows] == [False, False, False, False, True, False]
    assert rows[4].error == "the model answered 1.0823529411764705"


def test_rows_come_one_by_one(rated: list[RatedPhoto]) -> None:
    scorer = FakeScorer(brightness)
    rows = score_rated(scorer, rated)
    assert scorer.asked == []
    next(rows)
    assert len(scorer.asked) == 1


def test_figures_overall_and_within_subsets(rated: list[RatedPhoto]) -> None:
    result = evaluate(score_rated(FakeScorer(brightness), rated), resamples=20)
    assert result.overall.srcc.value == pytest.approx(1 - 6 * 8 / (6 * 35))
    # Two photos of b are too few for figures, and the one without a subset has none.
    assert list(result.subsets) == ["a"]
    assert result.subsets["a"].photos == 3
    assert result.subsets["a"].srcc.value == pytest.approx(0.5)
    assert "a: 3 photos, SRCC 0.5000" in result.table()
    values = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert list(values) == ["photos", "failed", "agreement", "subsets", "errors"]
    assert (values["photos"], values["failed"], values["errors"]) == (6, 0, [])
    assert values["subsets"]["a"]["photos"] == 3


def test_too_few_scores_say_why(rated: list[RatedPhoto], tmp_path: Path) -> None:
    photos = [*rated[:2], RatedPhoto(tmp_path / "none.jpg", 0.5)]
    with pytest.raises(AgreementUndefined, match=r"2 of 3 .*none\.jpg"):
        evaluate(score_rated(FakeScorer(brightness), photos))
    with pytest.raises(AgreementUndefined, match="0 of 0"):
        evaluate([])
