"""What a fresh process costs, and what a folder: measured as said. No figure is judged here."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from skimage import data_dir

from mobileiqa_bench import cold, cold_rounds
from mobileiqa_bench.cold_rounds import (
    measure_decode,
    measure_first,
    measure_folder,
    measure_imports,
)
from mobileiqa_bench.errors import ColdError, ProcessFailed
from mobileiqa_sdk import Scorer
from mobileiqa_sdk.errors import MobileIQAError

PHOTOS = [f"{data_dir}/{name}" for name in ("astronaut.png", "chelsea.png")]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cold_rounds, "PHOTOS_EACH", 3)
    monkeypatch.setattr(cold_rounds, "WARM_RUNS", 2)


def test_imports() -> None:
    rows = measure_imports(2)
    assert [row["what"] for row in rows] == [
        "import numpy, PIL.Image",
        "import mobileiqa_sdk",
        "from mobileiqa_sdk import Scorer, score",
    ]
    assert rows[0]["ratio"] == {"value": 1, "low": 1, "high": 1}
    for row in rows:
        assert len(row["seconds"]) == 2
        assert all(value > 0 for value in row["seconds"])
        assert row["ratio"]["low"] <= row["ratio"]["value"] <= row["ratio"]["high"]


def test_the_first_score_is_told_from_warm_ones() -> None:
    (row,) = measure_first({"a cat": PHOTOS[1]}, 1)
    assert row["what"] == "a cat"
    for key in ("import", "process", "first", "warm"):
        assert len(row[key]) == 1
        assert row[key][0] > 0
    assert row["process"][0] > row["import"][0] + row["first"][0]
    assert row["ratio"]["value"] == row["first"][0] / row["warm"][0]


def test_scores_to_decoding() -> None:
    rows = measure_decode(PHOTOS, 2)
    assert [row["what"] for row in rows] == ["astronaut.png", "chelsea.png"]
    for row, photo in zip(rows, PHOTOS, strict=True):
        assert row["bytes"] == Path(photo).stat().st_size
        assert len(row["decode"]) == len(row["score"]) == 2
        assert min(row["score"]) > 0 < min(row["decode"])
        assert row["ratio"]["low"] <= row["ratio"]["value"] <= row["ratio"]["high"]


def test_a_folder() -> None:
    rows = measure_folder(PHOTOS, [1, 2], "", 1)
    assert [(row["what"], row["count"]) for row in rows] == [("workers", 1), ("workers", 2), ("processes", 2)]
    one, two, processes = rows
    assert one["of_one"] == {"value": 1, "low": None, "high": None}
    for row in (two, processes):
        assert row["of_one"]["value"] == row["photos_per_second"][0] / (2 * one["photos_per_second"][0])
        if sys.platform.startswith("linux"):
            assert row["memory_of_one"]["value"] == row["peak_bytes"][0] / (2 * one["peak_bytes"][0])


def test_the_child_scores_what_a_scorer_scores() -> None:
    speed, _, scores = cold_rounds._folder(PHOTOS, 1, 2, "")
    assert speed > 0
    scorer = Scorer(threads=1)
    assert [float(score) for score in scores] == [scorer.score(photo) for photo in PHOTOS]


def test_scores_that_differ_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def folder(photos: Any, processes: int, workers: int, model: str) -> tuple[float, int, list[str]]:
        return 1.0, 0, [str(workers)]

    monkeypatch.setattr(cold_rounds, "_folder", folder)
    (row,) = measure_folder(PHOTOS, [1], "", 1)
    assert row["memory_of_one"] is None
    with pytest.raises(ColdError, match="2 workers"):
        measure_folder(PHOTOS, [2], "", 1)


def test_what_fails_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.jpg")
    with pytest.raises(ProcessFailed, match=r"missing\.jpg"):
        measure_first({"none": missing}, 1)
    with pytest.raises(ColdError):
        measure_folder([PHOTOS[0], missing], [1], "", 1)
    with pytest.raises(ProcessFailed, match="no such model"):
        measure_folder(PHOTOS, [2], "no such model", 1)
    assert issubclass(ColdError, MobileIQAError)


def test_nothing_is_measured_that_was_imported_before() -> None:
    code = "import numpy, runpy; runpy.run_module('mobileiqa_bench.cold_child', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "imported before the measurement" in done.stderr


def test_counts_double_to_the_cpus() -> None:
    for cpus, counts in ((1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (16, [1, 2, 4, 8, 16])):
        assert cold._doubling_to(cpus) == counts


@pytest.mark.parametrize("kind", ["json", "markdown"])
def test_the_command(kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cold, "SIZES", {"12 megapixels": (400, 300), "small": (64, 48)})
    options = ["--rounds", "1", "--workers", "1,2"] + (["--json"] if kind == "json" else [])
    cold.main([*options, *PHOTOS], standalone_mode=False)
    out = capsys.readouterr().out
    if kind == "json":
        report = json.loads(out)
        assert (report["schema"], report["kind"]) == (1, "mobileiqa-cold")
        assert report["settings"] == {"rounds": 1, "photos": 2, "model": None}
        assert [row["what"] for row in report["first"]] == ["12 megapixels", "small"]
        assert [row["what"] for row in report["decode"]] == ["astronaut.png", "chelsea.png"]
        assert len(report["folder"]) == len(report["import"]) == 3
    else:
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in out.splitlines()]
        assert "`import mobileiqa_sdk`" in [row[0] for row in rows if row]
        (small,) = (row for row in rows if row[:1] == ["small"])
        assert [re.sub(r"[\d.]+", "N", cell) for cell in small[1:]] == ["N ms", "N ms", "N", "N ms", "N"]
        widths = [line.count("|") for line in out.splitlines() if line]
        assert widths == [4] * 5 + [7] * 4 + [6] * 4 + [6] * 5


def test_without_photos_there_are_those_of_scikit_image() -> None:
    actual = cold._photos([])
    assert len(actual) > 3
    assert all(Path(photo).is_file() for photo in actual)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ColdError, match=tmp_path.name):
        cold._photos([str(tmp_path)])
