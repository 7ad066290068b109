"""`mobileiqa score`: which photos are taken, which rows are printed, in which order, and the summary."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from . import artifacts

Run = Callable[..., Any]


def names(out: str) -> list[str]:
    return [Path(line.split()[-1]).stem for line in out.splitlines()]


@pytest.fixture
def give(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Puts bytes on standard input."""

    def put(content: bytes) -> None:
        file = io.TextIOWrapper(io.BytesIO(content))
        monkeypatch.setattr("sys.stdin", file)

    return put


@pytest.mark.parametrize(
    ("options", "order"),
    [
        ([], "20413"),
        (["--sort", "best"], "43210"),
        (["--sort", "worst"], "01234"),
        (["--sort", "path"], "01234"),
        (["--top", "2"], "43"),
        (["--worst", "2"], "01"),
        (["--worst", "9"], "01234"),
        (["--top", "2", "--sort", "worst"], "34"),
        (["--worst", "2", "--sort", "path"], "01"),
        (["--below", "0.6"], "201"),
        (["--below", "0.6", "--top", "1"], "2"),
    ],
)
def test_order_and_selection(run: Run, tiny: Path, photos: list[str], options: list[str], order: str) -> None:
    given = [photos[number] for number in (2, 0, 4, 1, 3)]
    result = run("score", "-m", tiny, *options, *given)
    assert (result.code, result.err) == (0, "")
    assert "".join(names(result.out)) == order
    rows = json.loads(run("score", "-m", tiny, "--json", *options, *given).out)["results"]
    assert "".join(Path(row["path"]).stem for row in rows) == order


@pytest.mark.parametrize("option", [["--top", "1"], ["--worst", "1"], ["--below", "0"], ["--sort", "best"]])
def test_errors_are_rows_whatever_is_selected(
    run: Run, tiny: Path, photos: list[str], option: list[str]
) -> None:
    result = run("score", "-m", tiny, "missing.jpg", photos[0], *option)
    assert result.code == 1
    assert "missing.jpg" in result.out.splitlines()[-1]


def test_a_bar_for_scores(run: Run, tiny: Path, photos: list[str]) -> None:
    result = run("score", "-m", tiny, "--fail-under", "0.6", *photos)
    assert (result.code, result.out, result.err) == (1, f"{photos[0]}\n{photos[1]}\n{photos[2]}\n", "")
    result = run("score", "-m", tiny, "--fail-under", "0.2", *photos[1:])
    assert result == (0, "", "")
    result = run("score", "-m", tiny, "--fail-under", "0.2", "missing.jpg", photos[0])
    assert (result.code, result.out) == (1, f"{photos[0]}\n")
    assert result.err.startswith("mobileiqa: missing.jpg: ")
    # A format of one's own choice has all rows.
    result = run("score", "-m", tiny, "--fail-under", "0.6", "--jsonl", *photos)
    assert (result.code, result.out.count("\n")) == (1, 5)


def test_names_for_other_programs(run: Run, tiny: Path, tmp_path: Path, photos: list[str]) -> None:
    odd = tmp_path / "two\nlines.png"
    odd.write_bytes(Path(photos[0]).read_bytes())
    assert run("score", "-m", tiny, "--names", "--below", "0.4", *photos).out.splitlines() == photos[:2]
    for option in ("-0", "--print0"):
        result = run("score", "-m", tiny, option, "--below", "0.4", odd, *photos)
        assert result.out == "".join(f"{path}\0" for path in (odd, *photos[:2]))


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\0"])
def test_paths_from_a_file(
    run: Run, tiny: Path, tmp_path: Path, photos: list[str], separator: str, give: Callable[[bytes], None]
) -> None:
    content = (separator.join([photos[3], str(Path(photos[1]).parent), ""]) + separator).encode()
    (tmp_path / "list").write_bytes(content)
    result = run("score", "-m", tiny, "--files-from", tmp_path / "list", photos[0])
    assert "".join(names(result.out)) == "0301234"
    give(content)
    assert run("score", "-m", tiny, "--files-from", "-", photos[0]).out == result.out


def test_an_empty_list_of_paths_is_not_an_error(run: Run, tiny: Path, give: Callable[[bytes], None]) -> None:
    give(b"")
    assert run("score", "-m", tiny, "--files-from", "-") == (0, "", "")


