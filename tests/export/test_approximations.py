"""Approximations: what they compute, which level is chosen, and that nothing about them is silent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn
from torch.nn import functional as F

from mobileiqa_export import approximations
from mobileiqa_export.approximations import APPROXIMATIONS, Approximation, approximate
from mobileiqa_export.approximations.sampled_lda import (
    SampledLDA,
    sample_lda,
    sampled_bins,
    strides_for,
)
from mobileiqa_export.blocks.lda import LocalDistortionAware
from mobileiqa_export.checkpoint import save_checkpoint
from mobileiqa_export.cli import command
from mobileiqa_export.errors import ApproximationFailed
from mobileiqa_export.exporter import export, export_matrix
from mobileiqa_export.formats.tflite_layout import channels_last
from mobileiqa_export.formats.tflite_sampled import ChannelsLastSampledLDA
from mobileiqa_export.options import Options
from mobileiqa_export.reference import on_pixels
from mobileiqa_export.rewrite import PassResult, lda_streaming, rewrite
from mobileiqa_export.rewrite.lda_streaming import StreamedLDA
from mobileiqa_export.rewrite.pooling import bins
from mobileiqa_sdk import Scorer
from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.progress import SILENT
from mobileiqa_sdk.verification import replay_golden

from .conftest import SMALL, TINY, filled
from .formulas import formula_image


def block(height: int, width: int, grid: int = 6) -> StreamedLDA:
    """An exact block with random weights, in float64."""
    torch.manual_seed(0)
    return StreamedLDA.of(LocalDistortionAware(3, 10, 8, grid).double().eval(), height, width)


@pytest.mark.parametrize("stride", [1, 2, 3, 5])
@pytest.mark.parametrize("length", [30, 37, 64])
def test_samples_of_a_bin_lie_in_it(length: int, stride: int) -> None:
    positions = np.arange(length)[(stride - 1) // 2 :: stride]
    for (start, end), (a, b) in zip(bins(length, 6), sampled_bins(length, 6, stride), strict=True):
        np.testing.assert_array_equal(positions[a:b], positions[(positions >= start) & (positions < end)])
        assert a < b


@pytest.mark.parametrize(
    ("size", "samples", "strides"),
    [
        ((616, 954), 2, (13, 21)),
        ((616, 954), 4, (7, 9)),
        ((308, 477), 4, (3, 5)),
        ((308, 477), 8, (1, 1)),
        ((77, 120), 2, (1, 1)),
    ],
)
def test_strides_are_odd_and_leave_enough_samples(
    size: tuple[int, int], samples: int, strides: tuple[int, int]
) -> None:
    exact = block(*size, grid=22)
    assert strides_for(exact, samples) == strides
    for length, stride in zip(size, strides, strict=True):
        assert stride == 1 or min(b - a for a, b in sampled_bins(length, 22, stride)) >= samples


@pytest.mark.parametrize("strip_bytes", [3_000, 20_000_000])
@pytest.mark.parametrize("strides", [(1, 1), (3, 5), (6, 1)])
def test_a_map_that_is_even_within_each_bin_is_pooled_exactly(
    strides: tuple[int, int], strip_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lda_streaming, "STRIP_BYTES", strip_bytes)
    exact = block(36, 60)
    x = torch.rand(2, 3, 6, 6, dtype=torch.float64).repeat_interleave(6, 2).repeat_interleave(10, 3)
    torch.testing.assert_close(SampledLDA(exact, strides)(x), exact(x), rtol=0, atol=1e-12)


def test_every_position_taken_is_the_exact_block() -> None:
    exact = block(37, 64)
    x = torch.rand(2, 3, 37, 64, dtype=torch.float64)
    torch.testing.assert_close(SampledLDA(exact, (1, 1))(x), exact(x), rtol=0, atol=1e-12)


def test_the_estimate_is_the_sampled_mean_with_the_mean_of_all_positions_as_control() -> None:
    """Written anew, position by position."""
    height, width, (down, right) = 37, 64, (3, 5)
    exact = block(height, width)
    x = torch.rand(1, 3, height, width, dtype=torch.float64)
    weight, bias = exact.weight[:, :-1], exact.weight[:, -1]

    def wide(values: Tensor) -> Tensor:
        return F.gelu(values @ weight.T + bias)

    expected = torch.empty(8, 6, 6, dtype=torch.float64)
    for row, (a, b) in enumerate(bins(height, 6)):
        for column, (c, d) in enumerate(bins(width, 6)):
            every = x[0, :, a:b, c:d].flatten(1).T
            seen = torch.stack(
                [x[0, :, y, z] for y in range(a, b) if y % down == 1 for z in range(c, d) if z % right == 2]
            )
            pooled = wide(seen).mean(0) + wide(every.mean(0)) - wide(seen.mean(0))
            expected[:, row, column] = exact.project @ pooled + exact.bias.flatten()
    sampled = SampledLDA(exact, (down, right))
    torch.testing.assert_close(sampled(x)[0], expected, rtol=0, atol=1e-12)


def test_the_correction_brings_the_estimate_nearer() -> None:
    exact = block(60, 96)
    x = torch.from_numpy(formula_image(60, 96, 1)).permute(2, 0, 1)[None].double() / 64
    sampled = SampledLDA(exact, (5, 5))
    plain = sampled.sampled(x[:, :, 2::5, 2::5])
    assert (sampled(x) - exact(x)).norm() < 0.7 * (plain - exact(x)).norm()


def test_a_network_is_sampled_where_its_maps_are_large() -> None:
    network = rewrite(filled(SMALL), SMALL).network
    result = sample_lda(network, 4)
    assert result.changed
    blocks = [network.get_submodule(f"LDA{index}") for index in range(1, 6)]
    assert [getattr(block, "strides", None) for block in blocks] == [(3, 3), None, None, None, None]


@pytest.mark.parametrize(("config", "samples"), [(TINY, 2), (SMALL, 40)])
def test_a_network_that_cannot_be_sampled_says_why(config: object, samples: int) -> None:
    result = sample_lda(rewrite(filled(config), config).network, samples)  # type: ignore[arg-type]
    assert (result.changed, bool(result.reason)) == (False, True)


def test_channels_last_is_the_same_function() -> None:
    network = rewrite(filled(SMALL), SMALL).network.double()
    assert sample_lda(network, 4).changed
    twin = channels_last(network)
    pixels = torch.from_numpy(np.stack([formula_image(*SMALL.input_size, seed) for seed in (1, 2)]))
    kinds = {type(module) for module in twin.modules()}
    assert ChannelsLastSampledLDA in kinds
    assert not kinds & {SampledLDA, StreamedLDA}
    with torch.inference_mode():
        torch.testing.assert_close(twin(pixels), network(pixels), rtol=0, atol=1e-9)


class Answer(nn.Module):
    """Answers a network's score, moved by a fixed amount where the picture is bright."""

    def __init__(self, move: float, flip: bool = False) -> None:
        super().__init__()
        self.move, self.sign = nn.Parameter(torch.tensor(move)), -1.0 if flip else 1.0

    def forward(self, pixels: Tensor) -> Tensor:
        return 0.5 + self.sign * 0.4 * (pixels[:, :1].float().mean() / 255 - 0.5) + self.move


