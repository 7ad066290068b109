"""``python -m training``: the recipe's steps, run from the repository's root."""

from __future__ import annotations

import json
import platform
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from mobileiqa_export.errors import ExportError
from mobileiqa_export.student import save_checkpoint
from mobileiqa_sdk.errors import MobileIQAError

from .backbone_weights import BACKBONE, SHA256, backbone_weights
from .biq2021 import Photo, read_split
from .evaluate import evaluate, fault_scores, moment_student, opinions_of_features, opinions_of_photos
from .features import FeatureCache, fingerprint, make_backbone
from .train import Settings, assemble, train_head

THREADS = 2

_existing = click.Path(exists=True, path_type=Path)
_biq2021 = click.option(
    "--biq2021", required=True, type=_existing, help="Folder with Images and the two tables."
)
_backbone_file = click.option(
    "--backbone-file", required=True, type=_existing, help="The backbone's .tflite."
)
_checkpoint = click.option("--checkpoint", required=True, type=_existing, help="A .safetensors student.")


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
@_backbone_file
def backbone(backbone_file: Path) -> None:
    """Check the backbone file and convert it once, to see that it can be."""
    weights = backbone_weights(backbone_file)
    count = sum(tensor.numel() for tensor in weights.values())
    click.echo(f"{BACKBONE}: {len(weights)} tensors, {count:,} weights, fingerprint {fingerprint(weights)}")


@commands.command()
@_biq2021
@_backbone_file
@click.option("--cache", required=True, type=click.Path(path_type=Path), help="Folder for features (0.3 GB).")
def features(biq2021: Path, backbone_file: Path, cache: Path) -> None:
    """Extract what the head learns from. Stop and repeat at will: finished shards are kept."""
    weights = backbone_weights(backbone_file)
    network = make_backbone(weights)
    for part, flipped in (("train", False), ("test", False), ("train", True)):
        photos = read_split(biq2021, part)
        began = time.monotonic()
        done = _cache(cache, part, photos, fingerprint(weights), flipped).fill(
            [photo.path for photo in photos], network, lambda line: click.echo(line, err=True)
        )
        name = f"{part}{', mirrored' if flipped else ''}"
        click.echo(f"{name}: {done} of {len(photos)} photos extracted in {time.monotonic() - began:.0f} s")


@commands.command()
@_biq2021
@_backbone_file
@click.option("--cache", required=True, type=_existing, help="Folder that `features` filled.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The .safetensors file to write.")
@click.option("--seed", default=Settings.seed, show_default=True)
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE", help="Another training setting.")
def train(
    biq2021: Path, backbone_file: Path, cache: Path, out: Path, seed: int, changes: tuple[str, ...]
) -> None:
    """Train the head, choose the epoch on held-out training photos and write the whole student."""
    settings = Settings(**{"seed": seed, **_parsed(changes)})
    weights = backbone_weights(backbone_file)
    photos = read_split(biq2021, "train")
    plain, mirrored = (
        _cache(cache, "train", photos, fingerprint(weights), flip).read() for flip in (False, True)
    )
    mos = np.array([photo.mos for photo in photos], np.float32)
    began = time.monotonic()
    trained = train_head(plain, mirrored, mos, settings, lambda line: click.echo(line, err=True))
    seconds = time.monotonic() - began
    student, config = assemble(trained.head, weights, settings)
    out.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(
        out,
        student,
        config,
        name="mobileiqa-small",
        version="0.1",
        licence="Apache-2.0",
        training={
            "data": "BIQ2021, official training split",
            "backbone_file_sha256": SHA256,
            "settings": settings.to_dict(),
            "epoch": trained.epoch,
            "validation": {"photos": settings.validation, "srcc": trained.srcc, "plcc": trained.plcc},
            "torch": torch.__version__,
        },
    )
    click.echo(
        f"{out}: epoch {trained.epoch}, validation SRCC {trained.srcc:.4f}, PLCC {trained.plcc:.4f}, "
        f"{out.stat().st_size:,} bytes, {seconds:.0f} s on {THREADS} threads of {platform.machine()}"
    )


@commands.command(name="evaluate")
@_checkpoint
@_biq2021
@click.option("--cache", type=_existing, help="Use cached features instead of the photos.")
@click.option("--json", "json_out", type=click.Path(path_type=Path), help="Also write the figures here.")
def evaluate_command(checkpoint: Path, biq2021: Path, cache: Path | None, json_out: Path | None) -> None:
    """SRCC, PLCC, KRCC and RMSE on the official test split, with bootstrap intervals."""
    student, loaded = moment_student(checkpoint)
    photos = read_split(biq2021, "test")
    if cache is None:
        opinions = opinions_of_photos(loaded, photos, lambda line: click.echo(line, err=True))
    else:
        weights = {key: value.detach() for key, value in student.local_cnn.state_dict().items()}
        opinions = opinions_of_features(student, _cache(cache, "test", photos, fingerprint(weights)).read())
    result = evaluate(opinions, photos)
    click.echo(result.agreement.table())
    for subset, value in result.subsets.items():
        click.echo(f"SRCC within {subset}: {value:.4f}")
    click.echo(f"SRCC of each view: {', '.join(f'{value:.4f}' for value in result.views)}")
    click.echo(f"SRCC of the views' spread with the absolute error: {result.spread:.4f}")
    if json_out is not None:
        json_out.write_text(
            json.dumps({"checkpoint_sha256": loaded.sha256, **result.to_dict()}, indent=2) + "\n"
        )


@commands.command()
@_checkpoint
@click.option("--full-size", is_flag=True, help="Harm the photo before it is shrunk to 512x512, not after.")
@click.argument("photos", nargs=-1, required=True, type=_existing)
def faults(checkpoint: Path, photos: tuple[Path, ...], full_size: bool) -> None:
    """Score photos and copies of them made worse on purpose: blur, JPEG, noise, darkness."""
    _, loaded = moment_student(checkpoint)
    table = fault_scores(loaded, photos, full_size=full_size)
    names = list(next(iter(table.values())))
    width = max(len(name) for name in table)
    click.echo(" " * width + "".join(f"{name:>10}" for name in names))
    for photo, scores in table.items():
        click.echo(f"{photo:{width}}" + "".join(f"{scores[name]:10.3f}" for name in names))


def _cache(root: Path, part: str, photos: list[Photo], weights: str, flipped: bool = False) -> FeatureCache:
    folder = root / (f"{part}-flipped" if flipped else part)
    return FeatureCache(folder, tuple(photo.path.name for photo in photos), weights, flipped)


def _parsed(changes: tuple[str, ...]) -> dict[str, Any]:
    kinds = {field.name: type(getattr(Settings, field.name)) for field in fields(Settings)}
    values: dict[str, Any] = {}
    for change in changes:
        name, _, text = change.partition("=")
        if name not in kinds:
            raise click.BadParameter(f"{name!r} is no setting; known: {', '.join(kinds)}", param_hint="--set")
        try:
            values[name] = text.lower() in ("1", "true", "yes") if kinds[name] is bool else kinds[name](text)
        except ValueError as error:
            raise click.BadParameter(f"{change!r}: {error}", param_hint="--set") from error
    return values


if __name__ == "__main__":
    main()
