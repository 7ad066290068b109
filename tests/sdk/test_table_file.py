"""A Parquet file of scores: its columns, and that a batch which is killed at any moment goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mobileiqa_sdk import PhotoNotFound, ResultsInvalid, Scorer
from mobileiqa_sdk import table_file as module
from mobileiqa_sdk.library import sha256_of
from mobileiqa_sdk.results import ResultsFile
from mobileiqa_sdk.sources.find import find_sources
from mobileiqa_sdk.streams import score_sources
from mobileiqa_sdk.table_file import TableFile

from . import archives, artifacts

pytest.importorskip("pyarrow")
Run = Callable[..., Any]
PNGS = archives.pngs()


@pytest.fixture(scope="module")
def scorer(tiny: Path) -> Scorer:
    return Scorer(tiny, threads=1)


def rows_in(path: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet

    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
    return rows


def take_up(path: Path, scorer: Scorer, sources: list[Any], stop: int | None = None) -> list[Any]:
    """Score what is missing, or leave as if killed after some rows; what was missing."""
    table = TableFile(path, scorer)
    missing = table.missing(find_sources(sources))
    results = score_sources(scorer, missing, workers=1)
    table.write_results(results if stop is None else [next(results) for _ in range(stop)])
    if stop is None:
        table.close()
    else:
        table._file.close()
    return missing


def paths_in(path: Path) -> list[str]:
    return [row["path"] for row in rows_in(path)]


def test_the_columns(tmp_path: Path, scorer: Scorer, tiny: Path, album: list[str]) -> None:
    path = tmp_path / "scores.parquet"
    take_up(path, scorer, [album[2], "gone.jpg"])
    row, error = rows_in(path)
    status = os.stat(album[2])
    score = scorer.score(album[2])
    assert row == {
        "path": album[2], "score": score, "band": "fair", "spread": None, "opinions": [score],
        "error_kind": None, "error": None,
        "model": "tiny", "model_version": "0.3", "model_sha256": sha256_of(tiny),
        "fit": "stretch", "decode": "full", "resolution": None, "runtime": "onnx", "threads": 1,
        "bytes": status.st_size, "modified_ns": status.st_mtime_ns, "shard": None, "shard_end": None,
    }  # fmt: skip
    assert (error["score"], error["opinions"]) == (None, None)
    assert (error["error_kind"], error["error"]) == ("PhotoNotFound", "no such file")
    assert error["model_sha256"] == sha256_of(tiny)


def test_the_columns_of_a_model_with_faults(tmp_path: Path, album: list[str]) -> None:
    free = artifacts.save(tmp_path / "free", artifacts.free_model())
    scorer = Scorer(free, threads=1, resolution="high")
    path = tmp_path / "scores.parquet"
    take_up(path, scorer, [album[4]])
    (row,) = rows_in(path)
    result = scorer.assess(album[4])
    assert {name: row[f"fault_{name}"] for name in artifacts.FAULTS} == result.faults
    assert row["photograph"] == result.photograph
    assert row["opinions"] == list(result.opinions)
    assert row["spread"] == result.spread
    assert (row["fit"], row["resolution"]) == ("keep-aspect", "high")
    with pytest.raises(ResultsInvalid, match="resolution high instead of fast"):
        TableFile(path, Scorer(free, threads=1))


def test_a_filtered_set_comes_out_again(tmp_path: Path, scorer: Scorer, album: list[str]) -> None:
    """From score and threshold, by another reader of Parquet, in another run."""
    import pyarrow.compute as compute
    import pyarrow.parquet

    for name in ("a", "b"):
        take_up(tmp_path / name, scorer, album)
    sets = [pyarrow.parquet.read_table(tmp_path / n, filters=compute.field("score") >= 0.5) for n in "ab"]
    assert sets[0].column("path").to_pylist() == album[2:]
    assert sets[0].equals(sets[1])


def test_a_second_run_has_nothing_to_do(tmp_path: Path, scorer: Scorer, album: list[str]) -> None:
    path = tmp_path / "scores.parquet"
    assert take_up(path, scorer, album[:2]) == album[:2]
    assert take_up(path, scorer, album) == album[2:]
    before = path.read_bytes()
    assert take_up(path, scorer, album) == []
    assert path.read_bytes() == before
    assert paths_in(path) == album
    assert sorted(os.listdir(tmp_path)) == ["0.png", "1.png", "2.png", "3.png", "4.png", "scores.parquet"]


def test_what_is_scored_again_has_one_row(tmp_path: Path, scorer: Scorer, album: list[str]) -> None:
    path = tmp_path / "scores.parquet"
    Path(album[1]).write_bytes(b"no photo")
    take_up(path, scorer, [*album, "gone.jpg"])
    shutil.copy(album[4], album[0])
    os.utime(album[0], ns=(1, 1))
    shutil.copy(album[3], album[1])
    assert take_up(path, scorer, [*album, "gone.jpg"]) == [album[0], album[1], "gone.jpg"]
    scores = {row["path"]: row["score"] for row in rows_in(path)}
    assert scores == {**{photo: scorer.score(photo) for photo in album}, "gone.jpg": None}
    assert len(rows_in(path)) == 6


@pytest.mark.parametrize("stop", range(6))
def test_a_killed_run_goes_on(
    tmp_path: Path, scorer: Scorer, album: list[str], stop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH_ROWS", 2)
    path = tmp_path / "scores.parquet"
    take_up(path, scorer, album, stop=stop)
    assert not path.exists()
    assert take_up(path, scorer, album) == album[stop:]
    assert paths_in(path) == album


@pytest.mark.parametrize("first", [0, 1, 3, 5])
@pytest.mark.parametrize("stop", [0, 1, 2, 4])
@pytest.mark.parametrize("name", ["a.tar", "a.zip", "a.parquet"])
def test_a_killed_archive_goes_on(
    tmp_path: Path, scorer: Scorer, album: list[str], first: int, stop: int, name: str
) -> None:
    """Twice killed: the members with rows are left out, and an archive that is done is not opened."""
    import pyarrow
    import pyarrow.parquet

    shard = tmp_path / name
    if name == "a.parquet":
        pyarrow.parquet.write_table(pyarrow.table({"photo": list(PNGS.values())}), shard)
    else:
        (archives.zipped if name == "a.zip" else archives.tar)(shard, PNGS)
    path = tmp_path / "scores.parquet"
    sources = [str(shard), album[0]]
    take_up(path, scorer, sources, stop=first)
    left = 6 - first
    take_up(path, scorer, sources, stop=min(stop, left))
    take_up(path, scorer, sources)
    rows = rows_in(path)
    assert len({row["path"] for row in rows}) == len(rows) == 6
    assert [row["score"] for row in rows if row["shard"]] == [scorer.score(data) for data in PNGS.values()]
    assert sum(bool(row["shard_end"]) for row in rows) == 1
    stamp = os.stat(shard)
    shard.write_bytes(bytes(stamp.st_size))
    os.utime(shard, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert take_up(path, scorer, sources) == []


def test_an_archive_that_changes_leaves_no_old_rows(tmp_path: Path, scorer: Scorer) -> None:
    path, shard = tmp_path / "scores.parquet", tmp_path / "a.tar"
    archives.tar(shard, PNGS)
    take_up(path, scorer, [str(shard)])
    archives.tar(shard, {"2.png": PNGS["4.png"], "new.png": PNGS["0.png"]})
    take_up(path, scorer, [str(shard)])
    assert {row["path"]: row["score"] for row in rows_in(path)} == {
        f"{shard}/2.png": scorer.score(PNGS["4.png"]),
        f"{shard}/new.png": scorer.score(PNGS["0.png"]),
    }


def test_an_archive_that_was_cut_and_is_whole_again(tmp_path: Path, scorer: Scorer) -> None:
    """Its error is gone; one that cannot be found for a while loses no rows."""
    path, shard = tmp_path / "scores.parquet", tmp_path / "a.tar"
    whole = archives.tar(shard, PNGS).read_bytes()
    shard.write_bytes(whole[:2500])
    for _ in range(2):  # it is tried again
        assert len(take_up(path, scorer, [str(shard)])) == 1
        assert paths_in(path) == [f"{shard}/0.png", f"{shard}/1.png", str(shard)]
    shard.write_bytes(whole)
    take_up(path, scorer, [str(shard)])
    assert paths_in(path) == [f"{shard}/{name}" for name in PNGS]
    shard.unlink()
    take_up(path, scorer, [str(shard)])
    assert paths_in(path) == [*(f"{shard}/{name}" for name in PNGS), str(shard)]


def test_resume_in_lines_takes_archives_too(tmp_path: Path, scorer: Scorer) -> None:
    path, shard = tmp_path / "rows.jsonl", archives.tar(tmp_path / "a.tar", PNGS)

    def resume(stop: int | None) -> int:
        file = ResultsFile(path, scorer)
        results = score_sources(scorer, file.missing(find_sources(str(shard))), workers=1)
        rows = list(results) if stop is None else [next(results) for _ in range(stop)]
        file.write_results(rows)
        file.close()
        return len(rows)

    assert [resume(2), resume(None), resume(None)] == [2, 3, 0]
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["path"] for row in rows] == [f"{shard}/{name}" for name in PNGS]
    assert [row["shard_end"] for row in rows] == [False] * 4 + [True]
    assert {row["shard"] for row in rows} == {str(shard)}


def test_every_torn_end_is_taken_up(
    tmp_path: Path, scorer: Scorer, album: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH_ROWS", 1)
    path, journal = tmp_path / "scores.parquet", tmp_path / "scores.parquet.part"
    take_up(path, scorer, album[:3], stop=3)
    whole = journal.read_bytes()
    for end in range(0, len(whole) + 1, 37):
        journal.write_bytes(whole[:end])
        take_up(path, scorer, album[:3])
        assert paths_in(path) == album[:3], end
        path.unlink()


def test_a_kill_before_the_journal_is_removed(
    tmp_path: Path, scorer: Scorer, album: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows are in the file already, and are not added again."""
    path = tmp_path / "scores.parquet"
    with monkeypatch.context() as patch:
        patch.setattr(TableFile, "_remove_journal", lambda self: None)
        take_up(path, scorer, album[:3])
    assert (tmp_path / "scores.parquet.part").exists()
    assert take_up(path, scorer, album) == album[3:]
    assert paths_in(path) == album


