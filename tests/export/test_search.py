"""What is tried before an artifact passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mobileiqa_export.candidate import Candidate, CandidateFactory
from mobileiqa_export.cells import Cell
from mobileiqa_export.errors import ConversionFailed, InternalError
from mobileiqa_export.formats import FORMATS, Format, Job, LayerCount, Writer
from mobileiqa_export.formats import onnx as onnx_format
from mobileiqa_export.measurements import MeasurementCache
from mobileiqa_export.options import Options
from mobileiqa_export.precisions import FP16, FP32, INT8_STATIC, INT8_WEIGHTS, Precision
from mobileiqa_export.prepare import Prepared, prepare
from mobileiqa_export.recipes import Recipe, with_enclosing
from mobileiqa_export.search import SearchResult, search
from mobileiqa_export.subject import StudentSource
from mobileiqa_sdk.errors import OpinionsInvalid
from mobileiqa_sdk.progress import SILENT
from mobileiqa_sdk.runtimes.runtime import Prediction

from ..recorder import Recorder

BAR = 0.999
FEW = LayerCount(10, 10, 10)


@pytest.fixture(scope="module")
def prepared(tiny_checkpoint: Path) -> Prepared:
    made = prepare(StudentSource(tiny_checkpoint), Options(timing=False), SILENT)
    # Scores that formula-made weights would not spread so clearly.
    scores = np.linspace(0.2, 0.9, len(made.reference)).tolist()
    return replace(made, reference=[{"score": score} for score in scores])


@pytest.fixture(scope="module")
def measurements(prepared: Prepared) -> MeasurementCache:
    return MeasurementCache(prepared, Options(), lambda _: 0.5, SILENT)


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """A format that writes next to nothing, and the jobs it got."""
    received: list[Job] = []

    def save(job: Job) -> Path:
        received.append(job)
        (job.folder / "model.onnx").write_bytes(b"weights")
        return job.folder / "model.onnx"

    writers = {precision: Writer("") for precision in (FP32, FP16, INT8_WEIGHTS, INT8_STATIC)}
    monkeypatch.setitem(FORMATS, "onnx", Format("onnx", onnx_format.__name__, "export", writers))
    monkeypatch.setattr(onnx_format, "save", save)
    monkeypatch.setattr("mobileiqa_export.candidate.count_layers", lambda *_: FEW)
    return received


@pytest.fixture
def errors(
    monkeypatch: pytest.MonkeyPatch, prepared: Prepared, jobs: list[Job]
) -> Callable[[Callable[[Job], float]], None]:
    """Lets artifacts answer alternately too high and too low, by an amount that depends on their job."""

    def answer(error: Callable[[Job], float]) -> None:
        class Runner:
            def __init__(self) -> None:
                self.contract = jobs[-1].contract

            def predict(self, pixels: np.ndarray) -> Prediction:
                index = next(i for i, each in enumerate(prepared.images.pixels) if each is pixels)
                amount = error(jobs[-1])
                if np.isnan(amount):
                    raise OpinionsInvalid("nan")
                score = prepared.reference[index]["score"] + amount * (-1) ** index * (index > 0)
                return Prediction(score, (score,))

        monkeypatch.setattr("mobileiqa_export.candidate.open_artifact", lambda _: Runner())

    return answer


Errors = Callable[[Callable[[Job], float]], None]


def run(
    prepared: Prepared,
    measurements: MeasurementCache,
    scratch: Path,
    precision: Precision = INT8_WEIGHTS,
    passed: Sequence[Recipe] = (),
    progress: Recorder | None = None,
) -> SearchResult:
    factory = CandidateFactory(
        prepared, measurements, Cell("onnx", precision), scratch, progress or Recorder()
    )
    return search(factory, BAR, passed)


def plain(
    prepared: Prepared, measurements: MeasurementCache, precision: Precision, scratch: Path
) -> Candidate:
    """The candidate that a search begins with."""
    factory = CandidateFactory(prepared, measurements, Cell("onnx", precision), scratch, SILENT)
    return factory.make(precision.name, Recipe())


def labels(result: SearchResult) -> list[str]:
    return [attempt.label for attempt in result.attempts]


def test_a_plain_artifact_that_passes_is_the_only_attempt(
    prepared: Prepared, measurements: MeasurementCache, jobs: list[Job], errors: Errors, tmp_path: Path
) -> None:
    errors(lambda _: 0.001)
    result = run(prepared, measurements, tmp_path)
    assert not result.best.failures
    assert labels(result) == ["plain"]
    (job,) = jobs
    pairs = zip(job.network.parameters(), prepared.network.parameters(), strict=True)
    assert all(one is other for one, other in pairs)
    assert result.layers
    assert not any(row.spared_as for row in result.layers)


def test_layers_stay_float_until_the_bar_holds(
    prepared: Prepared, measurements: MeasurementCache, jobs: list[Job], errors: Errors, tmp_path: Path
) -> None:
    errors(lambda job: 0.001 if len(job.keep_float) >= 4 else 0.3)
    progress = Recorder()
    result = run(prepared, measurements, tmp_path, progress=progress)
    assert not result.best.failures
    assert labels(result) == [
        "plain",
        "equalised, biases corrected",
        *(f"{count} of {len(result.layers)} layers in float" for count in (1, 2, 4)),
    ]
    assert jobs[1].network is not prepared.network
    announced = [step for step in progress.steps if "attempt" in step]
    assert [step.endswith(label) for step, label in zip(announced, labels(result)[1:], strict=True)]
    kept = [row for row in result.layers if row.spared_as == "float"]
    assert len(kept) == 4
    assert result.best.recipe.keep_float == {module for row in kept for module in row.modules}
    assert result.best.contract.precision.note == f"fp32; {labels(result)[-1]}"
    assert kept == sorted(kept, key=lambda row: -(row.mean_difference or 0))
    assert max(row.mean_difference or 0 for row in result.layers) == kept[0].mean_difference
    assert result.attempts[-1].srcc == pytest.approx(1)


def test_calibrated_activations_stay_float_at_both_ends(
    prepared: Prepared, measurements: MeasurementCache, errors: Errors, tmp_path: Path
) -> None:
    quarter, half, most = measurements.ends(INT8_STATIC)
    assert {name.partition(".")[0] for name in quarter} == {"local_cnn", "head"}
    assert quarter < half < most
    ends = with_enclosing(most, measurements.noise(INT8_STATIC))
    errors(lambda job: 0.001 if ends < job.weight_only else 0.3)
    result = run(prepared, measurements, tmp_path, INT8_STATIC)
    counts = [sum(set(row.modules) <= end for row in result.layers) for end in (quarter, half, most)]
    assert labels(result) == [
        "plain",
        "equalised, biases corrected",
        *(
            f"{count} of {len(result.layers)} layers as in int8-weights"
            for count in (*counts, counts[-1] + 1)
        ),
    ]
    assert not result.best.recipe.keep_float
    assert result.layers[0].spared_as == "int8-weights"


def test_what_other_formats_needed_is_tried_first_fewest_layers_before(
    prepared: Prepared, measurements: MeasurementCache, errors: Errors, tmp_path: Path
) -> None:
    rows = measurements.noise(INT8_STATIC)
    quarter, half, most = (with_enclosing(end, rows) for end in measurements.ends(INT8_STATIC))
    errors(lambda job: 0.001 if half <= job.weight_only else 0.3)
    passed = [Recipe(True, most), Recipe(True, half), Recipe(True, quarter)]
    result = run(prepared, measurements, tmp_path, INT8_STATIC, passed)
    assert result.best.recipe == Recipe(True, half)
    assert len(result.attempts) == 3


def in_half(monkeypatch: pytest.MonkeyPatch, computes_in_half: bool) -> None:
    writers = {FP16: Writer("", computes_in_half=computes_in_half)}
    monkeypatch.setitem(FORMATS, "onnx", Format("onnx", onnx_format.__name__, "export", writers))


def test_modules_of_an_fp16_artifact_compute_in_float_until_it_passes(
    prepared: Prepared,
    measurements: MeasurementCache,
    jobs: list[Job],
    errors: Errors,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_half(monkeypatch, True)
    errors(lambda job: 0.001 if len(job.weight_only) >= 4 else 0.02)
    result = run(prepared, measurements, tmp_path, FP16)
    assert not result.best.failures
    alone = "with their weights alone in fp16"
    assert labels(result) == [
        "plain",
        *(f"{count} of {len(result.layers)} layers {alone}" for count in (1, 2, 4)),
    ]
    spared = [row for row in result.layers if row.spared_as == "fp16-weights"]
    assert result.best.recipe.weight_only == {module for row in spared for module in row.modules}
    assert spared == sorted(spared, key=lambda row: -(row.mean_difference or 0))
    assert not result.best.recipe.keep_float


@pytest.mark.parametrize("computes_in_half", [True, False])
def test_weights_of_an_fp16_artifact_stay_float_last(
    computes_in_half: bool,
    prepared: Prepared,
    measurements: MeasurementCache,
    jobs: list[Job],
    errors: Errors,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_half(monkeypatch, computes_in_half)
    errors(lambda job: 0.001 if len(job.keep_float) >= 2 else 0.02)
    result = run(prepared, measurements, tmp_path, FP16)
    assert not result.best.failures
    assert len(result.best.recipe.keep_float) == 2
    everything = {module for row in measurements.noise(FP16) for module in row.modules}
    assert result.best.recipe.weight_only == (everything if computes_in_half else set())
    # Before that, all arithmetic was float, where the format has arithmetic of its own.
    assert any(job.weight_only == everything for job in jobs[:-2]) == computes_in_half


def test_an_fp16_artifact_whose_weights_all_stay_float_is_never_made(
    prepared: Prepared,
    measurements: MeasurementCache,
    jobs: list[Job],
    errors: Errors,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_half(monkeypatch, False)
    weighted = {module for row in measurements.noise(FP16) if row.weights for module in row.modules}
    errors(lambda job: 0.001 if job.keep_float >= weighted else 0.02)
    result = run(prepared, measurements, tmp_path, FP16)
    assert result.best.failures
    assert len(jobs) > 3
    assert not any(job.keep_float >= weighted for job in jobs)


def test_fp32_has_no_fallback(
    prepared: Prepared, measurements: MeasurementCache, errors: Errors, tmp_path: Path
) -> None:
    errors(lambda _: 0.02)
    result = run(prepared, measurements, tmp_path, FP32)
    assert result.best.failures
    assert (len(result.attempts), result.layers) == (1, ())


@pytest.mark.parametrize("precision", [INT8_WEIGHTS, INT8_STATIC])
def test_an_artifact_of_which_nothing_is_left_is_never_made(
    precision: Precision,
    prepared: Prepared,
    measurements: MeasurementCache,
    jobs: list[Job],
    errors: Errors,
    tmp_path: Path,
) -> None:
    """All layers in float is fp32, and all as in int8-weights is int8-weights: not what was asked for."""
    modules = {module for row in measurements.noise(precision) for module in row.modules}
    errors(lambda job: 0.001 if job.spared >= modules else 0.3)
    result = run(prepared, measurements, tmp_path, precision)
    assert result.best.failures
    assert not any(job.spared >= modules for job in jobs)
    assert len(result.attempts) < 24


def test_a_file_without_the_precision_fails_whatever_its_scores(
    prepared: Prepared,
    measurements: MeasurementCache,
    errors: Errors,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    errors(lambda _: 0.0)
    monkeypatch.setattr("mobileiqa_export.candidate.count_layers", lambda *_: LayerCount(53, 53, 0))
    candidate = plain(prepared, measurements, INT8_STATIC, tmp_path)
    assert any("53" in reason for reason in candidate.failures)
    assert not plain(prepared, measurements, INT8_WEIGHTS, tmp_path).failures


def test_what_is_not_quantized_is_not_spared(
    prepared: Prepared,
    measurements: MeasurementCache,
    jobs: list[Job],
    errors: Errors,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    smallest = 300
    writers = {INT8_WEIGHTS: Writer("", smallest)}
    monkeypatch.setitem(FORMATS, "onnx", Format("onnx", onnx_format.__name__, "export", writers))
    large = {row.modules for row in measurements.noise(INT8_WEIGHTS) if row.weights >= smallest}
    assert 1 < len(large) < len(measurements.noise(INT8_WEIGHTS))
    errors(lambda job: 0.3)
    run(prepared, measurements, tmp_path)
    assert {module for job in jobs for module in job.keep_float} <= {
        module for modules in large for module in modules
    }
    # Nor are biases corrected in such layers.
    uncorrected = measurements.equalised(jobs[0], 10**9).network.state_dict()
    treated = jobs[1].network.state_dict()
    changed = {name for name, values in treated.items() if not torch.equal(values, uncorrected[name])}
    sizes = [treated[name.replace(".bias", ".weight")].numel() for name in changed]
    assert len(sizes) > 3
    assert all(size >= smallest for size in sizes)


def test_if_nothing_helps_the_best_is_left(
    prepared: Prepared, measurements: MeasurementCache, errors: Errors, tmp_path: Path
) -> None:
    errors(lambda job: 0.3 if len(job.keep_float) == 2 else 0.5)
    result = run(prepared, measurements, tmp_path)
    assert result.best.failures
    assert len(result.attempts) > 5
    assert [folder.name for folder in tmp_path.iterdir()] == [result.best.folder.name]
    assert sum(row.spared_as == "float" for row in result.layers) == 2


def test_an_artifact_that_answers_nan_is_a_failed_attempt(
    prepared: Prepared, measurements: MeasurementCache, errors: Errors, tmp_path: Path
) -> None:
    errors(lambda job: 0.001 if job.keep_float else np.nan)
    result = run(prepared, measurements, tmp_path)
    assert not result.best.failures
    assert result.attempts[0].max_difference is None


def test_a_golden_image_beyond_its_tolerance_fails(
    prepared: Prepared, measurements: MeasurementCache, errors: Errors, tmp_path: Path
) -> None:
    """For integer precisions nothing else bounds the golden image so tightly."""
    golden = {"score": prepared.reference[0]["score"] + INT8_WEIGHTS.tolerance * 1.01}
    moved = replace(prepared, reference=[golden, *prepared.reference[1:]])
    for network, failed in ((prepared, False), (moved, True)):
        scratch = tmp_path / str(failed)
        scratch.mkdir()
        errors(lambda _: 0.0)
        candidate = plain(network, measurements, INT8_WEIGHTS, scratch)
        assert any("golden" in reason for reason in candidate.failures) == failed


def test_another_contract_inside_fails(
    prepared: Prepared,
    measurements: MeasurementCache,
    errors: Errors,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    errors(lambda _: 0.0)
    other = prepared.contract(FP16)
    real = onnx_format.save
    monkeypatch.setattr(onnx_format, "save", lambda job: real(replace(job, contract=other)))
    candidate = plain(prepared, measurements, FP32, tmp_path)
    assert any("contract" in reason for reason in candidate.failures)


@pytest.mark.parametrize(
    ("raised", "expected", "named"),
    [
        (KeyError("aten.unheard_of\nand more"), ConversionFailed, "unheard_of"),
        (AttributeError("module 'onnxscript.rewriter' has no attribute 'x'"), InternalError, "onnxscript"),
        (TypeError("save() takes 1 argument"), InternalError, "save"),
        (MemoryError("all of it"), MemoryError, "all of it"),
        (OSError(28, "No space left on device", "model.onnx"), ConversionFailed, "No space left"),
    ],
    ids=lambda value: getattr(value, "__name__", None) or type(value).__name__,
)
def test_whose_fault_a_failed_conversion_is(
    raised: Exception,
    expected: type[Exception],
    named: str,
    prepared: Prepared,
    measurements: MeasurementCache,
    jobs: list[Job],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def save(job: Job) -> Path:
        raise raised

    monkeypatch.setattr(onnx_format, "save", save)
    with pytest.raises(expected, match=named):
        plain(prepared, measurements, INT8_WEIGHTS, tmp_path)