@pytest.mark.parametrize("output", ["--jsonl", "--csv", "--names", None])
def test_a_photo_from_standard_input(
    run: Run, tiny: Path, photos: list[str], output: str | None, give: Callable[[bytes], None]
) -> None:
    give(Path(photos[4]).read_bytes())
    by_name = run("score", "-m", tiny, *([output] if output else []), photos[4])
    result = run("score", "-m", tiny, *([output] if output else []), "-")
    assert (result.code, result.err) == (0, "")
    if output == "--jsonl":
        row, same = json.loads(result.out), json.loads(by_name.out)
        assert (row["path"], row["score"]) == ("-", same["score"])
    else:
        assert "".join(result.out.split()).count("-") >= 1
        assert photos[4] not in result.out


def test_bytes_on_standard_input_that_hold_no_photo(
    run: Run, tiny: Path, give: Callable[[bytes], None]
) -> None:
    give(b"nonsense")
    result = run("score", "-m", tiny, "-")
    assert result.code == 1
    assert " -: " in result.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["-", "-"],
        ["-", "--files-from", "-"],
        ["--files-from", "no such list"],
        ["--files-from", "."],
        ["--top", "0", "a.jpg"],
        ["--top", "2", "--worst", "2", "a.jpg"],
        ["--below", "1.5", "a.jpg"],
        ["--fail-under", "nan", "a.jpg"],
        ["--sort", "score", "a.jpg"],
        ["--names", "--csv", "a.jpg"],
        ["-0", "--json", "a.jpg"],
        ["--resume", "rows", "--top", "2", "a.jpg"],
        ["--resume", "rows", "--fail-under", "0.5", "a.jpg"],
        ["--resume", "rows", "--names", "a.jpg"],
        ["--resume", "rows", "-"],
    ],
    ids=" ".join,
)
def test_wrong_usage(run: Run, give: Callable[[bytes], None], arguments: list[str]) -> None:
    give(b"")
    result = run("score", *arguments)
    assert (result.code, result.out) == (2, "")
    assert "Traceback" not in result.err
    assert not os.path.exists("rows")


def test_a_summary_of_many_photos(run: Run, tiny: Path, tmp_path: Path, photos: list[str]) -> None:
    given = [*photos, *photos[:4]]
    assert run("score", "-m", tiny, *given).err == ""
    result = run("score", "-m", tiny, *given, "missing.jpg")
    (line,) = result.err.splitlines()
    assert line == (
        f"mobileiqa: 9 scored, 1 error; median 0.502, best 0.902 {photos[4]}, worst 0.102 {photos[0]}"
    )
    assert run("score", "-m", tiny, "--quiet", *given, "missing.jpg").err == ""
    result = run("score", "-m", tiny, "--fail-under", "0.4", *given, photos[0])
    assert result.err.rstrip().endswith("; 5 below 0.4")
    result = run("score", "-m", tiny, "--resume", tmp_path / "rows", *photos[:2])
    assert "2 scored" in result.err


def test_the_summary_counts_what_is_not_a_photo(run: Run, tmp_path: Path, photos: list[str]) -> None:
    model = artifacts.save(tmp_path / "model", artifacts.free_model())
    for number in range(10):
        shutil.copy(photos[0 if number < 3 else 4], tmp_path / f"{number}.png")
    assert "mobileiqa: 10 scored, 0 errors; 3 not photos; median" in run("score", "-m", model, tmp_path).err
    shutil.copy(photos[4], tmp_path / "0.png")
    shutil.copy(photos[4], tmp_path / "1.png")
    assert "; 1 not a photo; " in run("score", "-m", model, tmp_path).err


def test_skipped_folders_are_said(run: Run, tiny: Path, tmp_path: Path, photos: list[str]) -> None:
    album = tmp_path / "album"
    for folder in ("a", "b", "c", "d", ".hidden"):
        (album / folder).mkdir(parents=True)
    for path in (album / "1.png", album / "a" / "2.png", album / "d" / "3.png"):
        path.write_bytes(Path(photos[0]).read_bytes())
    result = run("score", "-m", tiny, album)
    assert result.out.count("\n") == 1
    (line,) = result.err.splitlines()
    assert all(str(album / name) in line for name in "abc")
    assert "1 more" in line
    assert ".hidden" not in line
    (album / "b" / "link").symlink_to(album / "a")
    result = run("score", "-m", tiny, "-r", album)
    assert result.out.count("\n") == 3
    (line,) = result.err.splitlines()
    assert str(album / "b" / "link") in line
