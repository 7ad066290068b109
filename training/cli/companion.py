"""The command that gives a student a companion."""

from __future__ import annotations

from pathlib import Path

import click

from mobileiqa_export.checkpoint import save_checkpoint

from ..companion import with_companion
from ..evaluation import load_moment_student
from .options import EXISTING, checkpoint_option, info_of, out_option


@click.command("add-companion")
@checkpoint_option
@click.option("--companion", required=True, type=EXISTING, help="The other student.")
@out_option
@click.option("--model-version", help="Of the written student. Default: the checkpoint's.")
def add_companion_command(checkpoint: Path, companion: Path, out: Path, model_version: str | None) -> None:
    """Let another student look at the same photo beside a student; the score is the mean of all views.

    Both keep their weights. The second one takes photos of the sizes that the first one takes.
    """
    student, loaded = load_moment_student(checkpoint)
    second, described = load_moment_student(companion)
    grown, config = with_companion(student, loaded.config, second, described.config)
    info = info_of(loaded) | ({"version": model_version} if model_version else {})
    info["training"] = {
        "student": loaded.info.get("training", loaded.sha256),
        "companion": described.info.get("training", described.sha256),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(out, grown, config, **info)
    click.echo(f"{out}: {config.opinions} opinions")
