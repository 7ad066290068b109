"""``python -m training``: the recipe's steps, run from the repository's root."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click
import torch

from mobileiqa_bench.evaluation.datasets.biq2021 import read_split
from mobileiqa_export.errors import ExportError
from mobileiqa_sdk.errors import MobileIQAError

from .ablation import Outcome, ablate
from .backbone_weights import BACKBONE, backbone_weights
from .contact_sheet import contact_sheet
from .duplicates import perceptual_hashes, with_twin
from .evaluate import evaluate, moment_student, opinions_of_features, opinions_of_photos
from .features import fingerprint, make_backbone
from .finetune_cli import finetune_command, soup_command
from .forms_cli import forms_command
from .head import Settings
from .head_cli import head_command, ladders_command
from .options import parsed
from .symmetry_cli import symmetrize_command
from .teaching_cli import teaching_command
from .training_set import (
    backbone_of,
    backbone_option,
    backbone_or_student,
    biq2021_option,
    cache_of,
    cache_option,
    changes_option,
    existing,
    first_option,
    training_set,
)

THREADS = 2

_checkpoint = click.option("--checkpoint", required=True, type=existing, help="A .safetensors student.")


def main() -> None:
    """Run a command; an expected error becomes one line instead of a traceback."""
    try:
        commands(standalone_mode=False)
    except (MobileIQAError, ExportError) as error:
        raise SystemExit(f"error: {error}") from error
    except click.ClickException as error:
        error.show()
        raise SystemExit(error.exit_code) from error
    except click.Abort as error:
        raise SystemExit("stopped; finished shards are kept") from error


@click.group()
def commands() -> None:
    """Make the bundled MobileIQA model again, step by step."""
    # More threads than the recipe was timed with would also change the order of sums.
    torch.set_num_threads(THREADS)


@commands.command()
@backbone_option
def backbone(backbone_file: Path) -> None:
    """Check the backbone file and convert it once, to see that it can be."""
    weights = backbone_weights(backbone_file)
    count = sum(tensor.numel() for tensor in weights.values())
    click.echo(f"{BACKBONE}: {len(weights)} tensors, {count:,} weights, fingerprint {fingerprint(weights)}")


@commands.command()
@biq2021_option
@backbone_or_student
@click.option("--cache", required=True, type=click.Path(path_type=Path), help="Folder for features (0.3 GB).")
@first_option
def features(
    biq2021: Path, backbone_file: Path | None, checkpoint: Path | None, cache: Path, first: int | None
) -> None:
    """Extract what the head learns from. Stop and repeat at will: finished shards are kept."""
    weights = backbone_of(backbone_file, checkpoint)
    network = make_backbone(weights)
    for part, flipped in (("train", False), ("train", True), ("test", False)):
        photos = read_split(biq2021, part)[: first if part == "train" else None]
        began = time.monotonic()
        done = cache_of(cache, part, photos, fingerprint(weights), flipped).fill(
            [photo.path for photo in photos], network, lambda line: click.echo(line, err=True)
        )
        name = f"{part}{', mirrored' if flipped else ''}"
        click.echo(f"{name}: {done} of {len(photos)} photos extracted in {time.monotonic() - began:.0f} s")


@commands.command(name="ablate")
@biq2021_option
@backbone_option
@cache_option
@changes_option
def ablate_command(biq2021: Path, backbone_file: Path, cache: Path, changes: tuple[str, ...]) -> None:
    """Train heads on parts of the features, alike in all else, and compare them on validation."""
    settings = Settings(**parsed(Settings, changes))
    weights = fingerprint(backbone_weights(backbone_file))
    plain, mirrored, mos, part = training_set(
        biq2021, cache, weights, validation=settings.validation, seed=settings.seed
    )

    def row(outcome: Outcome) -> None:
        click.echo(
            f"| {outcome.variant.name} | {outcome.inputs:,} | {outcome.weights:,} "
            f"| {outcome.srcc:.4f} | {outcome.plcc:.4f} |"
        )

    click.echo("| head | inputs | weights | SRCC | PLCC |\n|---|--:|--:|--:|--:|")
    ablate(plain, mirrored, mos, part, settings, row)


@commands.command(name="evaluate")
@_checkpoint
@biq2021_option
@click.option("--cache", type=existing, help="Use cached features instead of the photos.")
@click.option("--json", "json_out", type=click.Path(path_type=Path), help="Also write the figures here.")
@click.option("--sheet", type=click.Path(path_type=Path), help="Write the worst errors as a PNG here.")
def evaluate_command(
    checkpoint: Path, biq2021: Path, cache: Path | None, json_out: Path | None, sheet: Path | None
) -> None:
    """SRCC, PLCC, KRCC and RMSE on the official test split, with bootstrap intervals."""
    student, loaded = moment_student(checkpoint)
    photos = read_split(biq2021, "test")
    if cache is None:
        opinions = opinions_of_photos(loaded, photos, lambda line: click.echo(line, err=True))
    else:
        weights = {key: value.detach() for key, value in student.local_cnn.state_dict().items()}
        opinions = opinions_of_features(student, cache_of(cache, "test", photos, fingerprint(weights)).read())
    train = perceptual_hashes([photo.path for photo in read_split(biq2021, "train")])
    twins = with_twin(perceptual_hashes([photo.path for photo in photos]), train)
    result = evaluate(opinions, photos, twins)
    click.echo(result.agreement.table())
    click.echo(f"Without the {twins.sum()} that have a near-duplicate in the training split:")
    click.echo(result.untwinned.table())
    for subset, value in result.subsets.items():
        click.echo(f"SRCC within {subset}: {value:.4f}")
    click.echo(f"SRCC of each view: {', '.join(f'{value:.4f}' for value in result.views)}")
    click.echo(f"SRCC of the views' spread with the absolute error: {result.spread:.4f}")
    if sheet is not None:
        contact_sheet(photos, opinions.mean(axis=1), sheet)
    if json_out is not None:
        json_out.write_text(
            json.dumps({"checkpoint_sha256": loaded.sha256, **result.to_dict()}, indent=2) + "\n"
        )


commands.add_command(ladders_command)
commands.add_command(head_command)
commands.add_command(finetune_command)
commands.add_command(soup_command)
commands.add_command(forms_command)
commands.add_command(teaching_command)
commands.add_command(symmetrize_command)


if __name__ == "__main__":
    main()
