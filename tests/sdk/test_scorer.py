"""Scorer and score: values, order, threads, and the same number every time."""

import io
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from PIL import Image

import mobileiqa_sdk
from mobileiqa_sdk import (
    Assessment,
    ContractMismatch,
    PhotoError,
    RuntimeUnavailable,
    Scorer,
    library,
    runtimes,
)
from mobileiqa_sdk import scorer as scorer_module
from mobileiqa_sdk.parallel import MAX_THREADS, default_threads
from mobileiqa_sdk.resample import resize

from . import artifacts


@pytest.fixture(scope="module")
def scorer(tiny: Path) -> Scorer:
    return Scorer(tiny, threads=1)


def noise(seed: int, height: int = 50, width: int = 70) -> np.ndarray:
    low, high = sorted(np.random.default_rng(seed).integers(0, 256, 2))
    return np.random.default_rng(seed).integers(low, high + 1, (height, width, 3), dtype=np.uint8)


def test_the_score_is_that_of_the_resized_photo(scorer: Scorer) -> None:
    for seed in range(5):
        pixels = resize(Image.fromarray(noise(seed)), artifacts.HEIGHT, artifacts.WIDTH)
        assert scorer.score(noise(seed)) == pytest.approx(artifacts.brightness(pixels), abs=1e-6)


def test_a_score_is_a_float_and_both_ends_are_scores(scorer: Scorer) -> None:
    assert type(scorer.score(np.zeros((40, 40, 3), np.uint8))) is float
    assert scorer.score(np.zeros((40, 40, 3), np.uint8)) == 0
    assert scorer.score(np.full((40, 40, 3), 255, np.uint8)) == 1


def test_without_views_there_is_one_opinion_and_no_spread(scorer: Scorer) -> None:
    result = scorer.assess(noise(1))
    assert result.opinions == (result.score,)
    assert result.spread is None


def test_the_score_is_the_mean_of_the_opinions(tmp_path: Path) -> None:
    factors = helper.make_tensor("factors", TensorProto.FLOAT, [1, 3], [0.25, 0.5, 1.0])
    constant = helper.make_node("Constant", [], ["factors"], value=factors)
    tail = [constant, helper.make_node("Mul", ["mean", "factors"], ["score"])]
    contract = artifacts.contract(opinions=3)
    path = tmp_path / "model.onnx"
    path.write_bytes(artifacts.model(contract, tail=tail, out_shape=(1, 3)))
    result = Scorer(path, threads=1).assess(np.full((40, 40, 3), 255, np.uint8))
    assert result.opinions == (0.25, 0.5, 1.0)
    assert result.score == pytest.approx(1.75 / 3, abs=1e-15)
    assert result.spread == pytest.approx(np.std([0.25, 0.5, 1.0]))


def test_the_bundled_model_has_opinions() -> None:
    result = Scorer(threads=1).assess(noise(2))
    assert len(result.opinions) == 8
    assert result.spread is not None
    assert result.spread > 0


def test_every_kind_of_photo(scorer: Scorer, photos: list[str]) -> None:
    data = Path(photos[2]).read_bytes()
    pixels = np.asarray(Image.open(photos[2]))
    kinds = [photos[2], Path(photos[2]), data, bytearray(data), memoryview(data), io.BytesIO(data), pixels]
    assert {scorer.score(kind) for kind in kinds} == {scorer.score(Image.open(photos[2]))}


def test_an_assessment(scorer: Scorer, photos: list[str]) -> None:
    result = scorer.assess(photos[3])
    assert isinstance(result, Assessment)
    assert result.photo == photos[3]
    assert result.score == scorer.score(photos[3]) == pytest.approx(0.7, abs=0.01)
    assert result.model == "tiny"
    assert result.input_size == (artifacts.HEIGHT, artifacts.WIDTH)
    assert result.seconds._fields == ("decode", "resize", "inference")
    assert all(0 <= seconds < 10 for seconds in result.seconds)
    assert result.band == "good"
    assert scorer.assess(np.zeros((40, 40, 3), np.uint8)).photo == "<array>"


def test_a_bad_photo_raises(scorer: Scorer) -> None:
    for call in (scorer.score, scorer.assess):
        with pytest.raises(PhotoError, match=r"missing\.jpg: "):
            call("missing.jpg")


