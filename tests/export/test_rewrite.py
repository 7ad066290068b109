"""Every pass is algebra: the network before and after it must agree."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mobileiqa_export.rewrite import (
    OPTIONAL,
    PASSES,
    backbone_streaming,
    cost_of,
    lda_streaming,
    rewrite,
)
from mobileiqa_export.rewrite.bands import Rows, cut
from mobileiqa_export.rewrite.lda_streaming import stream_lda
from mobileiqa_export.rewrite.pooling import bins, pooling_matrix
from mobileiqa_export.rewrite.query_key_folding import fold_query_key
from mobileiqa_export.student import BACKBONES, StudentConfig, build_student, normalise

from .conftest import SMALL, TINY, filled
from .formulas import formula_image

TOLERANCES = [(torch.float64, 1e-9), (torch.float32, 1e-5)]
SIZES = [(197, 230), (128, 192), (131, 257), (333, 64)]
CONFIGS = {"published form": SMALL, "moments": TINY}


@pytest.fixture(autouse=True)
def _small_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bands and strips of a few rows, so that small photos are streamed too."""
    monkeypatch.setattr(backbone_streaming, "WHOLE_BYTES", 0)
    monkeypatch.setattr(backbone_streaming, "BAND_BYTES", 90_000)
    monkeypatch.setattr(lda_streaming, "STRIP_BYTES", 20_000)


def _photo(config: StudentConfig) -> Tensor:
    return torch.from_numpy(formula_image(*config.input_size, 3))[None]


def _score(network: nn.Module, config: StudentConfig, dtype: torch.dtype, *, on_pixels: bool) -> Tensor:
    pixels = _photo(config)
    if not on_pixels:
        spec = BACKBONES[config.backbone]
        # normalise() answers in float32; the float64 comparison needs the same formula in float64.
        mean, std = (torch.tensor(v, dtype=dtype).view(1, 3, 1, 1) for v in (spec.mean, spec.std))
        pixels = (pixels.permute(0, 3, 1, 2).to(dtype) - mean) / std
    with torch.inference_mode():
        out: Tensor = network(pixels)
    return out


@pytest.mark.parametrize(("dtype", "tolerance"), TOLERANCES, ids=["float64", "float32"])
@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("kind", CONFIGS)
def test_each_pass_keeps_the_score(
    kind: str, size: tuple[int, int], dtype: torch.dtype, tolerance: float
) -> None:
    config = StudentConfig.from_dict({**CONFIGS[kind].to_dict(), "input_size": size})
    network: nn.Module = filled(config).to(dtype)
    on_pixels = False
    before = _score(network, config, dtype, on_pixels=False)
    for name, apply in PASSES.items():
        result = apply(deepcopy(network), config)
        assert result.changed == (not result.reason)
        network = result.network
        on_pixels = on_pixels or name == "normalise_input"
        after = _score(network, config, dtype, on_pixels=on_pixels)
        assert after.dtype == dtype
        assert (after - before).abs().max().item() <= tolerance, name
        before = after


def test_the_passes_change_what_they_should() -> None:
    network = rewrite(filled(SMALL), SMALL).network
    kinds = {type(module).__name__ for module in network.modules()}
    assert {"StreamedLDA", "FoldedTokenAttention", "FoldedSpatialAttention", "PixelStem"} <= kinds
    assert {"StreamedStem", "StreamedResidual"} <= kinds
    assert not kinds & {"BatchNorm2d", "LocalDistortionAware", "TokenAttention", "SpatialAttention"}


