"""The commands that make a student on EfficientNet-Lite: ``lite-start`` to ``lite-finetune``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec
import numpy as np
import torch

from mobileiqa_bench.evaluation.agreement import srcc
from mobileiqa_bench.evaluation.datasets import RatedPhoto
from mobileiqa_bench.evaluation.datasets.biq2021 import read_split
from mobileiqa_export.checkpoint import LoadedStudent, save_checkpoint
from mobileiqa_export.student import MomentStudent, StudentConfig

from ..anchors import fill_ladders, read_ladders
from ..budgets import read_large
from ..closed_form import Normal, leave_one_out
from ..efficientnet_lite_file import SHA256, read_lite_weights
from ..evaluation import load_moment_student
from ..extractor import Extractor
from ..features import fingerprint
from ..finetune import FinetuneSettings, Rated
from ..ladders import read_photographs
from ..lite_features import LiteCache
from ..lite_finetune import SIZE, LiteFinetuneSettings, LiteFinetuning
from ..lite_head import HeadWeights, anchor_sums, fit_head
from ..lite_student import FAST, HIGH, headless_student, lite_config, set_head
from ..picture_files import PHOTOGRAPHS, pictures_in
from ..settings import settings_from
from ..training_set import rated_photos
from .options import (
    EXISTING,
    NEW,
    STDERR,
    backbone_weights_of,
    biq2021_option,
    cache_option,
    changes_option,
    checkpoint_option,
    info_of,
    out_option,
    photographs_option,
)

threads_option = click.option("--threads", default=1, show_default=True, type=click.IntRange(1))
version_option = click.option("--model-version", default="0.4", show_default=True)
NAME, LICENCE = "mobileiqa-small", "Apache-2.0"


@click.command("lite-start")
@click.option("--backbone-file", required=True, type=EXISTING, help="The .pth file of the PyPI package.")
@click.option("--backbone", default="efficientnet-lite0", show_default=True, type=click.Choice(list(SHA256)))
@click.option("--halved", is_flag=True, help="It sees photos at half their sides.")
@out_option
@version_option
def lite_start_command(
    backbone_file: Path, backbone: str, halved: bool, out: Path, model_version: str
) -> None:
    """Write a student with ImageNet's weights and a head that is still to be fitted."""
    config = lite_config(backbone, halved=halved)
    student = headless_student(config, read_lite_weights(backbone_file, backbone))
    info = {"name": NAME, "version": model_version, "licence": LICENCE}
    training = {"backbone_file_sha256": SHA256[backbone]}
    out.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(out, student, config, **info, training=training)
    click.echo(str(out))


@click.command("lite-features")
@biq2021_option
@checkpoint_option
@click.option("--cache", required=True, type=NEW, help="Folder for features (0.3 GB for each budget).")
@click.option(
    "--split", "splits", multiple=True, default=("test", "train"), type=click.Choice(["train", "test"])
)
@click.option("--max-pixels", default=FAST, show_default=True, type=click.IntRange(1024))
@click.option("--mirrored", is_flag=True, help="Of the photos mirrored left to right.")
@threads_option
def lite_features_command(
    biq2021: Path,
    checkpoint: Path,
    cache: Path,
    splits: tuple[str, ...],
    max_pixels: int,
    mirrored: bool,
    threads: int,
) -> None:
    """Extract moments of rated photos, which keep their aspect.

    May be stopped and repeated at any time: finished shards are kept.
    """
    extract = _extractor(checkpoint, threads)
    for split in splits:
        photos = read_split(biq2021, split)
        shards = _cache(cache, split, photos, checkpoint, max_pixels, mirrored)
        extracted = shards.fill([photo.path for photo in photos], extract, STDERR)
        click.echo(f"{split}: {extracted} of {len(photos)} photos extracted")


@click.command("lite-ladders")
@checkpoint_option
@photographs_option
@click.option("--cache", required=True, type=NEW, help="Folder for the ladders, one file a photograph.")
@click.option("--budget", "budgets", multiple=True, default=(FAST, HIGH), type=click.IntRange(1024))
@threads_option
def lite_ladders_command(
    checkpoint: Path,
    folders: tuple[Path, ...],
    cache: Path,
    budgets: tuple[int, ...],
    threads: int,
) -> None:
    """Extract moments of photographs without and with faults, and of pictures that show nothing.

    May be stopped and repeated at any time: finished photographs are kept.
    """
    photographs = pictures_in(folders, PHOTOGRAPHS)
    extracted = fill_ladders(cache, photographs, _extractor(checkpoint, threads), budgets, STDERR)
    click.echo(f"{extracted} of {len(photographs)} photographs extracted")


