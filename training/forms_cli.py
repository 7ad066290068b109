"""``python -m training ablate-forms``."""

from __future__ import annotations

import time
from pathlib import Path

import click
import numpy as np

from .backbone_weights import backbone_weights
from .errors import TrainingError
from .features import make_backbone
from .forms import FORMS, FormOutcome, FormSettings, compare, extract_taps
from .options import parsed
from .training_set import backbone_option, biq2021_option, changes_option, rated_photos


@click.command("ablate-forms")
@biq2021_option
@backbone_option
@click.option(
    "--form", "names", multiple=True, type=click.Choice(list(FORMS)), help="Repeatable. Default: all."
)
@changes_option
def forms_command(
    biq2021: Path, backbone_file: Path, names: tuple[str, ...], changes: tuple[str, ...]
) -> None:
    """Train the published form and heads on moments alike, on the same taps, and compare them."""
    settings = FormSettings(**parsed(FormSettings, changes))
    photos, mos, part = rated_photos(biq2021, settings.validation, settings.seed)
    if not settings.batch <= settings.learn <= len(part.learn):
        raise TrainingError(
            f"learn={settings.learn}: from a batch of {settings.batch} to {len(part.learn)} photos can learn"
        )
    drawn = np.sort(np.random.default_rng(settings.seed).permutation(part.learn)[: settings.learn])
    network = make_backbone(backbone_weights(backbone_file))
    began = time.monotonic()
    learn, validate = (
        extract_taps(network, [photos[row].path for row in rows], settings.side)
        for rows in (drawn, part.validate)
    )
    click.echo(
        f"taps of {len(drawn) + len(part.validate)} photos in {time.monotonic() - began:.0f} s", err=True
    )

    def row(outcome: FormOutcome) -> None:
        macs = " | ".join(f"{count / 1e6:.1f} M" for count in outcome.macs)
        click.echo(
            f"| {outcome.form.title} | {outcome.rate:g} | {outcome.weights:,} | {macs} "
            f"| {outcome.epoch} | {outcome.srcc:.4f} | {outcome.plcc:.4f} |"
        )

    side = settings.side
    click.echo(
        f"| form | rate | weights | MACs at {side} | MACs at {2 * side} | epoch | SRCC | PLCC |\n"
        "|---|--:|--:|--:|--:|--:|--:|--:|"
    )
    compare(
        [FORMS[name] for name in names or FORMS],
        (learn, validate),
        (mos[drawn], mos[part.validate]),
        settings,
        row,
        lambda line: click.echo(line, err=True),
    )