IMAGES = [np.full((32, 32, 3), grey, np.uint8) for grey in range(0, 250, 10)]
EXACT = Answer(0.0)
REFERENCE = [on_pixels(EXACT)(image) for image in IMAGES]


def levels_of(**moves: Answer) -> Approximation:
    """An approximation whose levels answer as given; a level that is not given changes nothing."""
    answers = {int(name[1:]): answer for name, answer in moves.items()}

    def run(network: nn.Module, level: int) -> PassResult:
        if level not in answers:
            return PassResult(network, changed=False, reason="nothing to do")
        return PassResult(answers[level], changed=True)

    return Approximation("samples", (2, 3, 4, 6), run, "level {level}")


def choose(approximation: Approximation) -> approximations.Approximated:
    return approximate(approximation, EXACT, IMAGES, REFERENCE, SILENT)


def test_the_coarsest_level_that_passes_is_chosen() -> None:
    chosen = choose(levels_of(_2=Answer(5.2e-3), _3=Answer(4.8e-3), _4=Answer(0.0)))
    assert (chosen.chosen.level, chosen.note) == (3, "level 3")
    assert [(level.level, not level.failures) for level in chosen.levels] == [
        (2, False),
        (3, True),
        (4, True),
    ]
    assert [level.max_difference for level in chosen.levels] == pytest.approx([5.2e-3, 4.8e-3, 0], abs=1e-6)
    assert on_pixels(chosen.network)(IMAGES[0]) == pytest.approx(REFERENCE[0] + 4.8e-3, abs=1e-6)
    assert all(level.time > 0 for level in chosen.levels)


def test_a_level_that_ranks_otherwise_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approximations.choice, "MAX_DIFFERENCE", 0.99)
    assert choose(levels_of(_2=Answer(0.0, flip=True), _3=Answer(0.1))).chosen.level == 3


