"""Where the time of a score goes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from mobileiqa_bench import reading
from mobileiqa_bench.reading import Times
from mobileiqa_sdk import Scorer
from mobileiqa_sdk.photo import MAX_PIXELS

from ..sdk import artifacts


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return artifacts.save(tmp_path / "tiny")


@pytest.fixture
def scorer(model: Path) -> Iterator[Scorer]:
    with Scorer(model, threads=1) as scorer:
        yield scorer


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_times_are_medians_over_rounds(scorer: Scorer, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = iter([[1.0, 2, 3, 4, 5, 6], [3.0, 2, 3, 4, 5, 6], [2.0, 2, 3, 4, 5, 9]])
    monkeypatch.setattr(reading, "_round", lambda *_: next(rounds))
    times = reading.measure(scorer, photo.read_bytes(), 3)
    assert times == Times(2, 2, 3, 4, 5, 6)
    assert times.whole == 10


def test_every_step_and_its_floor_take_time(scorer: Scorer) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (640, 480), "grey").save(stream, "JPEG")
    times = reading.measure(scorer, stream.getvalue(), 1)
    assert all(getattr(times, name) > 0 for name in Times.__dataclass_fields__)


@pytest.mark.parametrize("rule", ["full", "jpeg-reduced"])
def test_the_floor_of_a_jpeg_is_decoded_as_the_contract_says(rule: str, tmp_path: Path) -> None:
    contract = artifacts.contract(input={"decode": rule})
    model = artifacts.save(tmp_path / "ruled", artifacts.model(contract))
    stream = io.BytesIO()
    Image.new("RGB", (1600, 1600)).save(stream, "JPEG")
    with Scorer(model, threads=1) as scorer:
        width = reading._decoded(scorer, stream.getvalue()).width
    assert (width < 1600) is (rule == "jpeg-reduced")


def test_only_a_jpeg_is_read_above_the_limit() -> None:
    assert reading.is_read("JPEG", (MAX_PIXELS + 1, 1))
    assert reading.is_read("PNG", (MAX_PIXELS, 1))
    assert not reading.is_read("PNG", (MAX_PIXELS + 1, 1))
    assert [name for name in reading.FORMATS if reading.is_read(name, reading.SIZES["200 MP"])] == ["JPEG"]


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command(as_json: bool, model: Path, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SIZES", {"small": (320, 240), "large": (640, 480)})
    monkeypatch.setattr(reading, "MAX_PIXELS", 320 * 240)
    arguments = [str(photo), "--rounds", "1", "--model", str(model), *(["--json"] if as_json else [])]
    result = CliRunner().invoke(reading.main, arguments)
    assert result.exit_code == 0, result.output
    if as_json:
        files = json.loads(result.stdout)["files"]
        assert files["PNG, large"] is None
        assert files["JPEG, large"]["whole"] > files["JPEG, large"]["inference"] > 0
    else:
        rows = [line.split("|")[1:-1] for line in result.stdout.splitlines() if line.startswith("|")][2:]
        cells = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows}
        assert {"JPEG, small", "PNG, small", "WEBP, small"} <= set(cells)
        assert cells["PNG, large"] == ["not read"] * 7
        assert all(cell.isdecimal() for cell in cells["JPEG, large"])
