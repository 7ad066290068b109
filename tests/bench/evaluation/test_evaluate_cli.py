"""``mobileiqa evaluate``."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

from mobileiqa_bench.errors import PlotUnavailable
from mobileiqa_bench.evaluation import cli, ladders, plots
from mobileiqa_bench.photographs import shipped_photographs

from ...sdk import artifacts
from .fakes import save_greys

Run = Callable[..., Any]


@pytest.fixture
def run(run: Run) -> Run:
    """The command's subcommand ``evaluate``, with few resamples: intervals are tested elsewhere."""
    return partial(run, "evaluate", "--resamples", 10)


@pytest.fixture
def biq(tmp_path: Path) -> Path:
    root = tmp_path / "BIQ2021"
    names = [f"Images/ss0{1 + number % 2} ({number}).jpg" for number in range(8)]
    save_greys(root, names, [0.1 * number for number in range(8)])
    rows = [f"{Path(name).name},{number / 10}" for number, name in enumerate(names)]
    for split, expected in (("Train", rows[:4]), ("Test", rows[4:])):
        text = "\n".join(["Image Name,MOS", *expected]) + "\n"
        (root / f"{split} (Images and MOS).csv").write_text(text)
    return root


def test_a_table_of_opinions(run: Run, tiny_artifact: Path, album: Path) -> None:
    result = run(tiny_artifact, "--csv", album / "labels.csv")
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0] == f"tiny on {album / 'labels.csv'}, MOS from 1 to 5"
    assert lines[2].startswith("6 photos ")
    assert lines[3].split()[:2] == ["SRCC", "1.0000"]
    assert "fitted figures are the raw ones" in lines[-1]


def test_opinions_as_a_plot_and_as_thresholds(
    run: Run, tiny_artifact: Path, album: Path, tmp_path: Path
) -> None:
    arguments = (tiny_artifact, "--csv", album / "labels.csv", "--plot", tmp_path / "s.png", "--thresholds")
    first = run(*arguments)
    assert (first.code, first.err) == (0, "")
    assert "reject below" in first.out
    drawn = (tmp_path / "s.png").read_bytes()
    assert drawn.startswith(b"\x89PNG")
    lines = json.loads(run(*arguments, "--json").out)["thresholds"]
    assert {key for line in lines for key in line} == {"below", "rejected", "good_lost", "bad_caught"}
    assert (tmp_path / "s.png").read_bytes() == drawn
    refused = run(tiny_artifact, "--ladders", "--thresholds")
    assert refused.code == 2


def test_an_empty_label_is_a_row(run: Run, tiny_artifact: Path, album: Path, tmp_path: Path) -> None:
    header, first, *others = (album / "labels.csv").read_text().splitlines()
    name = first.partition(",")[0]
    for position, empty in enumerate((f"{name},", f"{name},  ", name)):
        table = album / f"empty{position}.csv"
        table.write_text("\n".join([header, *others, empty]) + "\n")
        result = run(tiny_artifact, "--csv", table, "--scores", tmp_path / "scores.csv", "--json")
        assert result.code == 1
        answer = json.loads(result.out)
        assert (answer["photos"], answer["failed"]) == (6, 1)
        assert f"line 7 of {table.name}" in answer["errors"][0]["error"]
        last = (tmp_path / "scores.csv").read_text().splitlines()[-1]
        assert name in last
        assert ",,," in last  # no subset, no MOS, no score


