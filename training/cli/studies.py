"""``ablate``, ``ablate-heads`` and ``ablate-teachers``: what the parts of the recipe are worth."""

from __future__ import annotations

import time
from pathlib import Path

import click
import numpy as np

from ..ablation import ablate
from ..backbone_file import read_backbone_weights
from ..errors import TrainingError
from ..features import fingerprint, frozen_backbone
from ..head import HeadSettings
from ..head_kinds import HEAD_KINDS, HeadKindSettings, compare, extract_taps
from ..settings import settings_from
from ..teaching import TeachingData, study
from ..training_set import rated_photos, read_training_set
from .options import STDERR, backbone_option, biq2021_option, cache_option, changes_option


@click.command("ablate")
@biq2021_option
@backbone_option
@cache_option
@changes_option
def ablate_command(biq2021: Path, backbone_file: Path, cache: Path, changes: tuple[str, ...]) -> None:
    """Train heads on parts of the features, otherwise alike, and compare them on validation."""
    settings = settings_from(HeadSettings, changes)
    weights = fingerprint(read_backbone_weights(backbone_file))
    plain, mirrored, mos, part = read_training_set(
        biq2021, cache, weights, validation=settings.validation, seed=settings.seed
    )
    click.echo("| head | inputs | weights | SRCC | PLCC |\n|---|--:|--:|--:|--:|")
    for result in ablate(plain, mirrored, mos, part, settings):
        click.echo(
            f"| {result.variant.name} | {result.inputs:,} | {result.weights:,} "
            f"| {result.srcc:.4f} | {result.plcc:.4f} |"
        )


@click.command("ablate-heads")
@biq2021_option
@backbone_option
@click.option(
    "--head", "names", multiple=True, type=click.Choice(list(HEAD_KINDS)), help="Repeatable. Default: all."
)
@changes_option
def ablate_heads_command(
    biq2021: Path, backbone_file: Path, names: tuple[str, ...], changes: tuple[str, ...]
) -> None:
    """Train the published blocks and heads on moments alike, on the same taps, and compare them."""
    settings = settings_from(HeadKindSettings, changes)
    photos, mos, part = rated_photos(biq2021, settings.validation, settings.seed)
    if not settings.batch <= settings.learn <= len(part.learn):
        raise TrainingError(
            f"learn={settings.learn} is not between the batch of {settings.batch} and the "
            f"{len(part.learn)} photos that can train the weights"
        )
    drawn = np.sort(np.random.default_rng(settings.seed).permutation(part.learn)[: settings.learn])
    network = frozen_backbone(read_backbone_weights(backbone_file))
    began = time.monotonic()
    learn, validate = (
        extract_taps(network, [photos[row].path for row in rows], settings.side)
        for rows in (drawn, part.validate)
    )
    seconds = time.monotonic() - began
    STDERR.step(f"taps of {len(drawn) + len(part.validate)} photos in {seconds:.0f} s")
    side = settings.side
    click.echo(
        f"| head | rate | weights | MACs at {side} | MACs at {2 * side} | epoch | SRCC | PLCC |\n"
        "|---|--:|--:|--:|--:|--:|--:|--:|"
    )
    kinds = [HEAD_KINDS[name] for name in names or HEAD_KINDS]
    opinions = mos[drawn], mos[part.validate]
    for result in compare(kinds, (learn, validate), opinions, settings, STDERR):
        macs = " | ".join(f"{count / 1e6:.1f} M" for count in result.macs)
        click.echo(
            f"| {result.kind.title} | {result.rate:g} | {result.weights:,} | {macs} "
            f"| {result.epoch} | {result.srcc:.4f} | {result.plcc:.4f} |"
        )


@click.command("ablate-teachers")
@biq2021_option
@backbone_option
@cache_option
@click.option("--teachers", default=5, show_default=True, type=click.IntRange(2), help="Heads to average.")
@click.option(
    "--students", default=2, show_default=True, type=click.IntRange(1), help="Heads that each lesson trains."
)
@changes_option
def ablate_teachers_command(
    biq2021: Path, backbone_file: Path, cache: Path, teachers: int, students: int, changes: tuple[str, ...]
) -> None:
    """Train heads with other seeds, and heads taught by them; compare all on validation."""
    if students > teachers:
        raise click.BadParameter("must not be more than --teachers", param_hint="--students")
    settings = settings_from(HeadSettings, changes)
    weights = fingerprint(read_backbone_weights(backbone_file))
    photos = read_training_set(biq2021, cache, weights, validation=settings.validation, seed=settings.seed)
    click.echo("| head | SRCC | its range | PLCC |\n|---|--:|--:|--:|")
    for result in study(TeachingData(*photos, settings), teachers, students):
        span = f"{min(result.runs):.4f} to {max(result.runs):.4f}" if len(result.runs) > 1 else ""
        click.echo(f"| {result.title} | {result.srcc:.4f} | {span} | {result.plcc:.4f} |")