def test_the_ranking_must_be_kept_more_closely_than_the_gate_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approximations.choice, "MIN_SRCC", 1.1)
    with pytest.raises(ApproximationFailed, match="SRCC"):
        choose(levels_of(_2=Answer(0.0)))


def test_if_no_level_passes_the_finest_says_why() -> None:
    with pytest.raises(ApproximationFailed, match=r"6\.0e-03"):
        choose(levels_of(_2=Answer(0.2), _3=Answer(6e-3)))


def test_an_approximation_that_changes_nothing_is_refused() -> None:
    with pytest.raises(ApproximationFailed, match="nothing to do"):
        choose(levels_of())


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint") / "small.safetensors"
    save_checkpoint(path, filled(SMALL), SMALL, name="small", version="1", licence="MIT")
    return path


OPTIONS = Options(approximate="samples", timing=False)


@pytest.mark.parametrize("file_format", ["onnx", "tflite", "coreml"])
def test_an_approximated_artifact_says_so(file_format: str, checkpoint: Path, tmp_path: Path) -> None:
    report = export(checkpoint, tmp_path / "out", file_format=file_format, options=OPTIONS)
    assert report.approximated is not None
    assert report.verdict.passed
    assert 1e-7 < (report.verdict.drift.max_difference or 0) <= 5e-3
    contract = ModelContract.from_json((tmp_path / "out" / "contract.json").read_text(), "contract.json")
    level = report.approximated.chosen.level
    assert f"at least {level} x {level}" in contract.precision.note
    assert contract.golden.tolerance == pytest.approx(1e-4 + 5e-3)
    assert report.steps[-1].name == "approximate: samples"
    assert report.steps[-1].cost.macs < report.steps[-2].cost.macs
    values = json.loads((tmp_path / "out" / "report.json").read_text())["approximation"]
    assert (values["name"], values["level"], values["note"]) == ("samples", level, report.approximated.note)
    passed = [row["level"] for row in values["levels"] if row["passed"]]
    assert passed[0] == level
    assert "## Approximation: samples" in (tmp_path / "out" / "report.md").read_text()


def test_an_approximated_artifact_replays_its_golden_image(checkpoint: Path, tmp_path: Path) -> None:
    export(checkpoint, tmp_path / "out", options=OPTIONS)
    replay = replay_golden(Scorer(tmp_path / "out", threads=1))
    assert replay.passed
    assert replay.difference > 0


def test_integers_are_made_from_the_approximated_network(checkpoint: Path, tmp_path: Path) -> None:
    outcomes = export_matrix(
        checkpoint, tmp_path, file_formats=["onnx"], precisions=["fp32", "int8-static"], options=OPTIONS
    )
    assert [outcome.error for outcome in outcomes] == [None, None]
    names = ["small-onnx-fp32-samples", "small-onnx-int8-static-samples"]
    assert [outcome.folder.name for outcome in outcomes] == names
    rows = json.loads((tmp_path / "index.json").read_text())
    assert [row["approximation"] for row in rows["artifacts"]] == ["samples", "samples"]
    assert "server, and the reference" not in rows["recommended"]
    assert "approximated: samples" in (tmp_path / "index.html").read_text()


def test_an_approximated_fp32_is_timed_against_the_exact_one(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[float] = []

    def measure(fp32: Path, best: Path) -> None:
        compared.extend(Scorer(file, threads=1).contract.golden.tolerance for file in (fp32, best))

    monkeypatch.setattr("mobileiqa_export.artifact.measure_against", measure)
    report = export(checkpoint, tmp_path / "out", options=replace(OPTIONS, timing=True))
    assert compared == pytest.approx([1e-4, 5.1e-3])
    assert report.fp32_bytes is not None
    assert report.compared_with == "exact fp32"


def test_the_command(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["--checkpoint", str(checkpoint), "--approximate", "samples", "--no-timing"]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    assert "approximated by samples, level " in result.stdout
    assert (tmp_path / "small-onnx-samples" / "model.onnx").is_file()


def test_a_network_without_local_blocks_is_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    arguments = ["--checkpoint", str(tiny_checkpoint), "--approximate", "samples"]
    result = CliRunner().invoke(command, [*arguments, "-o", str(tmp_path / "out")])
    assert isinstance(result.exception, ApproximationFailed)
    assert not (tmp_path / "out").exists()


def test_every_approximation_has_a_name_and_levels_from_coarse_to_fine() -> None:
    for name, approximation in APPROXIMATIONS.items():
        assert approximation.name == name
        assert list(approximation.levels) == sorted(approximation.levels)
        assert "{level}" in approximation.note