@click.command("lite-head")
@biq2021_option
@checkpoint_option
@cache_option
@click.option("--ladders", type=EXISTING, help="Folder that `lite-ladders` filled.")
@out_option
@changes_option
def lite_head_command(
    biq2021: Path,
    checkpoint: Path,
    cache: Path,
    ladders: Path | None,
    out: Path,
    changes: tuple[str, ...],
) -> None:
    """Fit the head in closed form, say how it ranks parts it did not see, and write the student.

    Takes any field of `HeadWeights` as --set name=value.
    """
    settings = settings_from(HeadWeights, changes)
    student, loaded = load_moment_student(checkpoint)
    photos, mos, part = rated_photos(biq2021, FinetuneSettings.validation, FinetuneSettings.seed)
    features = _cache(cache, "train", photos, checkpoint, FAST).read()
    rungs = {} if ladders is None else read_ladders(ladders)
    standardiser, head = fit_head(features[part.learn], mos[part.learn], rungs, settings)
    rows = standardiser.apply(features)
    figures = {"validation": srcc(head.score(rows[part.validate]), mos[part.validate])}
    subsets = np.array([photo.subset or "" for photo in photos])
    groups = {str(name): (rows[subsets == name], mos[subsets == name]) for name in np.unique(subsets)}
    sums = {name: Normal.of(*group) for name, group in groups.items()}
    table = leave_one_out(sums, groups, [settings.strength], anchor_sums(rungs, standardiser, settings))
    figures.update({f"without {name}": figure for name, figure in table[settings.strength].items()})
    fitted = {
        "data": "BIQ2021, official training split",
        "ladders": len(rungs),
        "settings": msgspec.to_builtins(settings),
        "srcc": figures,
    }
    set_head(student, standardiser, head)
    save_student(out, student, loaded, loaded.config, {"head": fitted})
    click.echo(f"{out}: SRCC " + ", ".join(f"{name} {figure:.4f}" for name, figure in figures.items()))


@click.command("lite-finetune")
@biq2021_option
@click.option("--start", required=True, type=EXISTING, help="Student that `lite-head` wrote.")
@photographs_option
@click.option(
    "--large",
    multiple=True,
    type=EXISTING,
    help="Folder of large photographs, which should score alike at both budgets.",
)
@click.option("--state", required=True, type=NEW, help="File to resume from.")
@out_option
@changes_option
@threads_option
def lite_finetune_command(
    biq2021: Path,
    start: Path,
    folders: tuple[Path, ...],
    large: tuple[Path, ...],
    state: Path,
    out: Path,
    changes: tuple[str, ...],
    threads: int,
) -> None:
    """Train the whole student on opinions and on ladders of faults.

    May be stopped and repeated at any time: it resumes from --state. Takes any field of
    `LiteFinetuneSettings` that is not about views, dropout, decay or teachers as --set name=value.
    """
    torch.set_num_threads(threads)
    settings = settings_from(LiteFinetuneSettings, changes)
    student, loaded = load_moment_student(start)
    photos, mos, part = rated_photos(biq2021, settings.validation, settings.seed)
    learn, validate = (
        Rated([photos[row].path for row in rows], mos[rows]) for rows in (part.learn, part.validate)
    )
    unrated = read_photographs(folders, SIZE)
    pairs = read_large(large)
    finetuning = LiteFinetuning(
        student, loaded.config.backbone, learn, validate, unrated, settings, state, pairs
    )
    finetuning.run(STDERR)
    finetuned = {"settings": settings.to_dict(), "history": finetuning.history, "photographs": len(unrated)}
    finetuned["large_photographs"] = len(pairs.photographs)
    save_student(out, finetuning.finished(), loaded, loaded.config, {"finetuned": finetuned})
    click.echo(f"{out}: step {finetuning.step}, {finetuning.history[-1]}")


def save_student(
    out: Path, student: MomentStudent, loaded: LoadedStudent, config: StudentConfig, training: dict[str, Any]
) -> None:
    """Writes a student with the description of the one it was made from, and what was done to it."""
    kept = info_of(loaded)
    kept["training"] = {**kept.get("training", {}), **training}
    out.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(out, student, config, **kept)


def _extractor(checkpoint: Path, threads: int) -> Extractor:
    student, loaded = load_moment_student(checkpoint)
    return Extractor(student, loaded.config.backbone, threads)


def _cache(
    folder: Path,
    split: str,
    photos: list[RatedPhoto],
    checkpoint: Path,
    max_pixels: int,
    mirrored: bool = False,
) -> LiteCache:
    names = tuple(photo.path.name for photo in photos)
    weights = fingerprint(backbone_weights_of(None, checkpoint))
    suffix = "-mirrored" if mirrored else ""
    return LiteCache(folder / f"{split}-{max_pixels}{suffix}", names, weights, max_pixels, mirrored)
