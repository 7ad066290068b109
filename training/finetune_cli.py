"""``python -m training finetune`` and ``soup``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from mobileiqa_bench.evaluation.datasets import DATASETS, read_dataset
from mobileiqa_export.student import (
    Checkpoint,
    StudentConfig,
    build_student,
    load_checkpoint,
    save_checkpoint,
)

from .backbone_weights import BACKBONE, SHA256, backbone_weights
from .errors import TrainingError
from .finetune import FinetuneSettings, Finetuning, Rated
from .options import parsed
from .pairs import photographs
from .partition import partition
from .teachers import Teacher, soup

_existing = click.Path(exists=True, path_type=Path)
_new = click.Path(path_type=Path)
_out = click.option("--out", required=True, type=_new, help="The .safetensors file to write.")


@click.command("finetune")
@click.option("--dataset", type=click.Choice(list(DATASETS)), default="biq2021", show_default=True)
@click.option("--root", required=True, type=_existing, help="The dataset's folder.")
@click.option("--start", type=_existing, help="Student to go on from, such as `head` writes.")
@click.option("--backbone-file", type=_existing, help="Instead of --start: a fresh student on this backbone.")
@click.option("--student", "sizes", multiple=True, metavar="NAME=VALUE", help="Sizes of the fresh student.")
@click.option("--teacher", "teachers", multiple=True, type=_existing, help="Trained student to learn from.")
@click.option("--photographs", "folders", multiple=True, type=_existing, help="Unrated photos, for ladders.")
@click.option("--state", required=True, type=_new, help="What to go on from after a stop; made if not there.")
@_out
@click.option("--name", default="mobileiqa-small", show_default=True)
@click.option("--model-version", default="0.2", show_default=True)
@click.option("--seed", default=FinetuneSettings.seed, show_default=True)
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE", help="Another training setting.")
def finetune_command(
    dataset: str,
    root: Path,
    start: Path | None,
    backbone_file: Path | None,
    sizes: tuple[str, ...],
    teachers: tuple[Path, ...],
    folders: tuple[Path, ...],
    state: Path,
    out: Path,
    name: str,
    model_version: str,
    seed: int,
    changes: tuple[str, ...],
) -> None:
    """Train a whole student on opinions, ladders and teachers. Stop and repeat at will."""
    settings = FinetuneSettings(**{"seed": seed, **parsed(FinetuneSettings, changes)})
    first = _first(start, backbone_file, sizes)
    taught_by = [load_checkpoint(path) for path in teachers]
    learn, validate = _rated(dataset, root, settings)
    run = Finetuning(
        first.student,
        first.config,
        learn,
        validate,
        photographs(folders, first.config.input_size),
        settings,
        state,
        teacher=Teacher([one.student for one in taught_by]) if taught_by else None,
    )
    run.run(lambda line: click.echo(line, err=True))
    training: dict[str, Any] = {
        "data": f"{DATASETS[dataset].title}, training split",
        "backbone_file_sha256": SHA256,
        "start": first.info.get("training", first.sha256),
        "finetuning": settings.to_dict(),
        "teachers": [one.sha256 for one in taught_by],
        "validation": run.history,
        "torch": torch.__version__,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    info = {"name": name, "version": model_version, "licence": "Apache-2.0", "training": training}
    save_checkpoint(out, run.finished(), first.config, **info)
    click.echo(f"{out}: validation SRCC {run.history[-1]['srcc']:.4f}")


@click.command("soup")
@click.argument("checkpoints", nargs=-1, required=True, type=_existing)
@click.option("--share", "shares", multiple=True, type=float, help="Of each, in order. Default: equal.")
@_out
def soup_command(checkpoints: tuple[Path, ...], shares: tuple[float, ...], out: Path) -> None:
    """Average the weights of students of the same sizes; name and version are the last one's."""
    mixed = soup(checkpoints, shares)
    info = {key: value for key, value in mixed.info.items() if key != "student"}  # its sizes: written anew
    save_checkpoint(out, mixed.student, mixed.config, **info)
    click.echo(f"{out}: {len(checkpoints)} checkpoints averaged")


def _first(start: Path | None, backbone_file: Path | None, sizes: tuple[str, ...]) -> Checkpoint:
    if start is not None:
        if sizes or backbone_file is not None:
            raise click.UsageError("--start brings its own sizes and backbone; leave out the other two")
        return load_checkpoint(start)
    if backbone_file is None:
        raise click.UsageError("a student to begin with is needed: --start or --backbone-file")
    config = StudentConfig(**{"backbone": BACKBONE, **parsed(StudentConfig, sizes)})
    student = build_student(config)
    student.local_cnn.load_state_dict(backbone_weights(backbone_file))
    return Checkpoint(student, config, SHA256)


def _rated(dataset: str, root: Path, settings: FinetuneSettings) -> tuple[Rated, Rated]:
    """Photos to learn from and photos to validate on, of the training split."""
    splits = DATASETS[dataset].splits
    photos = read_dataset(dataset, root, "train" if "train" in splits else None)
    test = read_dataset(dataset, root, "test") if "test" in splits else []
    paths = [photo.path for photo in photos]
    part = partition(
        paths, [photo.path for photo in test], validation=settings.validation, seed=settings.seed
    )
    if len(part.learn) < settings.batch:
        raise TrainingError(f"{root}: {len(part.learn)} photos to learn from are fewer than one batch")
    mos = np.array([photo.mos for photo in photos], np.float32)
    learn, validate = (Rated([paths[row] for row in rows], mos[rows]) for rows in (part.learn, part.validate))
    return learn, validate