def test_score_many_keeps_order_and_yields_errors(scorer: Scorer, photos: list[str]) -> None:
    given = [photos[4], "missing.jpg", photos[0], b"nonsense", photos[2]]
    results = list(scorer.score_many(given))
    assert [type(one) is Assessment for one in results] == [True, False, True, False, True]
    assert [round(one.score, 1) for one in results if isinstance(one, Assessment)] == [0.9, 0.1, 0.5]
    errors = [one for one in results if isinstance(one, PhotoError)]
    assert [error.photo for error in errors] == ["missing.jpg", "<bytes>"]


def test_score_many_asks_for_one_photo_at_a_time(scorer: Scorer, photos: list[str]) -> None:
    asked = []

    def endless() -> Iterator[str]:
        for path in photos:
            asked.append(path)
            yield path
        raise AssertionError("read ahead")

    results = scorer.score_many(endless(), workers=1)
    assert asked == []
    for number in range(1, len(photos) + 1):
        next(results)
        assert asked == photos[:number]
    assert list(scorer.score_many([])) == []


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("workers", [None, 1, 2, 7])
def test_score_many_gives_the_scores_of_assess(
    tiny: Path, photos: list[str], threads: int, workers: int | None
) -> None:
    scorer = Scorer(tiny, threads=threads)
    given = [noise(seed, 40 + seed, 60) for seed in range(30)] + [photos[0], "missing.jpg"]
    results = list(scorer.score_many(given, workers=workers))
    assert [one.score for one in results[:-1] if isinstance(one, Assessment)] == [
        scorer.score(photo) for photo in given[:-1]
    ]
    assert isinstance(results[-1], PhotoError)


def test_score_many_passes_on_the_errors_of_find_photos(scorer: Scorer, photos: list[str]) -> None:
    error = PhotoError("folder", "no photos in this folder")
    for workers in (1, 3):
        first, second, third = scorer.score_many([photos[0], error, photos[1]], workers=workers)
        assert second is error
        assert (first.score, third.score) == (scorer.score(photos[0]), scorer.score(photos[1]))


