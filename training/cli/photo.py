"""The commands that make the head ``photo``, from drawn pictures to figures."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
from safetensors.torch import load_file, save_file

from mobileiqa_sdk.reason import PHOTOGRAPH_FROM

from ..evaluation import load_moment_student
from ..extractor import Extractor
from ..features import fingerprint
from ..lite_student import FAST
from ..no_photos import KINDS, picture
from ..photo_head import SETTINGS, fit_photo_head, photo_answers
from ..picture_files import pictures_in
from ..picture_moments import COMMAND, PictureCache, read_moments
from ..settings import settings_from
from ..side_head import SideHeadSettings
from .lite import threads_option
from .options import (
    EXISTING,
    NEW,
    STDERR,
    changes_option,
    checkpoint_option,
    out_option,
    scale_of,
    weights_of,
)

caches_option = click.option(
    "--features", "caches", multiple=True, required=True, type=EXISTING, help="Folder of `picture-features`."
)


@click.command("no-photo-pictures")
@click.option("--out", required=True, type=NEW, help="Folder for the pictures, with one folder a kind.")
@click.option("--each", default=100, show_default=True, type=click.IntRange(1), help="Pictures of a kind.")
@click.option("--first", default=0, show_default=True, type=click.IntRange(0), help="Seed of the first one.")
@click.option("--kind", "kinds", multiple=True, default=tuple(KINDS), type=click.Choice(list(KINDS)))
def no_photo_pictures_command(out: Path, each: int, first: int, kinds: tuple[str, ...]) -> None:
    """Draw pictures that are not photographs: pages, screens, plots, drawings, surfaces."""
    for kind in kinds:
        (out / kind).mkdir(parents=True, exist_ok=True)
        for seed in range(first, first + each):
            picture(kind, seed).save(out / kind / f"{kind}-{seed:04d}.png", compress_level=1)
    click.echo(f"{out}: {each} pictures of {len(kinds)} kinds")


@click.command(COMMAND)
@checkpoint_option
@click.option(
    "--pictures", "folders", multiple=True, required=True, type=EXISTING, help="Folder of pictures."
)
@click.option("--cache", required=True, type=NEW, help="Folder for their moments.")
@click.option("--max-pixels", default=FAST, show_default=True, type=click.IntRange(1024))
@click.option("--treatment", type=click.IntRange(0), help="Seed of random crops and faults. Default: none.")
@threads_option
def picture_features_command(
    checkpoint: Path,
    folders: tuple[Path, ...],
    cache: Path,
    max_pixels: int,
    treatment: int | None,
    threads: int,
) -> None:
    """Extract moments of the pictures in folders, as they are or treated.

    May be stopped and repeated at any time: finished shards are kept.
    """
    paths = tuple(pictures_in(folders))
    student, loaded = load_moment_student(checkpoint)
    pictures = PictureCache(cache, paths, fingerprint(weights_of(student)), max_pixels, treatment)
    extracted = pictures.fill(Extractor(student, loaded.config.backbone, threads), STDERR)
    click.echo(f"{cache}: {extracted} of {len(paths)} pictures extracted")


@click.command("fit-photo")
@checkpoint_option
@click.option(
    "--photographs", multiple=True, required=True, type=EXISTING, help="Folder of `picture-features`."
)
@click.option(
    "--others", multiple=True, required=True, type=EXISTING, help="Likewise, of pictures that are no photos."
)
@out_option
@changes_option
def fit_photo_command(
    checkpoint: Path,
    photographs: tuple[Path, ...],
    others: tuple[Path, ...],
    out: Path,
    changes: tuple[str, ...],
) -> None:
    """Fit the head that tells photographs from other pictures, and write its tensors.

    Takes any field of `SideHeadSettings` as --set name=value.
    """
    settings = settings_from(SideHeadSettings, changes, **SETTINGS)
    student, _ = load_moment_student(checkpoint)
    weights = fingerprint(weights_of(student))
    shown, drawn = read_moments(photographs, weights), read_moments(others, weights)
    state = fit_photo_head(shown, drawn, *scale_of(student), settings)
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file(state, out)
    click.echo(f"{out}: fitted to {len(shown)} photographs and {len(drawn)} other pictures")


@click.command("photo-figures")
@checkpoint_option
@click.option("--head", required=True, type=EXISTING, help="File that `fit-photo` wrote.")
@caches_option
def photo_figures_command(checkpoint: Path, head: Path, caches: tuple[Path, ...]) -> None:
    """Print, for each folder of moments, the share of pictures that the head takes for photographs."""
    student, _ = load_moment_student(checkpoint)
    weights, state = fingerprint(weights_of(student)), load_file(head)
    for cache in caches:
        values = photo_answers(state, read_moments([cache], weights), *scale_of(student))
        share = float(np.mean(values >= PHOTOGRAPH_FROM))
        click.echo(f"{cache.name}: {share:.2%} of {len(values)} are photographs")
