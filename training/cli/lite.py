"""``lite-features``: what a head on EfficientNet-Lite learns from."""

from __future__ import annotations

from pathlib import Path

import click
import torch

from mobileiqa_bench.evaluation.datasets.biq2021 import read_split

from ..efficientnet_lite import MEMBERS
from ..efficientnet_lite_file import read_lite_weights
from ..features import fingerprint
from ..lite_features import LiteCache, lite_moments
from .options import EXISTING, NEW, STDERR, biq2021_option

member_option = click.option(
    "--member", default="efficientnet-lite0", show_default=True, type=click.Choice(list(MEMBERS))
)
lite_file_option = click.option(
    "--backbone-file", required=True, type=EXISTING, help="The .pth file of the member's PyPI package."
)


@click.command("lite-features")
@biq2021_option
@lite_file_option
@member_option
@click.option("--cache", required=True, type=NEW, help="Folder for features (0.3 GB for each budget).")
@click.option(
    "--split", "splits", multiple=True, default=("test", "train"), type=click.Choice(["train", "test"])
)
@click.option("--max-pixels", default=512 * 512, show_default=True, type=click.IntRange(1024))
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1))
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
        names = tuple(photo.path.name for photo in photos)
        folder = cache / f"{member}-{split}-{max_pixels}"
        shards = LiteCache(folder, names, member, fingerprint(weights), max_pixels)
        extracted = shards.fill([photo.path for photo in photos], network, STDERR)
        click.echo(f"{split}: {extracted} of {len(photos)} photos extracted")
