"""The commands that make the head ``faults``, and that put side heads into a student."""

from __future__ import annotations

from pathlib import Path

import click
from safetensors.torch import load_file, save_file

from mobileiqa_export.checkpoint import save_checkpoint

from ..evaluation import load_moment_student
from ..extractor import Extractor
from ..fault_head import SETTINGS, fault_agreement, fit_fault_head
from ..fault_moments import COMMAND, FaultCache, read_fault_rows
from ..features import fingerprint
from ..lite_student import FAST
from ..picture_files import PHOTOGRAPHS, pictures_in
from ..settings import settings_from
from ..side_head import SideHeadSettings
from ..side_heads import with_heads
from .lite import threads_option
from .options import (
    EXISTING,
    NEW,
    STDERR,
    changes_option,
    checkpoint_option,
    info_of,
    out_option,
    scale_of,
    weights_of,
)


@click.command(COMMAND)
@checkpoint_option
@click.option(
    "--photographs", "folders", multiple=True, required=True, type=EXISTING, help="Folder of photographs."
)
@click.option("--cache", required=True, type=NEW, help="Folder for the moments.")
@click.option("--max-pixels", default=FAST, show_default=True, type=click.IntRange(1024))
@click.option("--each", default=40, show_default=True, type=click.IntRange(1), help="Pictures of each.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of the faults.")
@threads_option
def fault_features_command(
    checkpoint: Path,
    folders: tuple[Path, ...],
    cache: Path,
    max_pixels: int,
    each: int,
    seed: int,
    threads: int,
) -> None:
    """Extract moments of photographs with random faults.

    May be stopped and repeated at any time: finished shards are kept.
    """
    paths = tuple(pictures_in(folders, PHOTOGRAPHS))
    student, loaded = load_moment_student(checkpoint)
    pictures = FaultCache(cache, paths, fingerprint(weights_of(student)), max_pixels, each, seed)
    extracted = pictures.fill(Extractor(student, loaded.config.backbone, threads), STDERR)
    click.echo(f"{cache}: {extracted} of {len(paths) * each} pictures extracted")


@click.command("fit-faults")
@checkpoint_option
@click.option("--features", multiple=True, required=True, type=EXISTING, help="Folder of `fault-features`.")
@click.option("--held-out", type=EXISTING, help="Likewise, of photographs that only judge the head.")
@out_option
@changes_option
def fit_faults_command(
    checkpoint: Path,
    features: tuple[Path, ...],
    held_out: Path | None,
    out: Path,
    changes: tuple[str, ...],
) -> None:
    """Fit the head that answers how severe each fault is, and write its tensors.

    Takes any field of `SideHeadSettings` as --set name=value.
    """
    settings = settings_from(SideHeadSettings, changes, **SETTINGS)
    student, _ = load_moment_student(checkpoint)
    weights, scale = fingerprint(weights_of(student)), scale_of(student)
    rows = read_fault_rows(features, weights)
    state = fit_fault_head(rows, *scale, settings)
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file(state, out)
    click.echo(f"{out}: fitted to {len(rows.moments)} pictures")
    if held_out is not None:
        for name, figure in fault_agreement(state, read_fault_rows([held_out], weights), *scale).items():
            click.echo(f"{name}: SRCC {figure:.3f}")


@click.command("add-heads")
@checkpoint_option
@click.option("--faults", type=EXISTING, help="File that `fit-faults` wrote.")
@click.option("--photo", type=EXISTING, help="File that `fit-photo` wrote.")
@click.option("--anchor", type=EXISTING, help="File that `fit-anchor` wrote.")
@out_option
@click.option("--model-version", help="Of the written student. Default: the checkpoint's.")
def add_heads_command(
    checkpoint: Path,
    faults: Path | None,
    photo: Path | None,
    anchor: Path | None,
    out: Path,
    model_version: str | None,
) -> None:
    """Let a student also answer faults, and whether a picture is a photograph, at the same score.

    An anchor changes the scores of large photos and of pictures of nothing.
    """
    student, loaded = load_moment_student(checkpoint)
    grown, config = with_heads(
        student,
        loaded.config,
        None if faults is None else load_file(faults),
        None if photo is None else load_file(photo),
        None if anchor is None else load_file(anchor),
    )
    info = info_of(loaded) | ({"version": model_version} if model_version else {})
    out.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(out, grown, config, **info)
    click.echo(str(out))
