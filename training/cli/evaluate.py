"""``evaluate``: a checkpoint on BIQ2021's test split."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mobileiqa_bench.evaluation.datasets.biq2021 import read_split

from ..contact_sheet import write_contact_sheet
from ..evaluation import (
    StudentEvaluation,
    evaluate,
    load_moment_student,
    opinions_of_features,
    opinions_of_photos,
)
from ..features import fingerprint
from ..near_duplicates import have_near_duplicate, perceptual_hashes
from ..training_set import feature_cache
from .options import EXISTING, NEW, STDERR, backbone_weights_of, biq2021_option, checkpoint_option


@click.command("evaluate")
@checkpoint_option
@biq2021_option
@click.option("--cache", type=EXISTING, help="Use cached features instead of the photos.")
@click.option("--json", "json_out", type=NEW, help="Also write the figures here.")
@click.option("--sheet", type=NEW, help="Write the photos with the largest errors as a PNG here.")
def evaluate_command(
    checkpoint: Path, biq2021: Path, cache: Path | None, json_out: Path | None, sheet: Path | None
) -> None:
    """SRCC, PLCC, KRCC and RMSE on the official test split, with bootstrap intervals."""
    student, loaded = load_moment_student(checkpoint)
    photos = read_split(biq2021, "test")
    if cache is None:
        opinions = opinions_of_photos(student, loaded.config, photos, STDERR)
    else:
        weights = fingerprint(backbone_weights_of(None, checkpoint))
        opinions = opinions_of_features(student, feature_cache(cache, "test", photos, weights).read())
    train = perceptual_hashes([photo.path for photo in read_split(biq2021, "train")])
    near_duplicates = have_near_duplicate(perceptual_hashes([photo.path for photo in photos]), train)
    result = evaluate(opinions, photos, near_duplicates)
    click.echo(_text(result, int(near_duplicates.sum())))
    if sheet is not None:
        write_contact_sheet(photos, opinions.mean(axis=1), sheet)
    if json_out is not None:
        figures = {"checkpoint_sha256": loaded.sha256, **result.to_dict()}
        json_out.write_text(json.dumps(figures, indent=2) + "\n")


def _text(result: StudentEvaluation, near_duplicates: int) -> str:
    return "\n".join(
        [
            result.agreement.table(),
            f"Without the {near_duplicates} that have a near-duplicate in the training split:",
            result.without_near_duplicates.table(),
            *(f"SRCC within {subset}: {value:.4f}" for subset, value in result.subsets.items()),
            f"SRCC of each view: {', '.join(f'{value:.4f}' for value in result.views)}",
            f"SRCC of the views' spread with the absolute error: {result.spread:.4f}",
        ]
    )