def test_the_student_itself_stays_as_it_was() -> None:
    student = filled(SMALL)
    before = {key: value.clone() for key, value in student.state_dict().items()}
    rewrite(student, SMALL)
    after = student.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[key], before[key]) for key in before)


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("name", sorted(OPTIONAL & PASSES.keys()))
def test_any_pass_can_be_left_out(name: str, kind: str) -> None:
    config = CONFIGS[kind]
    student = filled(config).double()
    whole = rewrite(student, config)
    less = rewrite(student, config, frozenset({name}))
    changed = {step.name for step in whole.steps if step.changed}
    assert set(whole.removable) == changed - {"normalise_input"}
    assert {step.name for step in less.steps if step.changed} == changed - {name}
    assert next(step.reason for step in less.steps if step.name == name) == "left out"
    scores = [_score(r.network, config, torch.float64, on_pixels=True) for r in (whole, less)]
    torch.testing.assert_close(*scores, rtol=0, atol=1e-9)
    if name in changed:
        assert {type(m) for m in less.network.modules()} != {type(m) for m in whole.network.modules()}


def test_a_pass_that_does_not_apply_says_why() -> None:
    steps = {step.name: step for step in rewrite(filled(TINY), TINY).steps}
    assert steps["normalise_input"].changed
    for name in ("fold_batchnorm", "stream_lda", "fold_gamma", "fold_map_mean", "fold_query_key"):
        assert not steps[name].changed
        assert "the network has no " in steps[name].reason


@pytest.mark.parametrize("name", ["normalise_input", "fold_everything"])
def test_what_cannot_be_left_out(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        rewrite(filled(TINY), TINY, frozenset({name}))


def test_without_rewrites_only_the_input_changes() -> None:
    student = filled(SMALL)
    rewritten = rewrite(student, SMALL, OPTIONAL)
    network, steps = rewritten.network, rewritten.steps
    assert [step.name for step in steps if step.changed] == ["normalise_input"]
    assert {step.reason for step in steps if step.name in OPTIONAL} == {"left out"}
    assert steps[0].cost.parameters == steps[-1].cost.parameters
    reference = student(normalise(_photo(SMALL).permute(0, 3, 1, 2), BACKBONES[SMALL.backbone]))
    torch.testing.assert_close(network(_photo(SMALL)), reference, atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", CONFIGS)
def test_batches_ride_along(kind: str) -> None:
    config = CONFIGS[kind]
    network = rewrite(filled(config), config).network
    photos = torch.cat([_photo(config), 255 - _photo(config)])
    with torch.inference_mode():
        one_by_one = torch.cat([network(photo[None]) for photo in photos])
        torch.testing.assert_close(network(photos), one_by_one, atol=1e-6, rtol=0)


def test_what_the_published_size_saves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures of the table that an export prints, counted on the published student."""
    monkeypatch.undo()
    with torch.device("meta"):
        student = build_student(StudentConfig())
    network: nn.Module = student
    costs = [cost_of(network, torch.empty(1, 3, 1231, 1907, device="meta"))]
    for apply in (fold_query_key, stream_lda):
        network = apply(network, StudentConfig()).network
        costs.append(cost_of(network, torch.empty(1, 3, 1231, 1907, device="meta")))
    published, folded, streamed = costs
    assert published.parameters == 81_477_659
    assert published.largest_activation == 4 * 512 * 616 * 954
    assert folded.parameters < 0.7 * published.parameters
    assert folded.macs < 0.85 * published.macs
    assert streamed.largest_activation == 4 * 64 * 616 * 954


@pytest.mark.parametrize(("length", "count"), [(22, 22), (39, 22), (616, 22), (5, 7), (60, 22), (23, 22)])
def test_pooling_is_adaptive_average_pooling(length: int, count: int) -> None:
    x = torch.rand(1, 3, length, dtype=torch.float64)
    torch.testing.assert_close(x @ pooling_matrix(length, count), F.adaptive_avg_pool1d(x, count))
    assert all(0 <= start < end <= length for start, end in bins(length, count))


def test_bands_cover_every_row_once() -> None:
    assert cut(10, 100, 350) == [Rows(0, 3), Rows(3, 6), Rows(6, 9), Rows(9, 10)]
    assert cut(3, 1000, 1) == [Rows(0, 1), Rows(1, 2), Rows(2, 3)]
