"""The head ``photo``, from pictures in folders to its figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from safetensors.torch import load_file

from mobileiqa_bench.scenes import Pixels
from mobileiqa_export.checkpoint import save_checkpoint
from mobileiqa_export.student import StudentConfig, build_student
from training.cli import commands, photo
from training.errors import FeatureCacheError
from training.photo_head import PHOTOGRAPHS_SHARE, fit_photo_head, photo_answers
from training.picture_files import pictures_in
from training.picture_moments import PictureCache, read_moments
from training.side_head import SideHeadSettings

MEAN, STD = np.full(4, 2.0, np.float32), np.full(4, 3.0, np.float32)
SETTINGS = SideHeadSettings(hidden=4, epochs=60, batch=32, rate=0.02, dropout=0.0)


def corner(pixels: Pixels) -> np.ndarray:
    """Stands in for a network: a picture's size and the red of its first pixel."""
    return np.array([*pixels.shape[:2], pixels[0, 0, 0]], np.float32)


def levels(pixels: Pixels) -> np.ndarray:
    """Stands in for a network with 3,456 moments: how many levels of red there are, few in flat pictures."""
    return np.full(3456, len(np.unique(pixels[..., 0])) / 25 - 4, np.float32)


def test_pictures_are_found_below_folders_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "b" / "deep").mkdir(parents=True)
    (tmp_path / "a").mkdir()
    files = [tmp_path / "b" / "deep" / "one.PNG", tmp_path / "a" / "two.jpg", tmp_path / "b" / "notes.txt"]
    for file in files:
        file.touch()
    assert pictures_in([tmp_path / "b", tmp_path / "a"]) == [files[1], files[0]]


def test_a_cache_holds_pictures_as_they_are_or_treated(tmp_path: Path, scenes: list[Path]) -> None:
    paths = tuple(scenes)
    plain = PictureCache(tmp_path / "plain", paths, "made", 4096)
    treated = PictureCache(tmp_path / "treated", paths, "made", 4096, treatment=0)
    other = PictureCache(tmp_path / "other", paths, "made", 4096, treatment=1)
    assert [cache.fill(corner) for cache in (plain, treated, other)] == [12, 12, 12]
    assert plain.fill(corner) == 0
    rows = read_moments([tmp_path / "plain"], "made")
    assert (rows[:, :2] == 64).all()  # shrunk from 96 to the 4,096 pixels of the budget
    assert not np.array_equal(rows, read_moments([tmp_path / "treated"], "made"))
    assert not np.array_equal(
        read_moments([tmp_path / "other"], "made"), read_moments([tmp_path / "treated"], "made")
    )
    assert len(read_moments([tmp_path / "plain", tmp_path / "treated"], "made")) == 24


def test_a_cache_refuses_what_it_was_not_made_from(tmp_path: Path, scenes: list[Path]) -> None:
    folder = tmp_path / "cache"
    paths = tuple(scenes[:3])
    PictureCache(folder, paths, "made", 4096).fill(corner)
    others = (
        PictureCache(folder, paths[::-1], "made", 4096),
        PictureCache(folder, paths, "made", 4095),
        PictureCache(folder, paths, "made", 4096, treatment=0),
        PictureCache(folder, paths, "another", 4096),
    )
    for other in others:
        with pytest.raises(FeatureCacheError, match="differ"):
            other.fill(corner)
    with pytest.raises(FeatureCacheError, match="weights"):
        read_moments([folder], "another")


def test_photographs_are_answered_by_one_and_others_by_zero() -> None:
    generator = np.random.default_rng(0)
    photographs = generator.normal(4.0, 1.0, (300, 4)).astype(np.float32)
    others = generator.normal(0.0, 1.0, (30, 4)).astype(np.float32)
    state = fit_photo_head(photographs, others, MEAN, STD, SETTINGS)
    assert (photo_answers(state, photographs, MEAN, STD) > 0.5).mean() > 0.99
    assert (photo_answers(state, others, MEAN, STD) < 0.5).mean() > 0.99
    assert photo_answers(state, others, MEAN, STD).shape == (30,)


def test_photographs_have_their_share_of_the_weight_however_many_there_are() -> None:
    alike = np.full((300, 4), 2.0, np.float32)
    state = fit_photo_head(alike, alike[:30], MEAN, STD, replace(SETTINGS, batch=330, epochs=400, decay=0.0))
    assert photo_answers(state, alike[:1], MEAN, STD)[0] == pytest.approx(PHOTOGRAPHS_SHARE, abs=0.03)


def test_the_commands_lead_from_drawn_pictures_to_figures(
    tmp_path: Path, scenes: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Exporting a network takes half a minute, and any numbers that tell scenes from flat pictures do.
    monkeypatch.setattr(photo, "Extractor", lambda student, backbone, threads: levels)
    torch.manual_seed(0)
    config = StudentConfig(arch="moments", backbone="mobilenetv3-large-minimalistic", hidden=4, views=2)
    checkpoint = tmp_path / "student.safetensors"
    save_checkpoint(checkpoint, build_student(config), config)
    drawn, head = tmp_path / "drawn", tmp_path / "photo.safetensors"
    run(
        "no-photo-pictures", "--out", drawn, "--each", 3, "--first", 7, "--kind", "plain", "--kind", "misfire"
    )
    names = sorted(file.name for file in drawn.rglob("*.png"))
    assert names == [f"{kind}-{seed:04d}.png" for kind in ("misfire", "plain") for seed in (7, 8, 9)]
    assert Image.open(drawn / "plain" / "plain-0008.png").mode == "RGB"
    extract = ("picture-features", "--checkpoint", checkpoint, "--max-pixels", 10_000)
    run(*extract, "--pictures", drawn, "--cache", tmp_path / "others")
    run(*extract, "--pictures", scenes[0].parent, "--cache", tmp_path / "photographs")
    arguments = ("--photographs", tmp_path / "photographs", "--others", tmp_path / "others", "--out", head)
    text = run(
        "fit-photo", "--checkpoint", checkpoint, *arguments, "--set", "hidden=5", "--set", "epochs=300"
    )
    assert "12 photographs" in text
    assert "6 other" in text
    assert load_file(head)["hidden.weight"].shape == (5, 3456)
    text = run(
        "photo-figures",
        *("--checkpoint", checkpoint, "--head", head),
        *("--features", tmp_path / "photographs", "--features", tmp_path / "others"),
    )
    assert "photographs: 100.00% of 12" in text
    assert "others: 0.00% of 6" in text


def run(*arguments: object) -> str:
    result = CliRunner().invoke(commands, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output