def test_score_many_works_on_several_photos_at_a_time(
    scorer: Scorer, photos: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Barrier(3)

    def resize_together(*arguments: Any) -> Any:
        gate.wait(60)
        return resize(*arguments)

    monkeypatch.setattr(scorer_module, "resize", resize_together)
    assert [one.photo for one in scorer.score_many(photos[:3], workers=3)] == photos[:3]


def test_score_many_fills_the_cpus(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(scorer_module, "in_order", lambda work, items, workers: seen.append(workers))
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    for threads in (None, 1, 2, 4):
        Scorer(tiny, threads=threads).score_many([])
    assert seen == [1, 6, 3, 1]


@pytest.mark.parametrize("workers", [0, -1, MAX_THREADS + 1])
def test_workers_out_of_range(scorer: Scorer, workers: int) -> None:
    with pytest.raises(ValueError, match="workers"):
        scorer.score_many([], workers=workers)


def test_score_many_does_not_hide_the_error_of_a_caller(scorer: Scorer) -> None:
    def broken() -> Iterator[str]:
        yield "missing.jpg"
        raise KeyError("mine")

    results = scorer.score_many(broken())
    assert isinstance(next(results), PhotoError)
    with pytest.raises(KeyError, match="mine"):
        next(results)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_same_score_every_time(tiny: Path, photos: list[str], threads: int) -> None:
    scorer = Scorer(tiny, threads=threads)
    scores = [scorer.score(noise(7)) for _ in range(50)]
    assert len(set(scores)) == 1
    assert Scorer(tiny, threads=threads).score(noise(7)) == scores[0]
    scorer.score(noise(8, 333, 41))  # nothing is left over from another photo
    assert scorer.score(noise(7)) == scores[0]


@pytest.mark.parametrize("threads", [1, 2])
def test_one_scorer_from_many_threads(tiny: Path, threads: int) -> None:
    scorer = Scorer(tiny, threads=threads)
    images = [noise(seed, 40 + seed, 60) for seed in range(24)]
    alone = [scorer.score(image) for image in images]
    assert len(set(alone)) == len(alone)
    gate = threading.Barrier(8)

    def work(shift: int) -> list[float]:
        gate.wait()
        return [scorer.score(images[(number + shift) % 24]) for number in range(72)]

    with ThreadPoolExecutor(8) as pool:
        for shift, scores in enumerate(pool.map(work, range(8))):
            assert scores == [alone[(number + shift) % 24] for number in range(72)]


def test_score_loads_its_model_once(tiny: Path, photos: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []

    class Slow(Scorer):
        def __init__(self) -> None:
            loads.append(threading.get_ident())
            time.sleep(0.05)
            super().__init__(tiny)

    monkeypatch.setattr(scorer_module, "_default", None)
    monkeypatch.setattr(scorer_module, "Scorer", Slow)
    gate = threading.Barrier(8)

    def work(_: int) -> float:
        gate.wait()
        return mobileiqa_sdk.score(photos[1])

    with ThreadPoolExecutor(8) as pool:
        scores = set(pool.map(work, range(8)))
    assert scores == {Scorer(tiny).score(photos[1])}
    mobileiqa_sdk.score(photos[1])
    assert len(loads) == 1


def test_score_tries_again_after_a_failed_load(
    tiny: Path, photos: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scorer_module, "_default", None)
    monkeypatch.setattr(library, "BUNDLED", tmp_path / "models")
    with pytest.raises(mobileiqa_sdk.ModelNotFound):
        mobileiqa_sdk.score(photos[0])
    artifacts.save(tmp_path / "models" / library.DEFAULT)
    assert mobileiqa_sdk.score(photos[0]) == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("answer", [float("nan"), float("inf"), -float("inf"), -0.001, 1.001, 55.0])
def test_an_answer_that_is_no_score(tmp_path: Path, photos: list[str], answer: float) -> None:
    data = artifacts.model(tail=artifacts.constant(answer))
    scorer = Scorer(artifacts.save(tmp_path, data))
    with pytest.raises(ContractMismatch, match="0 to 1"):
        scorer.score(photos[0])
    for workers in (1, 2):
        with pytest.raises(ContractMismatch):
            next(scorer.score_many(photos, workers=workers))


@pytest.mark.parametrize("threads", [0, -1, MAX_THREADS + 1, 10**12])
def test_threads_out_of_range(tiny: Path, threads: int) -> None:
    with pytest.raises(ValueError, match="threads"):
        Scorer(tiny, threads=threads)


def test_threads_and_runtime_are_by_keyword(tiny: Path) -> None:
    assert Scorer(tiny, threads=3).threads == 3
    assert Scorer(tiny, runtime="onnx").threads == default_threads()
    with pytest.raises(TypeError):
        Scorer(tiny, "onnx")  # type: ignore[misc]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", 1), ("3", 3), (" 5 ", 5), ("4,2", 4), ("1024", 1024)],
)
def test_omp_num_threads(value: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert default_threads() == expected


@pytest.mark.parametrize("value", ["", "0", "-2", "many", "1.5", "²", "1025", "9" * 20, "9" * 5000, ","])
def test_omp_num_threads_that_makes_no_sense(value: str, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = default_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert default_threads() == Scorer(tiny).threads == usual


def test_without_omp_num_threads_it_is_the_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2, 5, 7}, raising=False)
    assert default_threads() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert default_threads() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert default_threads() == 1


def test_an_unknown_runtime(tiny: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"nope.*onnx"):
        Scorer(tiny, runtime="nope")


def test_a_runtime_that_is_not_installed(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = runtimes.RuntimeEntry("mobileiqa_sdk.runtimes.no_such_file", "somert", ("somert",), ".onnx")
    monkeypatch.setitem(runtimes.BUILTIN, "onnx", entry)
    with pytest.raises(RuntimeUnavailable, match='pip install "somert"'):
        Scorer(tiny)


def test_photos_and_models_have_their_own_errors(tiny: Path) -> None:
    assert issubclass(mobileiqa_sdk.PhotoError, mobileiqa_sdk.MobileIQAError)
    assert issubclass(mobileiqa_sdk.ModelError, mobileiqa_sdk.MobileIQAError)
    assert not issubclass(mobileiqa_sdk.ModelError, mobileiqa_sdk.PhotoError)
    for name in mobileiqa_sdk.__all__:
        assert getattr(mobileiqa_sdk, name) is not None
