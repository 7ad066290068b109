"""The head ``faults``, from photographs in folders to a student that answers them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from safetensors.torch import load_file

from mobileiqa_bench.evaluation.faults import FAULTS, STEPS
from mobileiqa_bench.scenes import Pixels
from mobileiqa_export.checkpoint import load_student, save_checkpoint
from mobileiqa_export.student import MomentStudent, StudentConfig, build_student
from training import fault_pictures
from training.cli import commands, faults
from training.cli.options import info_of
from training.errors import FeatureCacheError
from training.fault_head import fault_agreement, fit_fault_head
from training.fault_moments import FaultCache, FaultRows, read_fault_rows
from training.fault_pictures import draw_picture, read_large
from training.side_head import SideHeadSettings, answers, standardised
from training.side_heads import with_heads

BUDGET = 64 * 64
CONFIG = StudentConfig(
    "moments",
    "mobilenetv3-large-minimalistic",
    views=2,
    input_size=(64, 64),
    head="linear",
    settings=(("fast", BUDGET),),
)
MEAN, STD = np.zeros(len(FAULTS), np.float32), np.ones(len(FAULTS), np.float32)


def photograph(side: int = 160) -> Pixels:
    """Soft shapes and texture, RGB uint8 [side, side, 3]."""
    generator = np.random.default_rng(5)
    small = generator.integers(40, 216, (12, 12, 3), np.uint8)
    return np.asarray(Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC))


def drawn(seed: int, source: Pixels | None = None) -> fault_pictures.FaultPicture:
    return draw_picture(photograph() if source is None else source, BUDGET, np.random.default_rng(seed))


def student() -> MomentStudent:
    torch.manual_seed(1)
    built = build_student(CONFIG)
    assert isinstance(built, MomentStudent)
    return built.eval()


def levels(pixels: Pixels) -> np.ndarray:
    """Stands in for a network with 3,456 moments: mean and deviation."""
    return np.resize(np.array([pixels.mean() / 64, pixels.std() / 32], np.float32), 3456)


def test_pictures_fit_and_depend_on_nothing_but_the_seed() -> None:
    for seed in range(40):
        picture, again = drawn(seed), drawn(seed)
        height, width = picture.pixels.shape[:2]
        assert fault_pictures.LEAST_SHARE * BUDGET * 0.95 <= height * width <= BUDGET
        assert np.array_equal(picture.pixels, again.pixels)
        assert np.array_equal(picture.severities, again.severities)
        assert ((picture.severities >= 0) & (picture.severities <= 1)).all()
        assert (picture.severities > 0).sum() < len(fault_pictures.HOW_MANY)
        assert (picture.severities[picture.severities > 0] >= 0.05).all()
    assert not np.array_equal(drawn(0).pixels, drawn(1).pixels)


def test_as_many_faults_as_said() -> None:
    small = photograph(32)
    counts = [int((drawn(seed, small).severities > 0).sum()) for seed in range(600)]
    shares = np.bincount(counts, minlength=4) / len(counts)
    assert np.abs(shares - fault_pictures.HOW_MANY).max() < 0.06


def test_a_fault_below_another_is_trusted_less() -> None:
    for seed in range(30):
        picture = drawn(seed)
        present = picture.severities > 0
        assert (picture.weights[~present] == 1).all()
        if present.any():
            assert sorted(picture.weights[present])[-1] == 1
            assert (picture.weights[present] == fault_pictures.EARLIER).sum() == present.sum() - 1


def test_faults_come_in_their_order_or_any(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last one is trusted wholly: with their order kept, always the later one in FAULTS."""
    monkeypatch.setattr(fault_pictures, "HOW_MANY", (0.0, 0.0, 1.0, 0.0))

    def later_is_trusted(seed: int) -> bool:
        picture = drawn(seed)
        return bool(picture.weights[np.flatnonzero(picture.severities)[-1]] == 1)

    monkeypatch.setattr(fault_pictures, "IN_ORDER", 1.0)
    assert all(later_is_trusted(seed) for seed in range(20))
    monkeypatch.setattr(fault_pictures, "IN_ORDER", 0.0)
    assert {later_is_trusted(seed) for seed in range(20)} == {True, False}


def test_a_stronger_fault_is_answered_by_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Severity is the step's share of all steps; the blocks of a shrunk picture are less plain."""
    monkeypatch.setattr(fault_pictures, "HOW_MANY", (0.0, 1.0, 0.0, 0.0))
    monkeypatch.setattr(fault_pictures, "GENTLEST", STEPS)
    monkeypatch.setattr(fault_pictures, "SHRUNK", 0.0)
    assert {float(drawn(seed).severities.max()) for seed in range(12)} == {1.0}
    monkeypatch.setattr(fault_pictures, "SHRUNK", 1.0)
    monkeypatch.setattr(fault_pictures, "LEAST_SHARE", 0.25)
    index = list(FAULTS).index("compression")
    compressed = [picture.severities for picture in map(drawn, range(60)) if picture.severities[index] > 0]
    assert compressed
    assert all(0.39 < severities[index] < 0.81 for severities in compressed)  # 2 of 2.5 to 5 times


