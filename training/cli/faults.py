"""The commands that make the head ``faults``, and that put side heads into a student."""

from __future__ import annotations

from pathlib import Path

import click

from ..evaluation import load_moment_student
from ..extractor import Extractor
from ..fault_moments import COMMAND, FaultCache
from ..features import fingerprint
from ..lite_student import FAST
from ..picture_files import PHOTOGRAPHS, pictures_in
from .lite import threads_option
from .options import EXISTING, NEW, STDERR, checkpoint_option, weights_of


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
