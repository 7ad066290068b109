"""Peers beside ours: measured in turn, in the environments that are named."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from mobileiqa_bench.errors import BenchmarkError
from mobileiqa_bench.evaluation.datasets import RatedPhoto
from mobileiqa_bench.peers import peer_child, rated, rounds
from mobileiqa_bench.peers.__main__ import main
from mobileiqa_bench.peers.rated import rank
from mobileiqa_bench.peers.rounds import Peer, measure_peers

from ..sdk import artifacts

CHILD = """
import json, sys, time
peer, model, threads, runs, *photos = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(f"{{peer}} {{model}} {{threads}} {{runs}} {{len(photos)}}\\n")
if model == "broken":
    sys.exit("the model is broken")
seconds = [3.0, 1.0, 2.0] if peer == "brisque" else [6.0, 2.0, 4.0]
print("noise of a library")
scores = [0.1 * place for place in range(len(photos))]
print(json.dumps({{"first": time.time(), "seconds": seconds, "scores": scores, "peak_bytes": 7_000_000}}))
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the child, which writes how it was started; its folder is the installation."""
    (tmp_path / "child.py").write_text(CHILD.format(log=str(tmp_path / "log")))
    monkeypatch.setattr(peer_child, "__file__", str(tmp_path / "child.py"))
    monkeypatch.setattr(rounds, "_SIZE", "print(5_000_000)")
    return tmp_path / "log"


def test_peers_are_started_in_turn(log: Path) -> None:
    peers = [Peer("brisque", sys.executable), Peer("mobileiqa", sys.executable, "mine")]
    rows = measure_peers(peers, ["a.jpg", "b.jpg"], threads=3, rounds=2, runs=4)
    starts = ["brisque mobileiqa-small 3 4 2", "mobileiqa mine 3 4 2"]
    assert log.read_text().splitlines() == 2 * starts
    assert [row.warm for row in rows] == [[2.0, 2.0], [4.0, 4.0]]
    assert [row.peak_bytes for row in rows] == 2 * [[7_000_000, 7_000_000]]
    assert [row.install_bytes for row in rows] == [5_000_000, 5_000_000]
    assert all(0 < seconds < 60 for row in rows for seconds in row.cold)


@pytest.mark.usefixtures("log")
def test_the_table() -> None:
    arguments = [__file__, "--rounds", "1"]
    for name in ("brisque", "mobileiqa"):
        arguments += ["--peer", f"{name}={sys.executable}"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    first, second = [line.split("|")[1:-1] for line in result.stdout.splitlines() if line[0:1] == "|"][2:]
    assert [cell.strip() for cell in first[:3]] == ["brisque", "2000 ms", "1.000"]
    assert [cell.strip() for cell in second[:3]] == ["mobileiqa", "4000 ms", "2.000"]
    assert [cell.strip() for cell in second[5:]] == ["7 MB", "5 MB"]


def test_a_peer_that_fails_leaves_the_others(log: Path) -> None:
    arguments = [__file__, "--rounds", "2", "--json"]
    arguments += ["--peer", f"mobileiqa={sys.executable}:broken", "--peer", f"brisque={sys.executable}"]
    arguments += ["--peer", "pyiqa-nima=/nowhere/python"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    broken, sound, missing = json.loads(result.stdout)["peers"]
    assert (broken["failure"], broken["warm"]) == ("the model is broken", [])
    assert len(sound["warm"]) == 2
    assert "/nowhere/python" in missing["failure"]
    assert len(log.read_text().splitlines()) == 3


@pytest.mark.parametrize("peer", ["mobileiqa", "unknown=/usr/bin/python3", "brisque="])
def test_a_peer_needs_a_known_name_and_an_interpreter(peer: str) -> None:
    result = CliRunner().invoke(main, [__file__, "--peer", peer])
    assert result.exit_code == 2
    assert "NAME=PYTHON" in result.stderr


def test_the_child_measures_ours(tmp_path: Path) -> None:
    model = artifacts.save(tmp_path / "tiny")
    photo = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)).save(photo)
    values = peer_child.measure("mobileiqa", str(model), 1, 2, [str(photo), str(photo)])
    assert len(values["seconds"]) == 4
    assert len(values["scores"]) == 2
    assert all(0 <= score <= 1 for score in values["scores"])
    assert values["peak_bytes"] is None or values["peak_bytes"] > 1_000_000


def test_the_peak_is_the_high_water_mark(tmp_path: Path) -> None:
    (tmp_path / "status").write_text(
        "Name:\tpython\nVmPeak:\t  999 kB\nVmHWM:\t    2048 kB\nVmRSS:\t  1024 kB\n"
    )
    assert peer_child.peak_bytes(str(tmp_path / "status")) == 2048 * 1024
    assert peer_child.peak_bytes(str(tmp_path / "missing")) is None


def test_an_installation_is_counted_without_the_tools_that_made_it() -> None:
    size = int(rounds._run(sys.executable, 1, "-c", rounds._SIZE))
    assert size > 10_000_000


@pytest.mark.usefixtures("log")
def test_rated_photos(tmp_path: Path) -> None:
    """The stand-in's scores rise from photo to photo, as the opinions do; BRISQUE's mean the contrary."""
    photos = [RatedPhoto(tmp_path / f"{number}.jpg", 0.1 + 0.05 * number) for number in range(12)]
    ours, brisque = (rank(Peer(name, sys.executable), photos) for name in ("mobileiqa", "brisque"))
    assert (ours.srcc.value, brisque.srcc.value) == (pytest.approx(1), pytest.approx(-1))
    assert (ours.milliseconds, brisque.milliseconds) == (4000, 2000)
    with pytest.raises(BenchmarkError, match="is broken"):
        rank(Peer("mobileiqa", sys.executable, "broken"), photos)


@pytest.mark.usefixtures("log")
def test_rated_photos_as_a_table_and_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = [RatedPhoto(tmp_path / f"{number}.jpg", 0.1 + 0.05 * number) for number in range(12)]
    monkeypatch.setattr(rated, "read_dataset", lambda name, root: photos)
    arguments = ["--root", str(tmp_path), "--photos", "10", "--plot", str(tmp_path / "peers")]
    for name in ("mobileiqa", "piqe", "niqe=/nowhere"):
        arguments += ["--peer", name if "=" in name else f"{name}={sys.executable}"]
    result = CliRunner().invoke(rated.main, arguments)
    assert result.exit_code == 1
    assert "niqe: failed" in result.stderr
    cells = [line.split("|")[1:-1] for line in result.stdout.splitlines() if line.startswith("|")]
    rows = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in cells}
    assert rows["mobileiqa"][:2] == ["4000 ms", "1.000"]
    assert rows["piqe"][:2] == ["4000 ms", "-1.000"]
    with Image.open(tmp_path / "peers.png") as picture:
        assert np.ptp(np.asarray(picture)) > 100