def test_row_groups(
    tmp_path: Path, scorer: Scorer, album: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow.parquet

    monkeypatch.setattr(module, "BATCH_ROWS", 1)
    monkeypatch.setattr(module, "GROUP_ROWS", 2)
    path = tmp_path / "scores.parquet"
    take_up(path, scorer, album)
    metadata = pyarrow.parquet.ParquetFile(path).metadata
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [2, 2, 1]


@pytest.mark.skipif(os.name != "posix", reason="other systems have other bytes in names")
def test_a_name_that_is_not_text(tmp_path: Path, scorer: Scorer, album: list[str]) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")
    shutil.copy(album[0], name)
    shard = archives.tar(tmp_path / "a.tar", {"caf\udce9.png": PNGS["0.png"], "b.png": PNGS["1.png"]})
    path = tmp_path / "scores.parquet"
    take_up(path, scorer, [str(shard), name], stop=1)
    assert len(take_up(path, scorer, [name, str(shard)])) == 2
    assert len(rows_in(path)) == 3
    assert take_up(path, scorer, [name, str(shard)]) == []
    assert sum(row["path"].endswith(r"/caf\udce9.png") for row in rows_in(path)) == 2


def test_what_is_not_its_own(tmp_path: Path, scorer: Scorer, album: list[str]) -> None:
    import pyarrow
    import pyarrow.parquet

    other = tmp_path / "other.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"path": ["a"]}), other)
    text = tmp_path / "text.parquet"
    text.write_text("no table")
    journal = tmp_path / "scores.parquet.part"
    journal.write_text("no journal")
    for path, kept in ((other, other), (text, text), (tmp_path / "scores.parquet", journal)):
        before = kept.read_bytes()
        with pytest.raises(ResultsInvalid, match=r"name another file"):
            TableFile(path, scorer)
        assert kept.read_bytes() == before
    for path in (tmp_path, tmp_path / "none" / "scores.parquet"):
        with pytest.raises(ResultsInvalid, match=str(path)):
            TableFile(path, scorer)


def test_another_model_is_refused(tmp_path: Path, tiny: Path, scorer: Scorer, album: list[str]) -> None:
    path = tmp_path / "scores.parquet"
    take_up(path, scorer, album[:2], stop=2)
    with pytest.raises(ResultsInvalid, match="threads 1 instead of 2"):
        TableFile(path, Scorer(tiny, threads=2))
    take_up(path, scorer, album[:2])
    with pytest.raises(ResultsInvalid, match="threads 1 instead of 2"):
        TableFile(path, Scorer(tiny, threads=2))
    assert paths_in(path) == album[:2]


def test_one_writer_at_a_time(tmp_path: Path, scorer: Scorer, album: list[str]) -> None:
    path = tmp_path / "scores.parquet"
    first = TableFile(path, scorer)
    with pytest.raises(ResultsInvalid, match="another process"):
        TableFile(path, scorer)
    first.write_results(score_sources(scorer, first.missing(album[:1])))
    first.close()
    assert take_up(path, scorer, album[:2]) == album[1:2]


def test_a_lock_on_a_journal_that_was_removed_is_no_lock(
    tmp_path: Path, scorer: Scorer, album: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second process opened the journal, and locked it when the first one had removed it."""
    path = tmp_path / "scores.parquet"
    first = TableFile(path, scorer)
    first.write_results(score_sources(scorer, first.missing(album[:1])))
    is_open = [True]

    def lock_late(file: Any) -> bool:
        if is_open:
            is_open.clear()
            first.close()
        return module_lock(file)

    module_lock = module.lock
    monkeypatch.setattr(module, "lock", lock_late)
    assert take_up(path, scorer, album) == album[1:]
    assert paths_in(path) == album


RACE = """
import sys
from mobileiqa_sdk.cli import main
sys.argv = ["mobileiqa", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize("option", ["--parquet", "--resume"])
def test_writers_that_start_together(
    tmp_path: Path, tiny: Path, scorer: Scorer, album: list[str], option: str
) -> None:
    """Whoever comes second ends at once or goes on behind the first; nothing is doubled or lost."""
    path = tmp_path / "scores"
    command = [sys.executable, "-c", RACE, "score", "-m", str(tiny), "-q", option, str(path), *album]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    ends = [(process.communicate()[1], process.returncode) for process in processes]
    assert {code for _, code in ends} <= {0, 2}
    assert any(code == 0 for _, code in ends)
    assert all("another process" in err for err, code in ends if code == 2)
    rows = rows_in(path) if option == "--parquet" else [json.loads(r) for r in path.read_text().splitlines()]
    assert [row["path"] for row in rows] == album


def test_a_full_disk(tmp_path: Path, scorer: Scorer, album: list[str]) -> None:
    table: Any = TableFile(tmp_path / "scores.parquet", scorer)

    class Full:
        def write(self, data: bytes) -> int:
            return len(data) - 1

    real, table._file = table._file, Full()
    with pytest.raises(ResultsInvalid, match="disk is full"):
        table.write_results(score_sources(scorer, album[:1]))
    real.close()


def test_an_error_among_the_sources(tmp_path: Path, scorer: Scorer) -> None:
    path = tmp_path / "scores.parquet"
    table = TableFile(path, scorer)
    table.write_results(score_sources(scorer, table.missing([PhotoNotFound("folder", "no photos")])))
    table.close()
    assert [(row["path"], row["error"]) for row in rows_in(path)] == [("folder", "no photos")]


def test_on_the_command_line(run: Run, tiny: Path, tmp_path: Path, album: list[str]) -> None:
    path, shard = tmp_path / "scores.parquet", archives.tar(tmp_path / "a.tar", PNGS)
    first = run("score", "-m", tiny, "--parquet", path, album[0])
    assert (first.code, first.out, first.err.count("\n")) == (0, "", 1)
    second = run("score", "-m", tiny, "--parquet", path, album[0], shard, "gone.jpg")
    assert (second.code, second.out) == (1, "")
    known, summary = second.err.splitlines()
    assert known == f"mobileiqa: 1 of 3 photos and archives are in {path} already"
    assert "5 scored, 1 error;" in summary
    assert len(rows_in(path)) == 7


@pytest.mark.parametrize(
    "options",
    [
        ["--csv"],
        ["--jsonl"],
        ["--resume", "x"],
        ["--top", "3"],
        ["--below", "0.5"],
        ["--fail-under", "0.5"],
        ["-"],
    ],
)
def test_what_needs_all_rows(
    run: Run, tiny: Path, tmp_path: Path, photos: list[str], options: list[str]
) -> None:
    result = run("score", "-m", tiny, "--parquet", tmp_path / "scores", *options, photos[0])
    assert (result.code, result.out) == (2, "")
    assert "--parquet" in result.err
    assert not (tmp_path / "scores").exists()


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_ctrl_c_makes_the_file(tmp_path: Path, tiny: Path, album: list[str]) -> None:
    path = tmp_path / "scores.parquet"
    command = [sys.executable, "-c", RACE, "score", "-m", str(tiny), "--parquet", str(path), "--workers", "1"]
    code = f"""
import sys, os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from mobileiqa_sdk import table_file
table_file.BATCH_ROWS = 1
count = 0
append = table_file.TableFile._append
def interrupt(self, rows):
    global count
    append(self, rows)
    count += len(rows)
    if count == 3:
        os.kill(os.getpid(), signal.SIGINT)
table_file.TableFile._append = interrupt
{RACE}"""
    command[2] = code
    done = subprocess.run([*command, *album], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 128 + signal.SIGINT, done.stderr
    assert paths_in(path) == album[:3]
    assert not (tmp_path / "scores.parquet.part").exists()
