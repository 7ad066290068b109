"""A batch that is taken up again: what counts as done, and what a file may hold."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mobileiqa_sdk import PhotoNotFound, ResultsInvalid, Scorer
from mobileiqa_sdk._lock import lock
from mobileiqa_sdk.gallery import score_rows
from mobileiqa_sdk.library import sha256_of
from mobileiqa_sdk.results import ResultsFile

from . import artifacts

Run = Callable[..., Any]
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX system")


@pytest.fixture(scope="module")
def scorer(tiny: Path) -> Scorer:
    return Scorer(tiny, threads=1)


def rows_in(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def take_up(path: Path, scorer: Scorer, photos: list[Any]) -> list[str]:
    """Score what is missing; the paths of that."""
    results = ResultsFile(path, scorer)
    missing = results.missing(photos)
    results.write(score_rows(scorer, missing))
    results.close()
    return [str(getattr(photo, "photo", photo)) for photo in missing]


def test_a_second_run_has_nothing_to_do(tmp_path: Path, scorer: Scorer, album: list[str]) -> None:
    path = tmp_path / "results.jsonl"
    assert take_up(path, scorer, album[:2]) == album[:2]
    assert take_up(path, scorer, album) == album[2:]
    before = path.read_bytes()
    assert take_up(path, scorer, album) == []
    assert path.read_bytes() == before
    assert [row["path"] for row in rows_in(path)] == album


def test_a_row(tmp_path: Path, tiny: Path, scorer: Scorer, album: list[str]) -> None:
    path = tmp_path / "results.jsonl"
    os.utime(album[3], ns=(1_000_000_000, 2_000_000_000))
    take_up(path, scorer, [album[3]])
    (row,) = rows_in(path)
    status = os.stat(album[3])
    assert list(row) == [
        "path", "score", "band", "reason", "spread", "faults", "photograph", "is_photograph", "seconds",
        "error_kind", "error", "bytes", "modified_ns", "model",
    ]  # fmt: skip
    assert row["score"] == scorer.score(album[3])
    assert (row["bytes"], row["modified_ns"]) == (status.st_size, 2_000_000_000)
    assert row["model"] == {
        "name": "tiny",
        "version": "0.3",
        "sha256": sha256_of(tiny),
        "decode": "full",
        "resolution": None,
        "runtime": "onnx",
        "threads": 1,
    }


def test_a_changed_photo_is_scored_again(tmp_path: Path, scorer: Scorer, album: list[str]) -> None:
    path = tmp_path / "results.jsonl"
    take_up(path, scorer, album)
    os.utime(album[0], ns=(1, 1))
    when = os.stat(album[1])
    shutil.copy(album[4], album[1])
    with open(album[1], "ab") as file:
        file.write(b"\0")
    os.utime(album[1], ns=(when.st_atime_ns, when.st_mtime_ns))
    assert take_up(path, scorer, album) == album[:2]
    assert take_up(path, scorer, album) == []
    last = {row["path"]: row["score"] for row in rows_in(path)}
    assert last == {photo: scorer.score(photo) for photo in album}


def test_a_photo_that_changes_while_it_is_scored_is_not_done(
    tmp_path: Path, scorer: Scorer, album: list[str]
) -> None:
    path = tmp_path / "results.jsonl"
    results = ResultsFile(path, scorer)
    missing = results.missing(album[:1])
    os.utime(album[0], ns=(1, 1))
    results.write(score_rows(scorer, missing))
    results.close()
    assert take_up(path, scorer, album[:1]) == album[:1]


def test_errors_are_tried_again(tmp_path: Path, scorer: Scorer, album: list[str]) -> None:
    path, bad = tmp_path / "results.jsonl", tmp_path / "bad.jpg"
    bad.write_bytes(b"no photo")
    empty = PhotoNotFound("folder", "no photos in this folder")
    given = [album[0], str(bad), "missing.jpg", empty]
    assert take_up(path, scorer, given) == [album[0], str(bad), "missing.jpg", "folder"]
    assert take_up(path, scorer, given) == [str(bad), "missing.jpg", "folder"]
    assert [row["bytes"] for row in rows_in(path)[1:4]] == [8, None, None]
    shutil.copy(album[1], bad)
    take_up(path, scorer, given)
    assert take_up(path, scorer, given) == ["missing.jpg", "folder"]
    bad.write_bytes(b"no photo")  # its last row counts
    take_up(path, scorer, given)
    assert str(bad) in take_up(path, scorer, given)


def test_every_torn_end_is_taken_up(tmp_path: Path, scorer: Scorer, album: list[str]) -> None:
    path = tmp_path / "results.jsonl"
    take_up(path, scorer, album[:3])
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    start = len(lines[0]) + len(lines[1])
    for end in range(start, len(whole)):
        path.write_bytes(whole[:end])
        # Only the newline is missing: the row is whole.
        missing = [] if end == len(whole) - 1 else [album[2]]
        assert take_up(path, scorer, album[:3]) == missing, whole[start:end]
        assert [row["path"] for row in rows_in(path)] == album[:3]
        assert path.read_bytes().endswith(b"}\n")
        assert path.read_bytes().startswith(whole[:start])


@settings(max_examples=60, deadline=None)
@given(
    data=st.binary(min_size=1, max_size=200) | st.text(min_size=1).map(lambda text: (text + "\n").encode())
)
def test_a_file_of_something_else_is_not_touched(
    data: bytes, tmp_path_factory: pytest.TempPathFactory, scorer: Scorer
) -> None:
    path = tmp_path_factory.mktemp("odd") / "file"
    path.write_bytes(data)
    if b'{"path": '.startswith(data[:9]):  # the beginning of a row, and nothing before it
        ResultsFile(path, scorer).close()
        assert path.read_bytes() == b""
    else:
        with pytest.raises(ResultsInvalid, match=r"line \d+"):
            ResultsFile(path, scorer)
        assert path.read_bytes() == data


LINES: dict[str, Any] = {
    "a number": 3,
    "a list": [],
    "no keys": {},
    "a row of --jsonl": {"path": "a", "score": 0.5, "band": "fair", "seconds": {}, "error": None},
    "no text": {"path": 3, "score": 0.5, "bytes": 1, "modified_ns": 1, "model": {}},
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
def test_a_line_that_is_no_row(tmp_path: Path, scorer: Scorer, album: list[str], line: Any) -> None:
    path = tmp_path / "results.jsonl"
    take_up(path, scorer, album[:1])
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")
    before = path.read_bytes()
    with pytest.raises(ResultsInvalid, match="line 2"):
        ResultsFile(path, scorer)
    assert path.read_bytes() == before


def test_another_model_is_refused(tmp_path: Path, scorer: Scorer, album: list[str]) -> None:
    path = tmp_path / "results.jsonl"
    take_up(path, scorer, album[:1])
    data = artifacts.model(artifacts.contract(model={"version": "0.4"}))
    other = Scorer(artifacts.save(tmp_path / "other", data), threads=1)
    with pytest.raises(ResultsInvalid, match=r"line 1 .*0\.3.*0\.4, sha256 .{12} "):
        ResultsFile(path, other)
    before = path.read_bytes()
    path.write_bytes(before.replace(b'"model": {', b'"model": "x", "was": {'))
    with pytest.raises(ResultsInvalid, match="unknown"):
        ResultsFile(path, scorer)
    path.write_bytes(before.replace(b'"model": {', b'"model": {"colour": "b\\u001b[1m", '))
    with pytest.raises(ResultsInvalid, match="colour"):
        ResultsFile(path, scorer)


def test_another_number_of_threads_is_refused(tmp_path: Path, tiny: Path, album: list[str]) -> None:
    path = tmp_path / "results.jsonl"
    take_up(path, Scorer(tiny, threads=1), album[:1])
    before = path.read_bytes()
    with pytest.raises(ResultsInvalid, match=r"threads 1 .*2"):
        ResultsFile(path, Scorer(tiny, threads=2))
    assert path.read_bytes() == before


def test_another_runtime_is_refused(tmp_path: Path, tiny: Path, scorer: Scorer, album: list[str]) -> None:
    path = tmp_path / "results.jsonl"
    take_up(path, scorer, album[:1])
    path.write_bytes(path.read_bytes().replace(b'"runtime": "onnx"', b'"runtime": "coreml-reference"'))
    with pytest.raises(ResultsInvalid, match=r"runtime .*onnx"):
        ResultsFile(path, scorer)


def test_rows_of_version_0_1_are_continued(tmp_path: Path, scorer: Scorer, album: list[str]) -> None:
    path = tmp_path / "results.jsonl"
    take_up(path, scorer, album[:2])
    old = rows_in(path)
    for row in old:
        for key in ("resolution", "runtime", "threads"):
            del row["model"][key]
    path.write_text("".join(json.dumps(row) + "\n" for row in old))
    assert take_up(path, scorer, album) == album[2:]
    assert rows_in(path)[:2] == old
    assert rows_in(path)[2]["model"]["threads"] == 1


@pytest.mark.parametrize(
    ("order", "remaining"),
    [
        ([0, 0], []),
        ([1, 1], [1]),
        ([1, 0, 1, 2], [1, 2]),
        ([0, 1, 0, 2, 0], [1, 2]),
        ([2, 1, 2, 0, 1], [2, 1]),
        ([0, 0, 1], [1]),
    ],
)
def test_a_path_listed_twice(
    tmp_path: Path, scorer: Scorer, album: list[str], order: list[int], remaining: list[int]
) -> None:
    """The first photo is done."""
    path = tmp_path / "results.jsonl"
    take_up(path, scorer, album[:1])
    assert take_up(path, scorer, [album[number] for number in order]) == [album[n] for n in remaining]
    assert [row["path"] for row in rows_in(path)] == [album[0], *(album[n] for n in remaining)]
    assert take_up(path, scorer, [album[number] for number in order]) == []


def test_one_writer_at_a_time(tmp_path: Path, scorer: Scorer, album: list[str]) -> None:
    path, link = tmp_path / "results.jsonl", tmp_path / "link"
    first = ResultsFile(path, scorer)
    link.symlink_to(path)
    first.write(score_rows(scorer, first.missing(album[:1])))
    before = path.read_bytes()
    for name in (path, link, os.path.relpath(path)):
        with pytest.raises(ResultsInvalid, match="another process"):
            ResultsFile(name, scorer)
    assert path.read_bytes() == before
    first.write(score_rows(scorer, first.missing(album[1:2])))
    first.close()
    assert take_up(path, scorer, album[:3]) == album[2:3]
    assert [row["path"] for row in rows_in(path)] == album[:3]


def test_a_file_that_was_refused_is_not_locked(tmp_path: Path, scorer: Scorer) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text("no rows\n")
    for _ in range(2):
        with pytest.raises(ResultsInvalid, match="line 1"):
            ResultsFile(path, scorer)


HOLD = """
import sys
from mobileiqa_sdk import Scorer
from mobileiqa_sdk.gallery import score_rows
from mobileiqa_sdk.results import ResultsFile
scorer = Scorer(sys.argv[1], threads=1)
results = ResultsFile(sys.argv[2], scorer)
results.write(score_rows(scorer, results.missing(sys.argv[3:])))
print("written", flush=True)
sys.stdin.read()
"""


def test_two_processes(run: Run, tmp_path: Path, tiny: Path, scorer: Scorer, album: list[str]) -> None:
    path = tmp_path / "results.jsonl"
    command = [sys.executable, "-c", HOLD, str(tiny), str(path), *album[:2]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "written\n"
        before = path.read_bytes()
        second = run("score", "-m", tiny, "--resume", path, *album)
        assert (second.code, second.out) == (2, "")
        assert str(path) in second.err
        assert path.read_bytes() == before
        other.kill()
    assert take_up(path, scorer, album) == album[2:]
    assert [row["path"] for row in rows_in(path)] == album


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks(
    tmp_path: Path, scorer: Scorer, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")

    def refuse(*arguments: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(ResultsInvalid, match=r"results\.jsonl: .*locks"):
        ResultsFile(tmp_path / "results.jsonl", scorer)


@pytest.mark.parametrize("held", [False, True])
def test_a_lock_on_windows(tmp_path: Path, held: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    class Msvcrt(types.ModuleType):
        LK_NBLCK = 2

        def locking(self, descriptor: int, mode: int, count: int) -> None:
            calls.append((os.lseek(descriptor, 0, os.SEEK_CUR), mode, count))
            if held:
                raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setitem(sys.modules, "msvcrt", Msvcrt("msvcrt"))
    monkeypatch.setattr(sys, "platform", "win32")
    with open(tmp_path / "file", "a+b", buffering=0) as file:
        file.write(b"row\n")
        assert lock(file) is not held
        assert file.tell() == 4
    assert calls == [(2**31 - 2, 2, 1)]


def test_a_place_that_is_no_file(tmp_path: Path, scorer: Scorer) -> None:
    for path in (tmp_path, tmp_path / "none" / "results.jsonl"):
        with pytest.raises(ResultsInvalid, match="opened"):
            ResultsFile(path, scorer)


@POSIX
def test_a_file_that_may_not_be_read(tmp_path: Path, scorer: Scorer) -> None:
    path = tmp_path / "results.jsonl"
    path.touch(mode=stat.S_IWUSR)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(ResultsInvalid, match="Permission denied"):
        ResultsFile(path, scorer)


@POSIX
def test_a_device_is_refused(scorer: Scorer) -> None:
    with pytest.raises(ResultsInvalid, match="/dev/null: "):
        ResultsFile("/dev/null", scorer)


@pytest.mark.parametrize("half", [False, True])
def test_a_full_disk(tmp_path: Path, scorer: Scorer, album: list[str], half: bool) -> None:
    results: Any = ResultsFile(tmp_path / "results.jsonl", scorer)
    results.close()

    class Full:
        def write(self, data: bytes) -> int:
            if half:
                return len(data) - 1
            raise OSError(errno.ENOSPC, "No space left on device")

    results._file = Full()
    reason = "the disk is full" if half else "No space left on device"
    with pytest.raises(ResultsInvalid, match=rf"results\.jsonl: .*{reason}"):
        results.write(score_rows(scorer, album[:1]))


def test_rows_are_in_the_file_before_the_next_photo(tmp_path: Path, scorer: Scorer, album: list[str]) -> None:
    path = tmp_path / "results.jsonl"
    results = ResultsFile(path, scorer)
    missing = results.missing(album)
    for number, row in enumerate(score_rows(scorer, missing, workers=1)):
        assert len(rows_in(path)) == number
        results.write([row])
    results.close()


def test_on_the_command_line(run: Run, tiny: Path, tmp_path: Path, album: list[str]) -> None:
    path = tmp_path / "out" / "results.jsonl"
    path.parent.mkdir()
    first = run("score", "-m", tiny, "--resume", path, *album[:2])
    assert (first.code, first.out, first.err.count("\n")) == (0, "", 1)
    assert "2 scored, 0 errors" in first.err
    second = run("score", "-m", tiny, "--resume", path, "--jsonl", *album, "missing.jpg")
    assert (second.code, second.out) == (1, "")
    known, summary = second.err.splitlines()
    assert known == f"mobileiqa: 2 of 6 photos are in {path} already"
    assert "3 scored, 1 error;" in summary
    assert [row["path"] for row in rows_in(path)] == [*album, "missing.jpg"]
    assert rows_in(path)[-1]["error"] == "no such file"
    third = run("score", "-m", tiny, "--resume", path, *album, *album)
    assert (third.code, third.out, third.err) == (0, "", f"mobileiqa: 5 of 5 photos are in {path} already\n")


def test_one_photo_first_and_more_later(
    run: Run, tiny: Path, tmp_path: Path, album: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")  # which one photo would be scored with
    path = tmp_path / "results.jsonl"
    assert run("score", "-m", tiny, "--resume", path, album[0]).code == 0
    assert run("score", "-m", tiny, "--resume", path, *album).code == 0
    assert run("score", "-m", tiny, "--resume", path, "--threads", "2", *album).code == 2
    assert [row["path"] for row in rows_in(path)] == album


def test_a_photo_without_memory_is_tried_again(
    tmp_path: Path, scorer: Scorer, album: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import PngImagePlugin

    path = tmp_path / "results.jsonl"
    load, scarce = PngImagePlugin.PngImageFile.load_prepare, [True]

    def prepare(image: Any) -> None:
        if scarce and image.size == (60, 60):
            raise MemoryError
        load(image)

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load_prepare", prepare)
    Image.new("RGB", (60, 60)).save(album[1])
    assert take_up(path, scorer, album) == album
    assert [row["error"] is None for row in rows_in(path)] == [True, False, True, True, True]
    assert "memory" in rows_in(path)[1]["error"]
    scarce.clear()
    assert take_up(path, scorer, album) == [album[1]]


@pytest.mark.parametrize("option", ["--json", "--csv"])
def test_the_file_has_a_format(run: Run, tiny: Path, tmp_path: Path, photos: list[str], option: str) -> None:
    result = run("score", "-m", tiny, option, "--resume", tmp_path / "results", photos[0])
    assert (result.code, result.out) == (2, "")
    assert f"--resume and {option} exclude each other" in result.err
    assert not (tmp_path / "results").exists()


def test_another_file_is_wrong_usage(run: Run, tiny: Path, tmp_path: Path, photos: list[str]) -> None:
    path = tmp_path / "photo.png"
    shutil.copy(photos[0], path)
    result = run("score", "-m", tiny, "--resume", path, *photos)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"mobileiqa: {path}: line 1 is not a row")
    assert path.read_bytes() == Path(photos[0]).read_bytes()
