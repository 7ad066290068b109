"""``python -m training ladders`` and ``head``: what the views learn from, and their training."""

from __future__ import annotations

import platform
import time
from pathlib import Path
from typing import Any

import click
import torch

from mobileiqa_export.student import save_checkpoint

from .backbone_weights import SHA256
from .evaluate import moment_student
from .features import SIDE, fingerprint, make_backbone
from .head import Settings, assemble, train_head
from .ladder_features import LADDERS, LadderCache
from .options import parsed
from .pairs import Beginnings, better_half, photographs
from .training_set import (
    backbone_of,
    backbone_or_student,
    biq2021_option,
    cache_option,
    changes_option,
    existing,
    rated_photos,
    training_set,
)


@click.command("ladders")
@biq2021_option
@backbone_or_student
@click.option("--photographs", "folders", multiple=True, type=existing, help="Unrated photos, for ladders.")
@click.option("--cache", required=True, type=click.Path(path_type=Path), help="Folder for features (0.1 GB).")
@click.option("--count", default=LADDERS, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=Settings.seed, show_default=True, help="As `head` will have it.")
def ladders_command(
    biq2021: Path,
    backbone_file: Path | None,
    checkpoint: Path | None,
    folders: tuple[Path, ...],
    cache: Path,
    count: int,
    seed: int,
) -> None:
    """Extract ladders of faults for the head. Stop and repeat at will: finished shards are kept."""
    weights = backbone_of(backbone_file, checkpoint)
    photos, mos, part = rated_photos(biq2021, Settings.validation, seed)
    good = better_half([photos[row].path for row in part.learn], mos[part.learn])
    beginnings = Beginnings(good, photographs(folders, (SIDE, SIDE)), (SIDE, SIDE))
    done = _ladders(cache, weights, seed).fill(
        count, beginnings, make_backbone(weights), lambda line: click.echo(line, err=True)
    )
    click.echo(f"{done} of {count} ladders extracted")


@click.command("head")
@biq2021_option
@backbone_or_student
@cache_option
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The .safetensors file to write.")
@click.option("--model-version", default="0.1", show_default=True)
@click.option("--seed", default=Settings.seed, show_default=True)
@changes_option
def head_command(
    biq2021: Path,
    backbone_file: Path | None,
    checkpoint: Path | None,
    cache: Path,
    out: Path,
    model_version: str,
    seed: int,
    changes: tuple[str, ...],
) -> None:
    """Train the head, choose the epoch on held-out training photos and write the whole student."""
    settings = Settings(**{"seed": seed, **parsed(Settings, changes)})
    weights = backbone_of(backbone_file, checkpoint)
    plain, mirrored, mos, part = training_set(
        biq2021, cache, fingerprint(weights), validation=settings.validation, seed=settings.seed
    )
    ladders = _ladders(cache, weights, settings.seed).read() if settings.ranking else None
    began = time.monotonic()
    trained = train_head(
        plain, mirrored, mos, part, settings, lambda line: click.echo(line, err=True), ladders=ladders
    )
    seconds = time.monotonic() - began
    student, config = assemble(trained.head, weights, settings)
    training: dict[str, Any] = {
        "data": "BIQ2021, official training split",
        "backbone_file_sha256": SHA256,
        "backbone": _history(checkpoint),
        "ladders": None if ladders is None else len(ladders),
        "settings": settings.to_dict(),
        "epoch": trained.epoch,
        "validation": {"photos": settings.validation, "srcc": trained.srcc, "plcc": trained.plcc},
        "torch": torch.__version__,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    info = {"name": "mobileiqa-small", "version": model_version, "licence": "Apache-2.0"}
    save_checkpoint(out, student, config, **info, training=training)
    click.echo(
        f"{out}: epoch {trained.epoch}, validation SRCC {trained.srcc:.4f}, PLCC {trained.plcc:.4f}, "
        f"{out.stat().st_size:,} bytes, {seconds:.0f} s on {torch.get_num_threads()} threads "
        f"of {platform.machine()}"
    )


def _ladders(cache: Path, weights: dict[str, torch.Tensor], seed: int) -> LadderCache:
    return LadderCache(cache / "ladders", fingerprint(weights), seed)


def _history(checkpoint: Path | None) -> Any:
    """What is known of the student that gives the backbone; None where that is as it came."""
    if checkpoint is None:
        return None
    _, loaded = moment_student(checkpoint)
    return {"of": loaded.sha256, "training": loaded.info.get("training")}
