"""Photos at once: the same opinions as alone, and a time for each photo."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from mobileiqa_bench.errors import BenchmarkError
from mobileiqa_export.checkpoint import load_checkpoint
from mobileiqa_export.engines import batches
from mobileiqa_export.engines.from_pixels import FromPixels


def network(checkpoint: Path) -> FromPixels:
    return FromPixels(load_checkpoint(checkpoint)).eval()


@pytest.mark.parametrize("runtime", list(batches.RUNTIMES))
def test_a_batch_gets_the_opinions_of_each_photo(runtime: str, tiny_checkpoint: Path) -> None:
    loaded = network(tiny_checkpoint)
    photos = np.random.default_rng(1).integers(0, 256, (2, 3, *loaded.size)).astype(np.float32)
    both = batches.RUNTIMES[runtime](loaded, photos, 1)(photos)
    alone = batches.RUNTIMES[runtime](loaded, photos[1:], 1)(photos[1:])
    assert both.shape == (2, alone.shape[1])
    assert np.abs(both[1] - alone[0]).max() < 1e-5
    assert np.abs(both[0] - alone[0]).max() > 1e-5


@pytest.mark.parametrize("opinions", [[[0.5]], [[0.5002], [0.5]], [[np.nan], [0.5]]])
def test_answers_that_depend_on_the_batch_are_an_error(opinions: list[list[float]]) -> None:
    with pytest.raises(BenchmarkError):
        batches.check_answers({1: np.array([[0.5]]), 2: np.array(opinions)}, "onnx")
    batches.check_answers({1: np.array([[0.5]]), 2: np.array([[0.50005], [0.9]])}, "onnx")


def test_each_photo_of_a_batch_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(batches, "perf_counter", lambda: clock[0])

    def work(seconds: float) -> None:
        clock[0] += seconds

    runs: dict[int, Callable[[], object]] = {1: partial(work, 3.0), 4: partial(work, 8.0)}
    assert batches.measure(runs, rounds=2) == {1: [3.0, 3.0], 4: [2.0, 2.0]}


def test_the_table_has_a_column_for_each_size(tiny_checkpoint: Path) -> None:
    arguments = [str(tiny_checkpoint), "--runtime", "eager", "--size", "3,2", "--rounds", "1"]
    result = CliRunner().invoke(batches.main, arguments)
    assert result.exit_code == 0, result.output
    header, _, row = result.output.splitlines()
    assert [cell.strip() for cell in header.split("|")[1:-1]][-2:] == ["in a batch of 2", "in a batch of 3"]
    assert len(row.split("|")) == len(header.split("|"))


def test_what_is_no_checkpoint_is_named(tmp_path: Path) -> None:
    path = tmp_path / "student.pkl"
    path.write_bytes(b"no pickle")
    result = CliRunner().invoke(batches.main, [str(path)])
    assert result.exit_code == 1
    assert str(path) in result.output
