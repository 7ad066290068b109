"""The command line: what goes where, in which form, and which exit status."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mobileiqa_sdk
from mobileiqa_sdk import Scorer, library, runtimes
from mobileiqa_sdk.cli import doctor
from mobileiqa_sdk.streams import score_sources

from . import artifacts

Run = Callable[..., Any]
COMMAND = [sys.executable, "-m", "mobileiqa_sdk"]
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX system")
NAMED = {"noise": 0.75, "defocus": 1.0}
"""Faults whose severities for the brightest photo are named."""


def start(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, timeout=60, check=False, **options)


@pytest.fixture
def album(tmp_path: Path, photos: list[str]) -> Path:
    """A folder of one good photo, one that is none, and one in a subfolder."""
    folder = tmp_path / "album"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.png").write_bytes(Path(photos[3]).read_bytes())
    (folder / "b.jpg").write_bytes(b"no photo")
    (folder / "sub" / "c.png").write_bytes(Path(photos[4]).read_bytes())
    return folder


def test_the_table(run: Run, tiny: Path, photos: list[str]) -> None:
    result = run("score", "-m", tiny, *photos)
    assert result.code == 0
    assert result.err == ""
    lines = result.out.splitlines()
    assert [line.split()[1] for line in lines] == ["bad", "poor", "fair", "good", "excellent"]
    assert [line.split()[2] for line in lines] == photos
    assert [float(line.split()[0]) for line in lines] == [
        pytest.approx(score, abs=0.01) for score in (0.1, 0.3, 0.5, 0.7, 0.9)
    ]


def test_errors_are_rows(run: Run, tiny: Path, album: Path, photos: list[str]) -> None:
    result = run("score", "-m", tiny, album, "missing.jpg", photos[0])
    assert result.code == 1
    assert (result.err.count("\n"), str(album / "sub") in result.err) == (1, True)
    first, second, third, fourth = result.out.splitlines()
    assert first.split() == ["0.698", "good", str(album / "a.png")]
    assert second.split()[:2] == ["-", "error"]
    assert f"{album / 'b.jpg'}: is not an image in a supported format" in second
    assert "missing.jpg: no such file" in third
    assert fourth.endswith(photos[0])


def test_recursive(run: Run, tiny: Path, album: Path) -> None:
    for option in ("-r", "--recursive"):
        lines = run("score", "-m", tiny, option, album).out.splitlines()
        assert len(lines) == 3
        assert lines[2].endswith("c.png")


def test_json(run: Run, tiny: Path, album: Path, photos: list[str]) -> None:
    result = run("score", "-m", tiny, "--threads", 1, "--json", photos[4], album, photos[0])
    assert result.code == 1
    answer = json.loads(result.out)
    assert list(answer) == ["schema", "model", "results"]
    assert answer["schema"] == 1
    assert answer["model"] == {
        "name": "tiny",
        "version": "0.3",
        "license": "Apache-2.0",
        "checkpoint_sha256": "0" * 64,
        "input_size": [artifacts.HEIGHT, artifacts.WIDTH],
        "threads": 1,
        "resolution": None,
    }
    paths = [photos[4], str(album / "a.png"), str(album / "b.jpg"), photos[0]]
    assert [row["path"] for row in answer["results"]] == paths
    for row in answer["results"]:
        assert list(row) == [
            "path", "score", "band", "reason", "spread", "faults", "photograph", "is_photograph", "seconds",
            "error_kind", "error",
        ]  # fmt: skip
    first, bad = answer["results"][0], answer["results"][2]
    assert first["score"] == Scorer(tiny, threads=1).score(photos[4])
    assert first["band"] == "excellent"
    assert set(first["seconds"]) == {"decode", "resize", "inference"}
    assert first["error"] is None
    assert bad["score"] is bad["band"] is bad["seconds"] is None
    assert bad["error"].startswith("is not an image")


def test_jsonl(run: Run, tiny: Path, album: Path, photos: list[str]) -> None:
    given = [photos[2], album, photos[1]]
    result = run("score", "-m", tiny, "--jsonl", *given)
    assert result.code == 1
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [Path(row["path"]).name for row in rows] == ["2.png", "a.png", "b.jpg", "1.png"]
    whole = json.loads(run("score", "-m", tiny, "--json", *given).out)["results"]
    for row, same in zip(rows, whole, strict=True):
        assert {**row, "seconds": None} == {**same, "seconds": None}


def test_csv_of_a_model_that_names_faults(run: Run, tmp_path: Path, photos: list[str]) -> None:
    model = artifacts.save(tmp_path, artifacts.free_model(faults=NAMED))
    result = run("score", "-m", model, "--csv", photos[0], photos[4], "missing.jpg")
    dark, bright, missing = csv.DictReader(io.StringIO(result.out, newline=""))
    assert list(bright)[2:10] == [
        "band", "reason", "spread", "fault_noise", "fault_defocus", "photograph", "is_photograph",
        "decode_seconds",
    ]  # fmt: skip
    assessment = Scorer(model).assess(photos[4])
    assert float(bright["fault_noise"]) == assessment.faults["noise"]
    assert float(bright["photograph"]) == assessment.photograph
    assert (bright["reason"], bright["is_photograph"]) == ("out of focus and noisy", "true")
    assert (dark["reason"], dark["is_photograph"]) == ("", "false")
    assert missing["fault_noise"] == missing["photograph"] == missing["is_photograph"] == ""


def test_the_table_of_a_model_that_names_faults(run: Run, tmp_path: Path, photos: list[str]) -> None:
    model = artifacts.save(tmp_path, artifacts.free_model(faults=NAMED))
    dark, bright = run("score", "-m", model, photos[0], photos[4]).out.splitlines()
    assert dark.endswith(f"  {photos[0]}  not a photo")
    assert bright.endswith(f"  {photos[4]}  out of focus and noisy")


def test_json_of_a_model_that_names_faults(run: Run, tmp_path: Path, photos: list[str]) -> None:
    model = artifacts.save(tmp_path, artifacts.free_model(faults=NAMED))
    dark, bright = json.loads(run("score", "-m", model, "--json", photos[0], photos[4]).out)["results"]
    assert list(bright["faults"]) == ["defocus", "noise"]
    assert (bright["reason"], bright["is_photograph"]) == ("out of focus and noisy", True)
    assert (dark["reason"], dark["is_photograph"]) == (None, False)


def test_csv(run: Run, tiny: Path, tmp_path: Path, photos: list[str]) -> None:
    odd = tmp_path / 'com,ma "quoted"\nline.png'
    odd.write_bytes(Path(photos[4]).read_bytes())
    result = run("score", "-m", tiny, "--csv", photos[0], odd, "missing.jpg")
    assert result.code == 1
    rows = list(csv.DictReader(io.StringIO(result.out, newline="")))
    assert list(rows[0]) == [
        "path", "score", "band", "spread", "decode_seconds", "resize_seconds", "inference_seconds",
        "error_kind", "error",
    ]  # fmt: skip
    assert [row["path"] for row in rows] == [photos[0], str(odd), "missing.jpg"]
    assert float(rows[1]["score"]) == Scorer(tiny).score(photos[4])
    assert rows[1]["band"] == "excellent"
    assert float(rows[1]["inference_seconds"]) >= 0
    assert rows[1]["error"] == rows[2]["score"] == rows[2]["band"] == rows[2]["decode_seconds"] == ""
    assert rows[2]["error"] == "no such file"


def test_an_empty_folder_is_a_row(run: Run, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("score", "-m", tiny, "--json", tmp_path / "empty")
    assert result.code == 1
    (row,) = json.loads(result.out)["results"]
    assert row["path"] == str(tmp_path / "empty")
    assert row["error"]


def test_a_name_cannot_forge_rows(run: Run, tiny: Path, tmp_path: Path, photos: list[str]) -> None:
    odd = tmp_path / "a\n1.000  excellent\x1b[2J.png"
    odd.write_bytes(Path(photos[0]).read_bytes())
    (line,) = run("score", "-m", tiny, odd).out.splitlines()
    assert line.endswith(r"a\n1.000  excellent\x1b[2J.png")


@POSIX
@pytest.mark.parametrize("encoding", [None, "ascii", "latin-1"])
@pytest.mark.parametrize("option", [None, "--csv", "--json"])
def test_names_come_out_as_they_are(
    tiny: Path, tmp_path: Path, photos: list[str], option: str | None, encoding: str | None
) -> None:
    names = [b"caf\xe9\xff.png", "日本.png".encode()]
    for name in names:
        try:
            (tmp_path / os.fsdecode(name)).write_bytes(Path(photos[0]).read_bytes())
        except OSError:
            pytest.skip("this file system wants names that are text")
    environment = {**os.environ, "PYTHONIOENCODING": encoding} if encoding else None
    arguments = [os.fsdecode(name) for name in names] + ([option] if option else [])
    done = start("score", "-m", str(tiny), *arguments, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    if option == "--json":
        paths = [os.fsencode(row["path"]) for row in json.loads(done.stdout)["results"]]
        assert paths == names
    else:
        assert all(name in done.stdout for name in names)


@pytest.mark.parametrize("option", ["--json", "--jsonl", "--csv", None])
def test_the_order_is_kept_whatever_the_workers(
    run: Run, tiny: Path, album: Path, photos: list[str], option: str | None
) -> None:
    given = [photos[4], album, "missing.jpg", *photos] * 3
    options = [option] if option else []
    outs = [
        run("score", "-m", tiny, *options, "--workers", workers, "--threads", 1, *given) for workers in (1, 5)
    ]
    assert [result.code for result in outs] == [1, 1]
    plain = [
        re.sub(r'"(decode|resize|inference)": [^,}\s]*|(,[\d.e-]+){3},', "", result.out) for result in outs
    ]
    assert plain[0] == plain[1]
    assert "missing.jpg" in plain[0]


@pytest.mark.parametrize(
    ("count", "options", "workers", "threads"),
    [
        (1, [], None, 6),
        (2, [], None, 1),
        (2, ["--workers", "2"], 2, 3),
        (2, ["--workers", "9"], 9, 1),
        (2, ["--threads", "4"], None, 4),
        (2, ["--workers", "3", "--threads", "5"], 3, 5),
    ],
)
def test_workers_and_threads_share_the_cpus(
    run: Run,
    tiny: Path,
    photos: list[str],
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    options: list[str],
    workers: int | None,
    threads: int,
) -> None:
    seen: list[int | None] = []

    def recorded(scorer: Scorer, sources: Any, *, workers: int | None) -> Any:
        seen.append(workers)
        return score_sources(scorer, sources, workers=workers)

    monkeypatch.setattr("mobileiqa_sdk.cli.score.score_sources", recorded)
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    result = run("score", "-m", tiny, "--json", *options, *photos[:count])
    assert json.loads(result.out)["model"]["threads"] == threads
    assert seen == [workers]


@POSIX
@pytest.mark.parametrize("module", ["click", "mobileiqa_sdk.cli", "mobileiqa_sdk.cli.score", "numpy"])
def test_ctrl_c_while_it_is_imported_is_one_line(module: str) -> None:
    code = f"""
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
class Impatient:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Impatient())
from mobileiqa_sdk.__main__ import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "score", "photo.jpg"], capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (130, b"mobileiqa: interrupted")


