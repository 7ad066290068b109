"""``ablate``, ``ablate-heads`` and ``ablate-teachers``: what the parts of the recipe are worth."""

from __future__ import annotations

import time
from pathlib import Path

import click
import numpy as np

from mobileiqa_bench.tables import write_table

from ..ablation import VariantResult, ablate
from ..backbone_file import read_backbone_weights
from ..errors import TrainingError
from ..features import fingerprint, frozen_backbone
from ..head import HeadSettings
from ..head_kinds import HEAD_KINDS, HeadKindResult, HeadKindSettings, compare, extract_taps
from ..settings import settings_from
from ..teaching import TeachingData, TeachingResult, study
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
    rows = []
    for result in ablate(plain, mirrored, mos, part, settings):
        counts = f"{result.inputs:,}", f"{result.weights:,}"
        rows.append((result.variant.name, *counts, *_agreement(result.variant.name, result)))
    click.echo(write_table(("head", "inputs", "weights", "SRCC", "PLCC"), rows, "lrrrr"))


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
    kinds = [HEAD_KINDS[name] for name in names or HEAD_KINDS]
    opinions = mos[drawn], mos[part.validate]
    rows = []
    for result in compare(kinds, (learn, validate), opinions, settings, STDERR):
        macs = (f"{count / 1e6:.1f} M" for count in result.macs)
        name = result.kind.title
        counts = f"{result.rate:g}", f"{result.weights:,}", *macs, str(result.epoch)
        rows.append((name, *counts, *_agreement(name, result)))
    sides = (f"MACs at {side}" for side in (settings.side, 2 * settings.side))
    click.echo(write_table(("head", "rate", "weights", *sides, "epoch", "SRCC", "PLCC"), rows, "lrrrrrrr"))


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
    rows = []
    for result in study(TeachingData(*photos, settings), teachers, students):
        span = f"{min(result.runs):.4f} to {max(result.runs):.4f}" if len(result.runs) > 1 else ""
        srcc, plcc = _agreement(result.title, result)
        rows.append((result.title, srcc, span, plcc))
    click.echo(write_table(("head", "SRCC", "its range", "PLCC"), rows, "lrrr"))


def _agreement(name: str, result: VariantResult | HeadKindResult | TeachingResult) -> tuple[str, str]:
    """Returns SRCC and PLCC as cells; says them at once, as the table comes when all heads are trained."""
    cells = f"{result.srcc:.4f}", f"{result.plcc:.4f}"
    STDERR.step(f"{name}: SRCC {cells[0]}, PLCC {cells[1]}")
    return cells
