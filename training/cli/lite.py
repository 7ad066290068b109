"""The commands that make a student on EfficientNet-Lite: ``lite-features`` to ``lite-evaluate``."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
import numpy as np
import torch

from mobileiqa_bench.evaluation.agreement import srcc
from mobileiqa_bench.evaluation.datasets import RatedPhoto
from mobileiqa_bench.evaluation.datasets.biq2021 import read_split

from ..anchors import fill_ladders, read_ladders
from ..closed_form import Normal, leave_one_out
from ..efficientnet_lite import MEMBERS
from ..efficientnet_lite_file import SHA256, read_lite_weights
from ..evaluation import evaluate
from ..features import fingerprint
from ..finetune import FinetuneSettings, Rated
from ..ladders import read_photographs
from ..lite_features import LiteCache, lite_moments
from ..lite_finetune import SIZE, LiteFinetuning, score_photos
from ..lite_head import HeadWeights, anchor_sums, fit_head
from ..lite_student import load_lite_student, save_lite_student, with_head
from ..partition import hold_out
from ..settings import settings_from
from ..training_set import rated_photos
from .options import (
    EXISTING,
    NEW,
    STDERR,
    biq2021_option,
    cache_option,
    changes_option,
    checkpoint_option,
    out_option,
    photographs_option,
)

member_option = click.option(
    "--member", default="efficientnet-lite0", show_default=True, type=click.Choice(list(MEMBERS))
)
lite_file_option = click.option(
    "--backbone-file", required=True, type=EXISTING, help="The .pth file of the member's PyPI package."
)
threads_option = click.option("--threads", default=1, show_default=True, type=click.IntRange(1))
PHOTOGRAPHS = (".jpg", ".jpeg", ".png")
FAST, HIGH = 512 * 512, 1200 * 1900
LICENCE = "Apache-2.0"


@click.command("lite-features")
@biq2021_option
@lite_file_option
@member_option
@click.option("--cache", required=True, type=NEW, help="Folder for features (0.3 GB for each budget).")
@click.option(
    "--split", "splits", multiple=True, default=("test", "train"), type=click.Choice(["train", "test"])
)
@click.option("--max-pixels", default=FAST, show_default=True, type=click.IntRange(1024))
@threads_option
def lite_features_command(
    biq2021: Path,
    backbone_file: Path,
    member: str,
    cache: Path,
    splits: tuple[str, ...],
    max_pixels: int,
    threads: int,
) -> None:
    """Extract moments of EfficientNet-Lite from photos that keep their aspect.

    May be stopped and repeated at any time: finished shards are kept.
    """
    torch.set_num_threads(threads)
    weights = read_lite_weights(backbone_file, member)
    network = lite_moments(member, weights)
    for split in splits:
        photos = read_split(biq2021, split)
        shards = _cache(cache, split, photos, member, fingerprint(weights), max_pixels)
        extracted = shards.fill([photo.path for photo in photos], network, STDERR)
        click.echo(f"{split}: {extracted} of {len(photos)} photos extracted")


@click.command("lite-ladders")
@lite_file_option
@member_option
@photographs_option
@click.option("--cache", required=True, type=NEW, help="Folder for the ladders, one file a photograph.")
@click.option("--budget", "budgets", multiple=True, default=(FAST, HIGH), type=click.IntRange(1024))
@threads_option
def lite_ladders_command(
    backbone_file: Path,
    member: str,
    folders: tuple[Path, ...],
    cache: Path,
    budgets: tuple[int, ...],
    threads: int,
) -> None:
    """Extract moments of photographs without and with faults, and of pictures that show nothing.

    May be stopped and repeated at any time: finished photographs are kept.
    """
    torch.set_num_threads(threads)
    network = lite_moments(member, read_lite_weights(backbone_file, member))
    files = (file for folder in folders for file in folder.rglob("*"))
    photographs = sorted(file for file in files if file.suffix.lower() in PHOTOGRAPHS)
    extracted = fill_ladders(cache, photographs, network, budgets, STDERR)
    click.echo(f"{extracted} of {len(photographs)} photographs extracted")


@click.command("lite-head")
@biq2021_option
@lite_file_option
@member_option
@cache_option
@click.option("--ladders", type=EXISTING, help="Folder that `lite-ladders` filled.")
@out_option
@changes_option
def lite_head_command(
    biq2021: Path,
    backbone_file: Path,
    member: str,
    cache: Path,
    ladders: Path | None,
    out: Path,
    changes: tuple[str, ...],
) -> None:
    """Fit the head in closed form, say how it ranks parts it did not see, and write the student.

    Takes any field of `HeadWeights` as --set name=value.
    """
    settings = settings_from(HeadWeights, changes)
    weights = read_lite_weights(backbone_file, member)
    photos, mos, part = rated_photos(biq2021, FinetuneSettings.validation, FinetuneSettings.seed)
    features = _cache(cache, "train", photos, member, fingerprint(weights), FAST).read()
    rungs = {} if ladders is None else read_ladders(ladders)
    standardiser, head = fit_head(features[part.learn], mos[part.learn], rungs, settings)
    rows = standardiser.apply(features)
    figures = {"validation": srcc(head.score(rows[part.validate]), mos[part.validate])}
    subsets = np.array([photo.subset or "" for photo in photos])
    groups = {str(name): (rows[subsets == name], mos[subsets == name]) for name in np.unique(subsets)}
    sums = {name: Normal.of(*group) for name, group in groups.items()}
    table = leave_one_out(sums, groups, [settings.strength], anchor_sums(rungs, standardiser, settings))
    figures.update({f"without {name}": figure for name, figure in table[settings.strength].items()})
    facts = {
        "licence": LICENCE,
        "backbone_file_sha256": SHA256[member],
        "data": "BIQ2021, official training split",
        "ladders": len(rungs),
        "settings": msgspec.to_builtins(settings),
        "srcc": figures,
    }
    save_lite_student(out, with_head(member, weights, standardiser, head), facts)
    click.echo(f"{out}: SRCC " + ", ".join(f"{name} {figure:.4f}" for name, figure in figures.items()))


@click.command("lite-finetune")
@biq2021_option
@click.option("--start", required=True, type=EXISTING, help="Student that `lite-head` wrote.")
@photographs_option
@click.option("--state", required=True, type=NEW, help="File to resume from.")
@out_option
@changes_option
@threads_option
def lite_finetune_command(
    biq2021: Path,
    start: Path,
    folders: tuple[Path, ...],
    state: Path,
    out: Path,
    changes: tuple[str, ...],
    threads: int,
) -> None:
    """Train the whole student on opinions and on ladders of faults.

    May be stopped and repeated at any time: it resumes from --state. Takes any field of
    `FinetuneSettings` that is not about views, dropout, decay or teachers as --set name=value.
    """
    torch.set_num_threads(threads)
    settings = settings_from(FinetuneSettings, changes)
    student, facts = load_lite_student(start)
    photos, mos, part = rated_photos(biq2021, settings.validation, settings.seed)
    learn, validate = (
        Rated([photos[row].path for row in rows], mos[rows]) for rows in (part.learn, part.validate)
    )
    unrated = read_photographs(folders, SIZE)
    finetuning = LiteFinetuning(student, learn, validate, unrated, settings, state)
    finetuning.run(STDERR)
    finetuned = {"settings": settings.to_dict(), "history": finetuning.history, "photographs": len(unrated)}
    save_lite_student(out, finetuning.finished(), {**facts, "finetuned": finetuned})
    click.echo(f"{out}: step {finetuning.step}, {finetuning.history[-1]}")


@click.command("lite-evaluate")
@checkpoint_option
@biq2021_option
@click.option("--max-pixels", default=FAST, show_default=True, type=click.IntRange(1024))
@threads_option
def lite_evaluate_command(checkpoint: Path, biq2021: Path, max_pixels: int, threads: int) -> None:
    """Compare a student's scores of the test photos with MOS, with and without near-duplicates."""
    torch.set_num_threads(threads)
    student, _ = load_lite_student(checkpoint)
    photos = read_split(biq2021, "test")
    paths = [photo.path for photo in photos]
    train = [photo.path for photo in read_split(biq2021, "train")]
    near = hold_out(train, paths, validation=0, seed=0).test_near_duplicates
    scores = score_photos(student, paths, max_pixels)
    figures = evaluate(scores[:, None], photos, near)
    click.echo(
        f"SRCC {figures.agreement.srcc.value:.4f}, without near-duplicates "
        f"{figures.without_near_duplicates.srcc.value:.4f}, "
        + ", ".join(f"{name} {figure:.4f}" for name, figure in figures.subsets.items())
    )


def _cache(
    folder: Path, split: str, photos: list[RatedPhoto], member: str, weights: str, max_pixels: int
) -> LiteCache:
    names = tuple(photo.path.name for photo in photos)
    return LiteCache(folder / f"{member}-{split}-{max_pixels}", names, member, weights, max_pixels)