@POSIX
def test_ctrl_c_ends_a_batch(tiny: Path, photos: list[str]) -> None:
    arguments = [*COMMAND, "score", "-m", str(tiny), "--jsonl", "--workers", "2", *photos * 5000]
    with subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Shells start what runs in the background with the signal ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.search(rb"interrupted after (\d+) of 25000 photos", err)
    assert b"--resume" in err
    assert b"Traceback" not in err
    rows = [json.loads(line) for line in out.splitlines()]
    assert len(rows) < 5 * 5000 - 1
    assert all(row["error"] is None for row in rows)


WRONG: list[list[Any]] = [
    ["score"],
    ["score", "--json"],
    ["score", "--nope", "a.jpg"],
    ["score", "--threads", "0", "a.jpg"],
    ["score", "--threads", "-1", "a.jpg"],
    ["score", "--threads", "two", "a.jpg"],
    ["score", "--threads", "99999999999", "a.jpg"],
    ["score", "--workers", "0", "a.jpg"],
    ["score", "--workers", "99999999999", "a.jpg"],
    ["score", "--runtime", "nope", "a.jpg"],
    ["score", "--json", "--csv", "a.jpg"],
    ["score", "--jsonl", "--json", "a.jpg"],
    ["score", "--model", "nope", "a.jpg"],
    ["score", "--model", "/no/such/model.onnx", "a.jpg"],
    ["score", "--model", "", "a.jpg"],
    ["score", "--model"],
    ["verify", "nope"],
    ["verify", "a", "b"],
    ["verify", "--threads", "0"],
    ["models", "extra"],
    ["doctor", "--nope"],
    ["nope"],
    ["--nope"],
]


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_usage(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert result.err
    assert "Traceback" not in result.err


def test_an_unknown_model_is_one_line(run: Run) -> None:
    result = run("score", "-m", "nope", "a.jpg")
    assert result.err.startswith(
        "mobileiqa: 'nope' is neither a model's name (mobileiqa-small, mobileiqa-base)"
    )
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("command", ["score", "verify"])
def test_a_bad_artifact_is_one_line(run: Run, tmp_path: Path, photos: list[str], command: str) -> None:
    file = artifacts.save(tmp_path / "bad", b"no model")
    arguments = ["score", "-m", file, photos[0]] if command == "score" else ["verify", file]
    result = run(*arguments)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"mobileiqa: {file}: onnxruntime cannot load it")
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("command", ["score", "verify"])
def test_memory_that_runs_out_is_one_line(
    run: Run, tiny: Path, photos: list[str], command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(runtimes, "load", load)
    result = run("score", "-m", tiny, photos[0]) if command == "score" else run("verify", tiny)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("mobileiqa: memory ran out")
    assert result.err.count("\n") == 1


def test_a_model_that_misbehaves(run: Run, tmp_path: Path, photos: list[str]) -> None:
    file = artifacts.save(tmp_path, artifacts.model(tail=artifacts.constant(float("nan"))))
    result = run("score", "-m", file, photos[0])
    assert (result.code, result.out) == (1, "")
    assert "nan" in result.err


def test_verify_passes(run: Run, tiny: Path) -> None:
    result = run("verify", tiny)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[0] == f"tiny  {tiny}"
    assert result.out.splitlines()[-1] == "passed"
    answer = json.loads(run("verify", "--json", "--threads", 1, tiny.parent).out)
    assert answer["schema"] == 1
    assert answer["passed"] is answer["resize_exact"] is True
    assert answer["difference"] == abs(answer["found"] - answer["expected"]) <= answer["tolerance"]


@pytest.mark.parametrize(
    ("golden", "line"),
    [
        ({"score": 0.9}, "score   0.475068, expected 0.900000 (off by 4.2e-01, allowed 1e-04)"),
        ({"input_sha256": "0" * 64}, "resize  NOT the promised bytes"),
    ],
)
def test_verify_fails(run: Run, tmp_path: Path, golden: dict[str, Any], line: str) -> None:
    file = artifacts.save(tmp_path, artifacts.model(artifacts.contract(golden=golden)))
    result = run("verify", file)
    assert (result.code, result.err) == (1, "")
    assert line in result.out.splitlines()
    assert result.out.splitlines()[-1].startswith("FAILED")
    result = run("verify", "--json", file)
    assert result.code == 1
    assert json.loads(result.out)["passed"] is False


def test_models(run: Run, cache: Path) -> None:
    file = artifacts.save(cache / "models" / "mine")
    damaged = artifacts.save(cache / "models" / "worn")
    damaged.write_bytes(damaged.read_bytes() + b"\0")
    result = run("models")
    assert result.code == 0
    assert str(cache / "models") in result.err
    lines = {line.split()[0]: line for line in result.out.splitlines()}
    assert next(iter(lines)) == library.DEFAULT
    assert "(default)" in lines[library.DEFAULT]
    assert str(file) in lines["mine"]
    assert "DAMAGED" in lines["worn"]
    assert "DAMAGED" not in lines["mine"] + lines[library.DEFAULT]
    result = run("models", "--json")
    assert result.err == ""
    answer = json.loads(result.out)
    assert answer["schema"] == 1
    rows = {row.pop("name"): row for row in answer["models"]}
    assert rows["mine"] == {
        "default": False,
        "bundled": False,
        "bytes": file.stat().st_size,
        "intact": True,
        "path": str(file),
        "verified": True,
        "runtimes": ["onnx"],
        "runnable": True,
    }
    assert rows["worn"]["intact"] is False
    assert rows[library.DEFAULT]["default"] is rows[library.DEFAULT]["bundled"] is True


def test_doctor(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "BUNDLED", tmp_path)
    artifacts.save(tmp_path / library.DEFAULT)
    result = run("doctor")
    assert (result.code, result.err) == (0, "")
    for word in ("mobileiqa-sdk", "onnx", "pillow", "threads by default", str(library.home()), "passed"):
        assert word in result.out
    answer = json.loads(run("doctor", "--json").out)
    assert answer["schema"] == 2
    assert not any(" " in key for values in answer.values() if isinstance(values, dict) for key in values)
    assert answer["versions"]["mobileiqa-sdk"] == mobileiqa_sdk.__version__
    assert answer["self_test"] == {"bundled_model": "passed"}


@pytest.mark.parametrize("damage", ["missing", "not a model", "off"])
def test_doctor_finds_what_is_wrong(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setattr(library, "BUNDLED", tmp_path)
    if damage != "missing":
        off = artifacts.model(artifacts.contract(golden={"score": 0.9}))
        artifacts.save(tmp_path / library.DEFAULT, off if damage == "off" else b"x")
    result = run("doctor", "--json")
    assert result.code == 1
    assert json.loads(result.out)["self_test"]["bundled_model"] != "passed"
    assert run("doctor").code == 1


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("command", [None, "score", "export", "verify", "models", "doctor"])
def test_help(run: Run, command: str | None, option: str) -> None:
    result = run(*([command] if command else []), option)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Usage: ")
    assert "--help" in result.out
    if command is None:
        for name in ("score", "export", "verify", "models", "doctor", "Exit status"):
            assert name in " ".join(result.out.split())


def test_version(run: Run) -> None:
    result = run("--version")
    assert result == (0, f"mobileiqa {mobileiqa_sdk.__version__}\n", "")


def test_without_a_command_there_is_help(run: Run) -> None:
    result = run()
    assert "Usage: " in result.out + result.err
    assert result.code in (0, 2)  # click changed its mind in 8.2


@POSIX
@pytest.mark.parametrize(
    ("count", "option", "bar"),
    [
        (1, ["--json"], False),
        (2, ["--json"], True),
        (2, ["--csv"], True),
        (2, [], True),
        (2, ["--resume"], True),
        (5, ["--jsonl", "--workers", "3"], True),
    ],
)
def test_a_progress_bar_on_a_terminal_for_many_photos(
    tiny: Path, tmp_path: Path, photos: list[str], count: int, option: list[str], bar: bool
) -> None:
    import pty

    leader, follower = pty.openpty()
    option = [*option, str(tmp_path / "results")] if option == ["--resume"] else option
    arguments = ["score", "-m", str(tiny), *photos[:count], *option]
    done = subprocess.run(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=follower, timeout=60, check=True
    )
    os.set_blocking(leader, False)
    try:
        shown = os.read(leader, 100_000)
    except BlockingIOError:
        shown = b""
    os.close(leader)
    os.close(follower)
    assert (b"scoring" in shown and b"100%" in shown) is bar
    assert bar or shown == b""
    assert b"scoring" not in done.stdout


def on_a_terminal(*arguments: str, environment: dict[str, str] | None = None) -> str:
    """What a terminal receives, with stdout and stderr both on it."""
    import pty

    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=follower, stderr=follower, env={**os.environ, **(environment or {})}
    )
    os.close(follower)
    parts = []
    while True:
        try:
            part = os.read(leader, 100_000)
        except OSError:  # Linux: nobody has the terminal open any more
            break
        if not part:
            break
        parts.append(part)
    os.close(leader)
    process.wait(timeout=60)
    return b"".join(parts).decode()


@POSIX
def test_progress_and_rows_share_a_terminal(tiny: Path, photos: list[str]) -> None:
    shown = on_a_terminal("score", "-m", str(tiny), *photos)
    assert "scoring" in shown
    assert shown.count("\n") == len(photos)
    # What stands on each line when it ends: all before the last return was written over.
    lines = [re.sub(r"\x1b\[\d*m", "", line).rpartition("\r")[2] for line in shown.split("\r\n")]
    assert [line.split()[2] for line in lines[:-1]] == photos
    assert lines[-1] == ""
    assert "scoring" not in on_a_terminal("score", "-q", "-m", str(tiny), *photos)


@POSIX
@pytest.mark.parametrize(
    ("environment", "colours"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_bands_have_colours_on_a_terminal(
    tiny: Path, photos: list[str], environment: dict[str, str], colours: bool
) -> None:
    plain = {"NO_COLOR": "", "TERM": "xterm"}
    shown = on_a_terminal("score", "-m", str(tiny), photos[0], environment={**plain, **environment})
    assert ("\x1b[31mbad" in shown) is colours
    assert ("\x1b" in shown) is colours


@POSIX
@pytest.mark.parametrize("option", ["", "--jsonl", "--csv", "--json"])
def test_a_reader_that_leaves_early(tiny: Path, photos: list[str], option: str) -> None:
    line = '"$@" | head -1'
    arguments = [*COMMAND, "score", "-q", "-m", str(tiny), *photos * 60, *([option] if option else [])]
    done = subprocess.run(
        ["/bin/sh", "-c", line, "sh", *arguments], capture_output=True, timeout=60, check=False
    )
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


@POSIX
def test_rows_come_as_they_are_made(tiny: Path, photos: list[str], tmp_path: Path) -> None:
    big = tmp_path / "big.png"
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(big)
    for option in ("--jsonl", "--csv"):
        arguments = [*COMMAND, "score", "-m", str(tiny), option, photos[0], *[str(big)] * 2000]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            assert process.poll() is None
            process.kill()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no CPU affinity on this system")
def test_threads_follow_the_affinity_and_omp_num_threads(tiny: Path, photos: list[str]) -> None:
    cpu = min(os.sched_getaffinity(0))
    code = f"import os; os.sched_setaffinity(0, [{cpu}])\nfrom mobileiqa_sdk.cli import main; main()"
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    arguments = [sys.executable, "-c", code, "score", "--json", "-m", str(tiny), photos[0]]
    for extra, expected in (({}, 1), ({"OMP_NUM_THREADS": "3"}, 3)):
        out = subprocess.run(
            arguments, capture_output=True, check=True, timeout=60, env={**environment, **extra}
        ).stdout
        assert json.loads(out)["model"]["threads"] == expected


@pytest.mark.parametrize("blocked", ["torch", "mobileiqa_export"])
def test_export_without_its_extra(blocked: str) -> None:
    code = f"import sys; sys.modules[{blocked!r}] = None\nfrom mobileiqa_sdk.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "export", "--checkpoint", "x.pkl"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert 'pip install "mobileiqa-sdk[export]"' in done.stderr
    assert done.stderr.count("\n") == 1
    assert blocked in done.stderr


EXTRAS = (
    "torch",
    "onnx",
    "onnxscript",
    "safetensors",
    "scipy",
    "matplotlib",
    "tabulate",
    "psutil",
    "openpyxl",
)


def without_extras(
    *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({EXTRAS!r})); sys.argv[0] = 'mobileiqa'\n"
        "from mobileiqa_sdk.cli import main; main()"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **(environment or {})},
    )


@pytest.mark.parametrize("command", ["export", "evaluate", "benchmark"])
def test_every_command_has_its_help_without_extras(command: str) -> None:
    done = without_extras(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"mobileiqa {command} [OPTIONS]" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["evaluate", "--ladders"], "evaluate"),
        (["benchmark", "--rounds", "1"], "bench"),
        (["export", "--checkpoint", "x.pkl"], "export"),
    ],
)
def test_running_a_command_without_its_extra_is_one_line(arguments: list[str], extra: str) -> None:
    done = without_extras(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert f'pip install "mobileiqa-sdk[{extra}]"' in done.stderr
    assert done.stderr.count("\n") == 1


@POSIX
@pytest.mark.parametrize(("command", "option"), [("export", "--checkpoint"), ("benchmark", "--rounds")])
def test_options_are_completed_without_extras(command: str, option: str) -> None:
    environment = {
        "COMP_WORDS": f"mobileiqa {command} {option[:4]}",
        "COMP_CWORD": "2",
        "_MOBILEIQA_COMPLETE": "bash_complete",
    }
    done = without_extras(environment=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"plain,{option}" in done.stdout.splitlines()


@POSIX
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "arguments", [["score"], ["score", "--csv"], ["score", "--json"], ["models"], ["-h"]]
)
@pytest.mark.parametrize("output", ["> /dev/full", ">&-"])
def test_output_that_cannot_be_written_is_one_line(
    tiny: Path, photos: list[str], arguments: list[str], output: str
) -> None:
    more = ["-m", str(tiny), photos[0]] if arguments[0] == "score" else []
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$@" {output}', "sh", *COMMAND, *arguments, *more],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("mobileiqa: ")


def test_help_lists_export_without_its_extra() -> None:
    code = "import sys; sys.modules['torch'] = None\nfrom mobileiqa_sdk.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "-h"], capture_output=True, timeout=60, check=True)
    assert b"export" in done.stdout


FAILED = {"passed": False, "failures": ["the ranking differs", "golden score off"]}


def test_an_artifact_kept_although_it_failed(run: Run, cache: Path, photos: list[str]) -> None:
    file = artifacts.save(cache / "models" / "kept", artifacts.model(artifacts.contract(verification=FAILED)))
    done = run("verify", file)
    assert (done.code, done.err) == (1, "")
    assert "passed" not in done.out.splitlines()
    assert all(failure in done.out for failure in FAILED["failures"])
    done = run("verify", "--json", file)
    answer = json.loads(done.out)
    assert (done.code, answer["passed"], answer["verification"]) == (1, False, FAILED)
    assert answer["cases"][0]["difference"] <= answer["tolerance"]
    done = run("score", "-m", file, photos[0])
    assert done.code == 0
    assert done.err.count("\n") == 1
    assert "the ranking differs" in done.err
    (line,) = (line for line in run("models").out.splitlines() if line.startswith("kept"))
    assert "FAILED" in line
    rows = {row["name"]: row["verified"] for row in json.loads(run("models", "--json").out)["models"]}
    assert rows == {library.DEFAULT: True, "mobileiqa-base": True, "kept": False}
    answer = json.loads(run("doctor", "--json").out)
    assert answer["cache"]["failed_verification"] == answer["cache"]["models"] == ["kept"]


def test_doctor_when_the_bundled_model_failed_verification(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "BUNDLED", tmp_path)
    artifacts.save(tmp_path / library.DEFAULT, artifacts.model(artifacts.contract(verification=FAILED)))
    result = run("doctor")
    assert (result.code, result.err) == (1, "")
    assert "failed verification" in result.out


def test_verify_shows_every_setting_and_output(run: Run, tmp_path: Path) -> None:
    done = run("verify", artifacts.save(tmp_path, artifacts.free_model()))
    assert (done.code, done.err) == (0, "")
    for word in ("setting fast", "setting high", "faults.blur", "photo"):
        assert word in done.out
    assert done.out.splitlines()[-1] == "passed"


def test_a_resolution(run: Run, tiny: Path, tmp_path: Path, photos: list[str]) -> None:
    file = artifacts.save(tmp_path, artifacts.free_model())
    done = run("score", "-m", file, "--resolution", "high", "--json", photos[0])
    assert json.loads(done.out)["model"]["resolution"] == "high"
    for model in (file, tiny):
        done = run("score", "-m", model, "--resolution", "slow", photos[0])
        assert (done.code, done.out) == (2, "")
        assert "slow" in done.err


@pytest.mark.parametrize(("word", "nearest"), [("scroe", "score"), ("Score", "score"), ("verfy", "verify")])
def test_an_unknown_command_suggests_the_nearest(run: Run, word: str, nearest: str) -> None:
    done = run(word)
    assert (done.code, done.out) == (2, "")
    assert f"`{nearest}`" in done.err


def test_a_photo_in_place_of_a_command(run: Run, tmp_path: Path) -> None:
    (tmp_path / "verify.jpg").touch()
    done = run(tmp_path / "verify.jpg")
    assert (done.code, done.out) == (2, "")
    assert f"`mobileiqa score {tmp_path}/verify.jpg`" in done.err


def test_an_unknown_command_like_none(run: Run) -> None:
    done = run("photo.jpg")
    assert done.code == 2
    assert "Did you mean" not in done.err
    assert "--help" in done.err


@POSIX
@pytest.mark.parametrize(
    ("typed", "names"), [("", {"score", "export", "doctor"}), ("e", {"export", "evaluate"})]
)
def test_completion_loads_no_command(typed: str, names: set[str]) -> None:
    code = (
        "import sys\nsys.argv = ['mobileiqa']\n"
        "for name in ('torch', 'mobileiqa_export', 'mobileiqa_bench'): sys.modules[name] = None\n"
        "from mobileiqa_sdk.cli import main; main()"
    )
    environment = {
        **os.environ,
        "COMP_WORDS": f"mobileiqa {typed}",
        "COMP_CWORD": "1",
        "_MOBILEIQA_COMPLETE": "bash_complete",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert names <= {line.split(",")[1] for line in done.stdout.splitlines()}


def test_doctor_shows_what_a_runtime_runs_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Extras are not distributions, and the fallback of a runtime counts as well as its first choice."""
    spec = doctor.find_spec
    assert doctor._runtime(runtimes.RuntimeEntry("m", "x[extra]", ("click",), ".x")) == metadata.version(
        "click"
    )
    monkeypatch.setattr(doctor, "find_spec", lambda name: spec("click") if name == "tflite_runtime" else None)
    litert = runtimes.BUILTIN["litert"]
    assert doctor._runtime(litert) == "installed"
    owners = {"tflite_runtime": ["click"]}
    monkeypatch.setattr(metadata, "packages_distributions", lambda: owners)
    assert doctor._runtime(litert) == metadata.version("click")
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    assert doctor._runtime(litert) is None


def test_doctor_says_where_a_runtime_runs() -> None:
    entry = runtimes.RuntimeEntry("m", "x", ("click",), ".x", platform="another system")
    assert doctor._runtime(entry) == f"{metadata.version('click')}, runs on another system only"


def test_doctor_names_what_an_extra_lacks(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "click>=8",
        "click>=8; extra == 'one'",
        'numpy; extra == "one"',
        "no-such-a>=1,<2; extra == 'two-words'",
        "click; extra == 'two-words'",
        "no-such-b; python_version < '3' and extra == 'one'",
    ]
    monkeypatch.setattr(doctor.metadata, "requires", lambda name: lines)
    answer = json.loads(run("doctor", "--json").out)
    assert answer["extras"] == {"one": [], "two-words": ["no-such-a"]}
    shown = run("doctor").out
    assert re.search(r"one +installed\n", shown)
    assert re.search(r"two-words +lacks no-such-a\n", shown)
    monkeypatch.setattr(doctor, "_DISTRIBUTIONS", ("no-such-a",))
    assert json.loads(run("doctor", "--json").out)["versions"]["no-such-a"] is None
    assert re.search("no-such-a +not installed", run("doctor").out)


def test_models_says_what_cannot_be_used(run: Run, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = cache / "models"
    for name in ("good", library.DEFAULT):
        artifacts.save(folder / name)
    (folder / "empty").mkdir()
    file = artifacts.save(folder / "two")
    (file.parent / "second.onnx").write_bytes(file.read_bytes())
    (folder / "loose.onnx").write_bytes(file.read_bytes())
    err = run("models").err
    for name in (library.DEFAULT, "empty", "two", "loose.onnx"):
        assert f"mobileiqa: {folder / name}: " in err
    assert f"mobileiqa: {folder / 'good'}: " not in err
    assert "NEEDS" not in run("models").out
    monkeypatch.setattr("mobileiqa_sdk.runtimes.find_spec", lambda name: None)
    assert 'NEEDS onnxruntime; pip install "onnxruntime"' in run("models").out
    rows = json.loads(run("models", "--json").out)["models"]
    assert {(row["runnable"], *row["runtimes"]) for row in rows} == {(False, "onnx")}


@pytest.mark.parametrize("command", ["score", "verify"])
def test_what_libraries_print_is_not_shown(tiny: Path, photos: list[str], command: str) -> None:
    """As LiteRT and torch do: by native code while a model is loaded, and by loggers that have no handler."""
    code = """
import logging, os, warnings
from mobileiqa_sdk import runtimes
load = runtimes.load
def noisy(*arguments):
    os.write(2, b"INFO: native code")
    logging.getLogger("torch").warning("a logger")
    warnings.warn("one of ours")
    return load(*arguments)
runtimes.load = noisy
from mobileiqa_sdk.cli import main
main()
"""
    arguments = ["score", "-m", str(tiny), photos[0]] if command == "score" else ["verify", str(tiny)]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "mobileiqa: warning: one of ours\n")


@POSIX
def test_a_closed_stderr_is_no_error(tiny: Path, photos: list[str]) -> None:
    line = ["/bin/sh", "-c", '"$@" 2>&-', "sh", *COMMAND, "score", "-m", str(tiny), *photos * 3]
    done = subprocess.run(line, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.count(b"\n")) == (0, 15)


BUG = """
from mobileiqa_sdk import cli, photo

def shares(image):
    raise KeyError("bug")

photo.shares = shares
cli.main()
"""


def test_an_error_of_our_own_has_its_traceback_on_stderr(tiny: Path, photos: list[str]) -> None:
    command = [sys.executable, "-c", BUG, "score", "-m", str(tiny), "--jsonl", photos[0]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["error_kind"] == "InternalError"
    assert "Traceback" in done.stderr
    assert "in shares" in done.stderr