def test_large_photographs_are_read_no_larger_than_faults_need(tmp_path: Path) -> None:
    Image.fromarray(photograph(400)).save(tmp_path / "a.png")
    assert read_large(tmp_path / "a.png", BUDGET).shape == (160, 160, 3)
    assert read_large(tmp_path / "a.png", 4 * BUDGET).shape == (320, 320, 3)


def test_a_cache_keeps_rows_and_refuses_others(tmp_path: Path, scenes: list[Path]) -> None:
    paths = tuple(scenes[:3])
    cache = FaultCache(tmp_path / "cache", paths, "made", BUDGET, 4, 0)
    assert cache.fill(levels) == 12
    assert cache.fill(levels) == 0
    rows = read_fault_rows([tmp_path / "cache"], "made")
    assert rows.moments.shape == (12, 3456)
    assert rows.severities.shape == rows.weights.shape == (12, len(FAULTS))
    assert set(np.unique(rows.weights)) <= {fault_pictures.EARLIER, 1.0}
    assert len(np.unique(rows.moments[:, 0])) == 12
    for other in (replace(cache, each=5), replace(cache, seed=1), replace(cache, paths=paths[::-1])):
        with pytest.raises(FeatureCacheError, match="differ"):
            other.fill(levels)
    with pytest.raises(FeatureCacheError, match="weights"):
        read_fault_rows([tmp_path / "cache"], "another")


def test_a_head_learns_each_fault_where_it_is_known() -> None:
    generator = np.random.default_rng(0)
    severities = generator.random((600, len(FAULTS)), np.float32) * (
        generator.random((600, len(FAULTS))) < 0.4
    )
    weights = np.ones_like(severities)
    severities[:, 3], weights[:, 3] = 1.0, 0.0  # never known
    moments = (severities * 4 + generator.normal(0, 0.1, severities.shape)).astype(np.float32)
    rows = FaultRows(moments, severities.astype(np.float32), weights)
    state = fit_fault_head(rows, MEAN, STD, SideHeadSettings(hidden=16, epochs=60, rate=0.02, dropout=0.0))
    agreement = fault_agreement(state, rows, MEAN, STD)
    assert list(agreement) == list(FAULTS)
    assert min(value for name, value in agreement.items() if name != "compression") > 0.9
    assert answers(state, standardised(moments, MEAN, STD))[:, 3].mean() < 0.9


def test_agreement_leaves_out_what_hardly_occurs() -> None:
    severities = np.zeros((4, len(FAULTS)), np.float32)
    severities[:3, list(FAULTS).index("noise")] = [0.2, 0.4, 0.9]
    severities[:2, list(FAULTS).index("overexposure")] = [0.2, 0.4]
    rows = FaultRows(severities, severities, np.ones_like(severities))
    state = fit_fault_head(rows, MEAN, STD, SideHeadSettings(hidden=4, epochs=1))
    assert list(fault_agreement(state, rows, MEAN, STD)) == ["noise"]


def test_side_heads_leave_the_score_as_it_was() -> None:
    before = student()
    state = {"hidden.weight": torch.randn(5, 3456) * 0.01, "hidden.bias": torch.randn(5)}
    eight = state | {"answer.weight": torch.randn(8, 5), "answer.bias": torch.randn(8)}
    one = state | {"answer.weight": torch.randn(1, 5), "answer.bias": torch.randn(1)}
    grown, config = with_heads(before, CONFIG, eight, None)
    both, whole = with_heads(grown, config, None, one)
    assert (config.faults, config.faults_hidden, config.photo_hidden) == (tuple(FAULTS), 5, 0)
    assert (whole.faults, whole.faults_hidden, whole.photo_hidden) == (tuple(FAULTS), 5, 5)
    image = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        score, severities, photo = both(image)
        assert torch.equal(score, before(image))
        assert torch.equal(severities, grown(image)[1])
    assert severities.shape == (1, 8)
    assert photo.shape == (1, 1)
    assert before.faults is None


def test_the_commands_lead_from_photographs_to_a_student(
    tmp_path: Path, scenes: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Exporting a network takes half a minute, and any numbers that change with faults do.
    monkeypatch.setattr(faults, "Extractor", lambda student, backbone, threads: levels)
    start, cache = tmp_path / "start.safetensors", tmp_path / "cache"
    save_checkpoint(start, student(), CONFIG, name="small", version="1", license="MIT")
    extract = ("fault-features", "--checkpoint", start, "--max-pixels", BUDGET, "--each", 5)
    text = run(*extract, "--photographs", scenes[0].parent, "--cache", cache)
    assert "60 of 60 pictures extracted" in text
    fit = ("fit-faults", "--checkpoint", start, "--features", cache, "--held-out", cache)
    head = tmp_path / "faults.safetensors"
    text = run(*fit, "--out", head, "--set", "hidden=6", "--set", "epochs=2")
    assert "fitted to 60 pictures" in text
    assert "noise: SRCC" in text
    assert load_file(head)["answer.weight"].shape == (8, 6)
    out = tmp_path / "made" / "grown.safetensors"
    run("add-heads", "--checkpoint", start, "--faults", head, "--model-version", "2", "--out", out)
    loaded = load_student(out)
    assert loaded.config == replace(CONFIG, faults=tuple(FAULTS), faults_hidden=6)
    assert info_of(loaded) == {"name": "small", "version": "2", "license": "MIT"}


def run(*arguments: object) -> str:
    result = CliRunner().invoke(commands, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output
