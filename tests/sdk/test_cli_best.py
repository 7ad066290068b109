"""``mobileiqa best``: what it prints, what it puts into folders, and that it overwrites nothing."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .bursts.scenes import save, scene

Run = Callable[..., Any]


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """A burst of two, a photo by itself, a file that is no photo, and another photo in a subfolder."""
    folder = tmp_path / "album"
    save(scene(1), folder / "a.jpg", "2026:05:01 12:00:00", "5")
    save(scene(1).resize((120, 90)), folder / "b.jpg", "2026:05:01 12:00:01")
    save(scene(2), folder / "c.jpg", "2026:05:01 12:00:02")
    (folder / "d.jpg").write_bytes(b"no photo")
    save(scene(3), folder / "sub" / "a.jpg")
    return folder


def test_the_table_shows_bursts_and_errors(run: Run, tiny: Path, album: Path) -> None:
    result = run("best", "-m", tiny, album)
    assert result.code == 1
    best, other, blank, error = result.out.splitlines()
    assert best.split()[2:] == [str(album / "a.jpg"), "best"]
    assert other.endswith(f"{album / 'b.jpg'}  fewer pixels")
    assert blank == ""
    assert error.split()[1] == "error"
    assert "1 burst of 2 photos, 1 photo by itself, 1 error" in result.err


def test_json(run: Run, tiny: Path, album: Path) -> None:
    answer = json.loads(run("best", "-m", tiny, "--json", "-r", album).out)
    assert list(answer) == ["schema", "model", "bursts", "errors"]
    assert answer["model"]["name"] == "tiny"
    first, second, third = answer["bursts"]
    assert first["best"] == str(album / "a.jpg")
    assert first["photos"][0]["taken"] == "2026-05-01T12:00:00.500000"
    assert [photo["reasons"] for photo in first["photos"]] == [
        [],
        [{"text": "fewer pixels", "source": "file", "value": 120 * 90, "best": 240 * 180}],
    ]
    assert (second["best"], third["best"]) == (str(album / "c.jpg"), str(album / "sub" / "a.jpg"))
    assert third["photos"][0]["taken"] is None
    (error,) = answer["errors"]
    assert (error["path"], error["error_kind"]) == (str(album / "d.jpg"), "PhotoUnsupported")


def test_csv(run: Run, tiny: Path, album: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("best", "-m", tiny, "--csv", album).out)))
    assert [(row["burst"], row["rank"], Path(row["path"]).name, row["reasons"]) for row in rows] == [
        ("1", "1", "a.jpg", ""),
        ("1", "2", "b.jpg", "fewer pixels"),
        ("2", "1", "c.jpg", ""),
        ("", "", "d.jpg", ""),
    ]
    assert rows[3]["error_kind"] == "PhotoUnsupported"


def test_copies_of_the_best_keep_what_is_there(run: Run, tiny: Path, album: Path, tmp_path: Path) -> None:
    target = tmp_path / "best"
    target.mkdir()
    (target / "a.jpg").write_bytes(b"another file")
    for _ in range(2):  # the second time, all is there
        run("best", "-m", tiny, "-r", "--copy", target, album)
        assert sorted(path.name for path in target.iterdir()) == [
            "a (2).jpg", "a (3).jpg", "a.jpg", "c.jpg",
        ]  # fmt: skip
        assert (target / "a.jpg").read_bytes() == b"another file"
        assert (target / "a (2).jpg").read_bytes() == (album / "a.jpg").read_bytes()
        assert (target / "a (3).jpg").read_bytes() == (album / "sub" / "a.jpg").read_bytes()
    assert len(list(album.rglob("*.jpg"))) == 5


@pytest.mark.skipif(os.name != "posix", reason="links take a privilege elsewhere")
def test_links_to_the_best(
    run: Run, tiny: Path, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        run("best", "-m", tiny, "--link", "new/best", "album")
    links = sorted((tmp_path / "new" / "best").iterdir())
    assert [(link.name, link.resolve()) for link in links] == [
        ("a.jpg", album / "a.jpg"),
        ("c.jpg", album / "c.jpg"),
    ]


def test_the_gap_and_the_times_of_files(run: Run, tiny: Path, tmp_path: Path) -> None:
    for number, seconds in enumerate((1_000_000, 1_000_005)):
        path = save(scene(1, shift=10 * number), tmp_path / f"{number}.jpg")
        os.utime(path, (seconds, seconds))

    def bursts(*options: object) -> int:
        return len(json.loads(run("best", "-m", tiny, "--json", *options, tmp_path).out)["bursts"])

    assert bursts("--file-times") == 1
    assert bursts("--file-times", "--gap", 4) == 2


@pytest.mark.parametrize(
    "options", [("--json", "--csv"), ("-",), ("--gap", "-1"), ("--resolution", "high")], ids=str
)
def test_wrong_usage(run: Run, tiny: Path, album: Path, options: tuple[str, ...]) -> None:
    assert run("best", "-m", tiny, album, *options).code == 2
