"""``python -m training symmetrize``."""

from __future__ import annotations

from pathlib import Path

import click

from mobileiqa_bench.evaluation.agreement import srcc
from mobileiqa_export.student import save_checkpoint

from .evaluate import moment_student, opinions_of_features
from .features import fingerprint
from .head import Settings
from .symmetry import mirror_difference, symmetrized
from .training_set import backbone_of, biq2021_option, cache_option, existing, first_option, training_set


@click.command("symmetrize")
@click.option("--checkpoint", required=True, type=existing, help="A finished student.")
@biq2021_option
@cache_option
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The .safetensors file to write.")
@click.option(
    "--strength", default=1.0, show_default=True, type=click.FloatRange(0), help="0 changes nothing."
)
@click.option("--model-version", help="Of the written student, instead of the checkpoint's.")
@first_option
@click.option("--seed", default=Settings.seed, show_default=True, help="Of the held-out photos.")
def symmetrize_command(
    checkpoint: Path,
    biq2021: Path,
    cache: Path,
    out: Path,
    strength: float,
    model_version: str | None,
    first: int | None,
    seed: int,
) -> None:
    """Make a student's views answer mirrored photos more alike; `features --checkpoint` comes first."""
    student, loaded = moment_student(checkpoint)
    weights = fingerprint(backbone_of(None, checkpoint))
    plain, mirrored, mos, part = training_set(
        biq2021, cache, weights, validation=Settings.validation, seed=seed, first=first
    )
    held_out = plain[part.validate], mirrored[part.validate]

    def judge(which: str) -> None:
        scores = opinions_of_features(student, held_out[0]).mean(axis=1)
        click.echo(
            f"{which}: validation SRCC {srcc(scores, mos[part.validate]):.4f}, "
            f"mirroring moves the score by {mirror_difference(student.head, *held_out):.4f}"
        )

    judge("before")
    student.head = symmetrized(student.head, plain[part.learn], mirrored[part.learn], strength)
    judge("after")
    info = {key: value for key, value in loaded.info.items() if key != "student"}  # its sizes: written anew
    info["training"] = {
        "symmetrized": {"strength": strength, "first": first, "seed": seed, "from": loaded.sha256},
        "before": loaded.info.get("training"),
    }
    if model_version:
        info["version"] = model_version
    out.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(out, student, loaded.config, **info)
    click.echo(str(out))
