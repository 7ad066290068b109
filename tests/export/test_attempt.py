"""What is tried before an artifact passes, and what a report says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from mobileiqa_export.attempt import Attempt, try_cell
from mobileiqa_export.errors import ConversionFailed, ExportMismatch
from mobileiqa_export.exporter import export
from mobileiqa_export.formats import FORMATS, Format, Job, Writer
from mobileiqa_export.formats import onnx as onnx_format
from mobileiqa_export.matrix import Cell
from mobileiqa_export.precisions import FP16, FP32, INT8_STATIC, INT8_WEIGHTS
from mobileiqa_export.quantize.mixed import enclosing
from mobileiqa_export.subject import StudentSource
from mobileiqa_export.workshop import Options, Workshop

CELL = Cell("onnx", "int8-weights")


@pytest.fixture(scope="module")
def shop(tiny_checkpoint: Path) -> Iterator[Workshop]:
    with Workshop(StudentSource(tiny_checkpoint), Options(ranking_bar=0.999, timing=False)) as made:
        # Pictures that formula-made weights tell clearly apart.
        made.references[:] = np.linspace(0.2, 0.9, len(made.references)).tolist()
        yield made


@pytest.fixture
def quantizer(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """A format that writes next to nothing; the jobs that it was given."""
    jobs: list[Job] = []

    def save(job: Job) -> Path:
        jobs.append(job)
        (job.folder / "model.onnx").write_bytes(b"weights")
        return job.folder / "model.onnx"

    writers = {precision: Writer("") for precision in (FP32, INT8_WEIGHTS, INT8_STATIC)}
    monkeypatch.setitem(FORMATS, "onnx", Format("onnx", onnx_format.__name__, "export", writers))
    monkeypatch.setattr(onnx_format, "save", save)
    return jobs


def answering(
    monkeypatch: pytest.MonkeyPatch, shop: Workshop, jobs: list[Job], off: Callable[[Job], float]
) -> None:
    """Artifacts that alternate between too high and too low by an amount that depends on their job."""

    class Runner:
        def __init__(self) -> None:
            self.contract = jobs[-1].contract

        def run(self, pixels: np.ndarray) -> float:
            index = next(i for i, own in enumerate(shop.images.pixels) if own is pixels)
            return shop.references[index] + off(jobs[-1]) * (-1) ** index * (index > 0)

    monkeypatch.setattr("mobileiqa_export.attempt.open_runner", lambda _: Runner())
    shop.passed.clear()  # what another test found out


def attempt(shop: Workshop, tmp_path: Path) -> Attempt:
    return try_cell(shop, CELL, tmp_path, lambda _: None)


def test_a_plain_artifact_that_passes_is_the_only_try(
    shop: Workshop, quantizer: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, shop, quantizer, lambda job: 0.001)
    found = attempt(shop, tmp_path)
    assert found.failures == []
    assert [row.label for row in found.tries] == ["plain"]
    assert len(quantizer) == 1
    assert quantizer[0].network is shop.network
    assert found.layers
    assert not any(row.spared_as for row in found.layers)


def test_layers_stay_float_until_the_bar_holds(
    shop: Workshop, quantizer: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, shop, quantizer, lambda job: 0.001 if len(job.keep_float) >= 4 else 0.3)
    said: list[str] = []
    found = try_cell(shop, CELL, tmp_path, said.append)
    assert found.failures == []
    assert [row.label for row in found.tries] == [
        "plain",
        "equalised, biases corrected",
        "1 layers in float",
        "2 layers in float",
        "4 layers in float",
    ]
    assert quantizer[1].network is not shop.network
    assert [line.split("; ")[1] for line in said if "; try " in line] == [
        f"try {number}, {row.label}" for number, row in enumerate(found.tries[1:], start=2)
    ]
    kept = [row for row in found.layers if row.spared_as == "float"]
    assert len(kept) == 4
    assert found.way.keep == {module for row in kept for module in row.modules}
    damages = [row.mean_difference or 0 for row in found.layers]
    assert kept == sorted(kept, key=lambda row: -(row.mean_difference or 0))
    assert max(damages) == kept[0].mean_difference
    assert found.tries[-1].srcc == pytest.approx(1)


def test_calibrated_activations_stay_float_at_both_ends(
    shop: Workshop, quantizer: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarter, half, most = shop.ends("int8-static")
    assert {name.partition(".")[0] for name in quarter} == {"local_cnn", "head"}
    assert quarter < half < most
    ends = enclosing(most, shop.noise("int8-static"))
    answering(monkeypatch, shop, quantizer, lambda job: 0.001 if ends < job.weight_only else 0.3)
    found = try_cell(shop, Cell("onnx", "int8-static"), tmp_path, lambda _: None)
    counts = [sum(set(row.modules) <= end for row in found.layers) for end in (quarter, half, most)]
    assert [row.label for row in found.tries] == [
        "plain",
        "equalised, biases corrected",
        *(f"{count} layers as in int8-weights" for count in (*counts, counts[-1] + 1)),
    ]
    assert not found.way.keep
    assert found.layers[0].spared_as == "int8-weights"


def test_what_other_formats_needed_is_tried_first_the_least_of_it_before(
    shop: Workshop, quantizer: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = shop.noise("int8-static")
    _, half, most = (enclosing(end, rows) for end in shop.ends("int8-static"))
    enough = [most]
    answering(monkeypatch, shop, quantizer, lambda job: 0.001 if enough[0] <= job.weight_only else 0.3)

    def tries(name: str) -> tuple[frozenset[str], list[str]]:
        (tmp_path / name).mkdir()
        found = try_cell(shop, Cell("onnx", "int8-static"), tmp_path / name, lambda _: None)
        return found.way.weight_only, [row.label for row in found.tries]

    spared, searched = tries("first")
    assert spared == most
    assert searched[:2] == ["plain", "equalised, biases corrected"]
    shop.passed["int8-static"].append((True, half))
    fewer = searched[3]
    assert tries("needs as much") == (most, ["plain", fewer, searched[-1]])
    enough[0] = half
    assert tries("needs less") == (half, ["plain", fewer])


@pytest.mark.parametrize("precision", ["int8-weights", "int8-static"])
def test_at_last_all_layers_are_float(
    shop: Workshop, quantizer: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    modules = {module for row in shop.noise(precision) for module in row.modules}
    answering(monkeypatch, shop, quantizer, lambda job: 0.001 if job.keep_float == modules else 0.3)
    found = try_cell(shop, Cell("onnx", precision), tmp_path, lambda _: None)
    assert found.failures == []
    assert {row.spared_as for row in found.layers if row.modules} == {"float"}
    # With what has no weights of its own.
    everything = enclosing(frozenset(modules), found.layers)
    assert everything >= {name for name, _ in shop.network.named_children()}
    spared = [job for job in quantizer if job.weight_only == everything and not job.keep_float]
    assert len(spared) == (precision != "int8-weights")
    assert len(found.tries) < 24


def test_what_is_not_quantized_is_not_spared(
    shop: Workshop, quantizer: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    smallest = 300
    writers = {INT8_WEIGHTS: Writer("", smallest)}
    monkeypatch.setitem(FORMATS, "onnx", replace(FORMATS["onnx"], writers=writers))
    large = {row.modules for row in shop.noise("int8-weights") if row.weights >= smallest}
    assert 0 < len(large) < len(shop.noise("int8-weights"))
    answering(monkeypatch, shop, quantizer, lambda job: 0.001 if len(job.keep_float) == len(large) else 0.3)
    found = attempt(shop, tmp_path)
    assert found.failures == []
    assert found.way.keep == {module for modules in large for module in modules}
    # Nor are biases corrected for it.
    uncorrected = shop.treated(quantizer[0], 10**9).network.state_dict()
    treated = quantizer[1].network.state_dict()
    changed = {name for name, values in treated.items() if not torch.equal(values, uncorrected[name])}
    sizes = [treated[name.replace(".bias", ".weight")].numel() for name in changed]
    assert len(sizes) > 3
    assert all(size >= smallest for size in sizes)


def test_where_nothing_helps_the_best_is_left(
    shop: Workshop, quantizer: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, shop, quantizer, lambda job: 0.3 if len(job.keep_float) == 2 else 0.5)
    found = attempt(shop, tmp_path)
    assert found.failures
    assert len(found.tries) > 7
    assert [folder.name for folder in tmp_path.iterdir()] == [found.folder.name]
    assert sum(row.spared_as == "float" for row in found.layers) == 2


def test_another_contract_inside_is_no_artifact(
    shop: Workshop, quantizer: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, shop, quantizer, lambda job: 0.0)
    other = shop.contract("fp16")
    real = onnx_format.save
    monkeypatch.setattr(onnx_format, "save", lambda job: real(Job(**{**vars(job), "contract": other})))
    assert any("contract inside the file" in wrong for wrong in attempt(shop, tmp_path).failures)


def test_a_converter_that_gives_up_is_a_named_error(
    shop: Workshop, quantizer: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(job: Job) -> Path:
        raise KeyError("aten.unheard_of\nand more")

    monkeypatch.setattr(onnx_format, "save", save)
    with pytest.raises(ConversionFailed, match=r"onnx int8-weights because of unheard_of \(KeyError"):
        attempt(shop, tmp_path)


def test_rank_damage_of_a_real_file(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights with four levels, as from a broken quantizer, do not get past the gate."""
    real = onnx_format.save

    def save(job: Job) -> Path:
        path = real(Job(**{**vars(job), "precision": FP32}))
        model = onnx.load(path)
        for entry in model.graph.initializer:
            values = numpy_helper.to_array(entry)
            if values.ndim > 1:
                step = max(float(np.abs(values).max()), 1e-9) / 2
                rough = (np.round(values / step) * step).astype(values.dtype)
                entry.CopyFrom(numpy_helper.from_array(rough, entry.name))
        onnx.save(model, path)
        return path

    floats = {each: FORMATS["onnx"].writers[each] for each in (FP32, FP16)}
    monkeypatch.setitem(FORMATS, "onnx", replace(FORMATS["onnx"], writers=floats))
    monkeypatch.setattr(onnx_format, "save", save)
    with pytest.raises(ExportMismatch, match=r"a score is .* away .*out\.report; --allow-drift"):
        export(tiny_checkpoint, tmp_path / "out", precision="fp16", options=Options(timing=False))
    assert not (tmp_path / "out").exists()
    assert (tmp_path / "out.report" / "report.json").is_file()
