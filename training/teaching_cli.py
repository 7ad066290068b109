"""``python -m training ablate-teachers``."""

from __future__ import annotations

from pathlib import Path

import click

from .backbone_weights import backbone_weights
from .features import fingerprint
from .head import Settings
from .options import parsed
from .teaching import Lesson, TeachingOutcome, study
from .training_set import backbone_option, biq2021_option, cache_option, changes_option, training_set


@click.command("ablate-teachers")
@biq2021_option
@backbone_option
@cache_option
@click.option("--teachers", default=5, show_default=True, type=click.IntRange(2), help="Heads to average.")
@click.option("--students", default=2, show_default=True, type=click.IntRange(1), help="Seeds per lesson.")
@changes_option
def teaching_command(
    biq2021: Path, backbone_file: Path, cache: Path, teachers: int, students: int, changes: tuple[str, ...]
) -> None:
    """Train heads with other seeds and heads taught by them; compare all on validation."""
    if students > teachers:
        raise click.BadParameter("there can be as many as teachers", param_hint="--students")
    settings = Settings(**parsed(Settings, changes))
    weights = fingerprint(backbone_weights(backbone_file))
    data = training_set(biq2021, cache, weights, validation=settings.validation, seed=settings.seed)

    def row(outcome: TeachingOutcome) -> None:
        span = f"{min(outcome.runs):.4f} to {max(outcome.runs):.4f}" if len(outcome.runs) > 1 else ""
        click.echo(f"| {outcome.title} | {outcome.srcc:.4f} | {span} | {outcome.plcc:.4f} |")

    click.echo("| head | SRCC | its range | PLCC |\n|---|--:|--:|--:|")
    study(Lesson(*data, settings), teachers, students, row)
