"""``backbone``, ``features`` and ``ladders``: what the views learn from."""

from __future__ import annotations

import time
from pathlib import Path

import click

from mobileiqa_bench.evaluation.datasets.biq2021 import read_split

from ..backbone_file import BACKBONE, read_backbone_weights
from ..features import SIDE, fingerprint, frozen_backbone
from ..head import HeadSettings
from ..ladder_features import LADDERS, LadderCache
from ..ladders import LadderSource, better_half, read_photographs
from ..training_set import feature_cache, rated_photos
from .options import (
    NEW,
    STDERR,
    backbone_option,
    backbone_or_student,
    backbone_weights_of,
    biq2021_option,
    first_option,
    photographs_option,
)


@click.command("backbone")
@backbone_option
def backbone_command(backbone_file: Path) -> None:
    """Check that the backbone file is the expected one and can be converted."""
    weights = read_backbone_weights(backbone_file)
    count = sum(tensor.numel() for tensor in weights.values())
    click.echo(f"{BACKBONE}: {len(weights)} tensors, {count:,} weights, fingerprint {fingerprint(weights)}")


@click.command("features")
@biq2021_option
@backbone_or_student
@click.option("--cache", required=True, type=NEW, help="Folder for features (0.3 GB).")
@first_option
def features_command(
    biq2021: Path, backbone_file: Path | None, checkpoint: Path | None, cache: Path, first: int | None
) -> None:
    """Extract what the head learns from.

    May be stopped and repeated at any time: finished shards are kept.
    """
    weights = backbone_weights_of(backbone_file, checkpoint)
    network = frozen_backbone(weights)
    for part, flipped in (("train", False), ("train", True), ("test", False)):
        photos = read_split(biq2021, part)[: first if part == "train" else None]
        began = time.monotonic()
        extracted = feature_cache(cache, part, photos, fingerprint(weights), flipped).fill(
            [photo.path for photo in photos], network, STDERR
        )
        name = f"{part}, mirrored" if flipped else part
        seconds = time.monotonic() - began
        click.echo(f"{name}: {extracted} of {len(photos)} photos extracted in {seconds:.0f} s")


@click.command("ladders")
@biq2021_option
@backbone_or_student
@photographs_option
@click.option("--cache", required=True, type=NEW, help="Folder for features (0.1 GB).")
@click.option("--count", default=LADDERS, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=HeadSettings.seed, show_default=True, help="The same as for `head`.")
def ladders_command(
    biq2021: Path,
    backbone_file: Path | None,
    checkpoint: Path | None,
    folders: tuple[Path, ...],
    cache: Path,
    count: int,
    seed: int,
) -> None:
    """Extract ladders of faults for the head.

    May be stopped and repeated at any time: finished shards are kept.
    """
    weights = backbone_weights_of(backbone_file, checkpoint)
    photos, mos, part = rated_photos(biq2021, HeadSettings.validation, seed)
    good = better_half([photos[row].path for row in part.learn], mos[part.learn])
    source = LadderSource(good, read_photographs(folders, (SIDE, SIDE)), (SIDE, SIDE))
    ladders = LadderCache(cache / "ladders", fingerprint(weights), seed)
    extracted = ladders.fill(count, source, frozen_backbone(weights), STDERR)
    click.echo(f"{extracted} of {count} ladders extracted")