def test_json(run: Run, tiny_artifact: Path, album: Path, tmp_path: Path) -> None:
    arguments = ("--csv", album / "labels.csv", "--images", album, "--mos-range", 1, 6, "--threads", 1)
    result = run(tiny_artifact, *arguments, "--json", "--scores", tmp_path / "scores.csv")
    assert (result.code, result.err) == (0, "")
    answer = json.loads(result.out)
    assert list(answer) == ["schema", "model", "judged", "photos", "failed", "agreement", "subsets", "errors"]
    assert answer["model"]["name"] == "tiny"
    assert answer["model"]["threads"] == 1
    assert answer["model"]["path"] == str(tiny_artifact)
    assert answer["agreement"]["srcc"]["value"] == pytest.approx(1)
    assert answer["agreement"]["fitted"] is False
    with (tmp_path / "scores.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["path", "subset", "mos", "score", "error"]
    assert [Path(row["path"]).name for row in rows] == [f"{number}.png" for number in range(6)]
    assert [float(row["mos"]) for row in rows] == pytest.approx([0.14 * number for number in range(6)])


def test_photos_that_fail_are_listed(run: Run, tiny_artifact: Path, album: Path, tmp_path: Path) -> None:
    (album / "2.png").write_bytes(b"no photo")
    with (album / "labels.csv").open("a") as table:
        table.write("missing\x1b[2J.png,3\n")
    result = run(tiny_artifact, "--csv", album / "labels.csv", "--json", "--scores", tmp_path / "scores.csv")
    assert result.code == 1
    first, second = result.err.splitlines()
    assert first.startswith(f"{album / '2.png'}: ")
    assert second.startswith(f"{album}/missing\\x1b[2J.png: ")
    answer = json.loads(result.out)
    assert (answer["photos"], answer["failed"], answer["agreement"]["photos"]) == (7, 2, 5)
    assert [Path(row["path"]).name for row in answer["errors"]] == ["2.png", "missing\x1b[2J.png"]
    with (tmp_path / "scores.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["score"] == "" for row in rows] == [row["error"] != "" for row in rows]


def test_many_failures_are_not_all_listed(run: Run, tiny_artifact: Path, album: Path) -> None:
    with (album / "labels.csv").open("a") as table:
        table.writelines(f"missing {number}.png,3\n" for number in range(30))
    result = run(tiny_artifact, "--csv", album / "labels.csv")
    assert result.code == 1
    assert len(result.err.splitlines()) == 21
    assert result.err.splitlines()[-1] == "... and 10 more; --scores and --json name them all"


@pytest.mark.parametrize(("options", "photos"), [((), 4), (("--split", "train"), 4), (("--split", "all"), 8)])
def test_a_dataset(run: Run, tiny_artifact: Path, biq: Path, options: tuple[str, ...], photos: int) -> None:
    result = run(tiny_artifact, "--dataset", "biq2021", "--root", biq, *options, "--json")
    assert (result.code, result.err) == (0, "")
    answer = json.loads(result.out)
    assert answer["judged"] == f"BIQ2021, {options[1] if options else 'test'}"
    assert answer["photos"] == photos
    assert set(answer["subsets"]) == ({"ss01", "ss02"} if photos == 8 else set())


def test_ladders(run: Run, tiny_artifact: Path, tmp_path: Path) -> None:
    save_greys(tmp_path / "more", ["a.png", "b.png"], [0.5, 0.6])
    save_greys(tmp_path, ["c.png"], [0.7])
    given = (tmp_path / "c.png", "--photos", tmp_path / "more")
    outputs = ("--plot", tmp_path / "l.svg", "--scores", tmp_path / "l.csv")
    result = run(tiny_artifact, "--ladders", *given, *outputs)
    assert (result.code, result.err) == (0, "")
    assert "mean scores of 3 photos, distorted at the model's 48 x 64" in result.out
    assert "| underexposure (stops) " in result.out
    assert (tmp_path / "l.svg").read_text(encoding="utf-8").startswith("<?xml")
    with (tmp_path / "l.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 50
    assert {Path(row["path"]).name for row in rows} == {"a.png", "b.png", "c.png"}

    whole = run(tiny_artifact, "--ladders", *given, "--full-size", "--json")
    answer = json.loads(whole.out)
    assert (answer["mode"], answer["photos"]) == ("full", 3)
    assert answer["distortions"]["underexposure"]["ordered"] == 1
    assert answer["distortions"]["overexposure"]["mean_scores"][1] > 0.6


def test_ladders_without_photos(run: Run, tiny_artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rocket = [path for path in shipped_photographs() if path.name == "rocket.jpg"]
    monkeypatch.setattr(cli, "shipped_photographs", lambda: rocket)
    result = run(tiny_artifact, "--ladders")
    assert (result.code, result.err) == (0, "")
    assert "mean scores of 1 photo," in result.out
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "skimage", None)
    result = run(tiny_artifact, "--ladders")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("mobileiqa: no photos given; ")


def test_ladders_with_photos_that_fail(run: Run, tiny_artifact: Path, tmp_path: Path) -> None:
    save_greys(tmp_path, ["c.png"], [0.7])
    (tmp_path / "empty").mkdir()
    result = run(tiny_artifact, "--ladders", tmp_path / "c.png", "none.jpg", "--photos", tmp_path / "empty")
    assert result.code == 1
    assert "mean scores of 1 photo," in result.out
    assert "none.jpg" in result.err
    assert "empty" in result.err
    result = run(tiny_artifact, "--ladders", "none.jpg")
    assert (result.code, result.out) == (1, "")
    assert "none.jpg" in result.err


def test_a_first_argument_that_ends_like_a_photo_is_one(run: Run, tmp_path: Path) -> None:
    """The bundled model is judged then."""
    save_greys(tmp_path, ["c.PNG"], [0.7])
    answer = json.loads(run("--ladders", tmp_path / "c.PNG", "--json").out)
    assert answer["model"]["name"] == "mobileiqa-small"
    assert [climb["path"] for climb in answer["climbs"]] == [str(tmp_path / "c.PNG")]


def constant(name: str, value: float) -> onnx.NodeProto:
    tensor = helper.make_tensor(name, TensorProto.FLOAT, [1], [value])
    return helper.make_node("Constant", [], [name], value=tensor)


NAN = [  # The square root of a negative number where the photo is brighter than 0.6.
    constant("limit", 0.6),
    constant("zero", 0.0),
    helper.make_node("Sub", ["limit", "mean"], ["room"]),
    helper.make_node("Sqrt", ["room"], ["root"]),
    helper.make_node("Mul", ["root", "zero"], ["nothing"]),
    helper.make_node("Add", ["mean", "nothing"], ["score"]),
]
TOO_BRIGHT = [constant("more", 1.5), helper.make_node("Mul", ["mean", "more"], ["score"])]
INFINITE = [
    constant("limit", 0.6),
    constant("huge", 1e38),
    helper.make_node("Sub", ["mean", "limit"], ["above"]),
    helper.make_node("Relu", ["above"], ["bright"]),
    helper.make_node("Mul", ["bright", "huge"], ["larger"]),
    helper.make_node("Mul", ["larger", "huge"], ["infinite"]),
    helper.make_node("Add", ["mean", "infinite"], ["score"]),
]


@pytest.mark.parametrize("tail", [NAN, TOO_BRIGHT, INFINITE], ids=["nan", "out of range", "infinite"])
def test_answers_that_are_not_opinions_are_rows(
    run: Run, album: Path, tmp_path: Path, tail: list[onnx.NodeProto]
) -> None:
    """The four darker photos are scored, the two bright ones are reported; nothing else is lost."""
    artifact, scores = artifacts.save(tmp_path / "odd", artifacts.model(tail=tail)), tmp_path / "scores.csv"
    result = run(artifact, "--csv", album / "labels.csv", "--json", "--scores", scores)
    assert result.code == 1
    answer = json.loads(result.out)
    assert (answer["photos"], answer["failed"], answer["agreement"]["photos"]) == (6, 2, 4)
    assert [Path(row["path"]).name for row in answer["errors"]] == ["4.png", "5.png"]
    with scores.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["score"] != "" for row in rows] == [True] * 4 + [False] * 2
    assert all("the model answered" in row["error"] for row in rows[4:])
    assert "Traceback" not in result.err

    ladders = run(artifact, "--ladders", album / "0.png", album / "5.png", "--json", "--scores", scores)
    assert ladders.code == 1
    answer = json.loads(ladders.out)
    assert (answer["photos"], answer["failed"]) == (1, 1)
    assert "5.png" in ladders.err


def test_scores_are_written_although_too_few_photos_are_left(run: Run, album: Path, tmp_path: Path) -> None:
    for name in ("0.png", "1.png", "2.png"):
        (album / name).unlink()
    artifact, scores = artifacts.save(tmp_path / "odd", artifacts.model(tail=NAN)), tmp_path / "scores.csv"
    result = run(artifact, "--csv", album / "labels.csv", "--scores", scores)
    assert (result.code, result.out) == (1, "")
    assert "Traceback" not in result.err
    with scores.open(newline="", encoding="utf-8") as file:
        assert len([row for row in csv.DictReader(file) if row["score"]]) == 1


def test_ladders_of_which_no_photo_can_be_scored(run: Run, album: Path, tmp_path: Path) -> None:
    artifact = artifacts.save(tmp_path / "odd", artifacts.model(tail=NAN))
    result = run(artifact, "--ladders", album / "5.png")
    assert (result.code, result.out) == (1, "")
    assert "5.png" in result.err
    assert "nan" in result.err


def test_a_plot_that_cannot_be_written_costs_nothing_else(
    run: Run, tiny_artifact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_greys(tmp_path, ["c.png"], [0.7])

    def fail(*_: object) -> None:
        raise PlotUnavailable("disk full")

    monkeypatch.setattr(plots, "plot_ladders", fail)
    result = run(tiny_artifact, "--ladders", tmp_path / "c.png", "--plot", tmp_path / "l.png")
    assert (result.code, result.err) == (0, "warning: disk full\n")
    assert "| underexposure (stops)" in result.out


def test_a_missing_matplotlib_is_said_before_the_work(
    run: Run, tiny_artifact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_greys(tmp_path, ["c.png"], [0.7])
    monkeypatch.setattr(ladders, "climb_ladders", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = run(tiny_artifact, "--ladders", tmp_path / "c.png", "--plot", tmp_path / "l.png")
    assert (result.code, result.out) == (1, "")
    assert "matplotlib" in result.err


WRONG: list[tuple[list[str], str]] = [
    ([], "--csv, --dataset, --ladders and --faults"),
    (["model.onnx"], "--csv, --dataset, --ladders and --faults"),
    (["--ladders", "--csv", "labels.csv"], "--csv, --dataset, --ladders and --faults"),
    (["--dataset", "biq2021"], "--dataset needs --root"),
    (["--dataset", "ava", "--root", "."], "'ava' is not one of"),
    (["--dataset", "spaq", "--root", ".", "--split", "test"], "SPAQ has no split 'test': only all"),
    (["--ladders", "--images", "."], "--images goes with --csv"),
    (["--ladders", "--split", "test"], "--split goes with --dataset"),
    (["--csv", "labels.csv", "--full-size"], "--full-size goes with --ladders"),
    (["--csv", "labels.csv", "--photos", "a.jpg"], "--photos goes with --ladders and --faults"),
    (["--csv", "labels.csv", "a.jpg"], "only --ladders and --faults take photos"),
    (["--csv", "labels.csv", "--mos-range", "1", "1"], "two different numbers"),
    (["--csv", "labels.csv", "--mos-range", "1", "inf"], "two different numbers"),
    (["--csv", "none.csv"], "'none.csv' does not exist"),
    (["--ladders", "--plot", "a.pdf"], "does not end in .png or .svg"),
    (["--ladders", "--plot", "none/a.png"], "'none'"),
    (["--csv", "labels.csv", "--scores", "none/a.csv"], "'none'"),
    (["--ladders", "--threads", "0"], "--threads"),
    (["nope", "--ladders"], "'nope' is neither a model's name"),
]


@pytest.mark.parametrize(
    ("arguments", "why"), WRONG, ids=[" ".join(arguments) or "nothing" for arguments, _ in WRONG]
)
def test_wrong_usage(
    run: Run, album: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], why: str
) -> None:
    monkeypatch.chdir(album)
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert why in " ".join(result.err.split())
    assert "Traceback" not in result.err


def test_a_table_that_cannot_be_understood_is_one_line(run: Run, tiny_artifact: Path, album: Path) -> None:
    (album / "labels.csv").write_text("a,b\n0.png,1\n")
    result = run(tiny_artifact, "--csv", album / "labels.csv")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"mobileiqa: {album / 'labels.csv'}: cannot tell the columns")
    assert result.err.count("\n") == 1
    named = run(tiny_artifact, "--csv", album / "labels.csv", "--name-column", "a", "--mos-column", "b")
    assert "at least 3" in named.err


def test_it_needs_neither_torch_nor_matplotlib_until_it_plots() -> None:
    code = (
        "import sys\n"
        "import mobileiqa_bench.evaluation.cli\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'torch', 'onnx', 'matplotlib', 'skimage', 'openpyxl'}, loaded\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_without_scipy_it_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("mobileiqa_bench.evaluation")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name == "scipy" or name.startswith("scipy.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scipy", None)
    result = run("--ladders")
    assert result.code == 1
    assert 'pip install "mobileiqa-sdk[evaluate]"' in result.err


def test_a_resolution_is_the_model_s(run: Run, tiny_artifact: Path, album: Path) -> None:
    fast, high = (
        json.loads(run("--faults", "--photos", album, "--resolution", name, "--json").out)["model"][
            "resolution"
        ]
        for name in ("fast", "high")
    )
    assert (fast, high) == ("fast", "high")
    result = run(tiny_artifact, "--csv", album / "labels.csv", "--resolution", "high")
    assert result.code == 2
    assert "resolution" in result.err


def test_the_name_of_a_folder_cannot_reach_the_terminal(
    run: Run, tiny_artifact: Path, album: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "\x1b]0;title\x07"
    album.rename(folder)
    result = run(tiny_artifact, "--csv", folder / "labels.csv")
    assert result.code == 0, result.err
    assert r"\x1b]0;title\x07" in result.out
    assert not {"\x1b", "\x07"} & set(result.out + result.err)
