"""``head``, ``finetune``, ``soup`` and ``symmetrize``: each writes a student."""

from __future__ import annotations

import platform
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from mobileiqa_bench.evaluation.agreement import srcc
from mobileiqa_bench.evaluation.datasets import DATASETS, read_dataset
from mobileiqa_export.checkpoint import LoadedStudent, load_student, save_checkpoint
from mobileiqa_export.student import StudentConfig, build_student
from mobileiqa_export.student.moments import MomentViews

from ..backbone_file import BACKBONE, SHA256, read_backbone_weights
from ..distill import DistillSettings
from ..errors import TrainingError
from ..evaluation import load_moment_student, opinions_of_features
from ..features import fingerprint
from ..finetune import FinetuneSettings, Finetuning, Rated
from ..head import HeadSettings, assemble, train_head
from ..ladder_features import LadderCache
from ..ladders import read_photographs
from ..partition import hold_out
from ..settings import settings_from
from ..symmetry import mirror_difference, symmetrized
from ..teachers import Teacher, soup
from ..training_set import read_training_set
from .options import (
    EXISTING,
    NEW,
    STDERR,
    backbone_or_student,
    backbone_weights_of,
    biq2021_option,
    cache_option,
    changes_option,
    checkpoint_option,
    first_option,
    info_of,
    out_option,
    photographs_option,
)

LICENSE = "Apache-2.0"


@click.command("head")
@biq2021_option
@backbone_or_student
@cache_option
@out_option
@click.option("--model-version", default="0.1", show_default=True)
@click.option("--seed", default=HeadSettings.seed, show_default=True)
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
    settings = settings_from(HeadSettings, changes, seed=seed)
    weights = backbone_weights_of(backbone_file, checkpoint)
    plain, mirrored, mos, part = read_training_set(
        biq2021, cache, fingerprint(weights), validation=settings.validation, seed=settings.seed
    )
    ladders = None
    if settings.ranking:
        ladders = LadderCache(cache / "ladders", fingerprint(weights), settings.seed).read()
    began = time.monotonic()
    trained = train_head(plain, mirrored, mos, part, settings, ladders=ladders, progress=STDERR)
    seconds = time.monotonic() - began
    student, config = assemble(trained.head, weights, settings)
    training: dict[str, Any] = {
        "data": "BIQ2021, official training split",
        "backbone_file_sha256": SHA256,
        "backbone": _origin(checkpoint),
        "ladders": None if ladders is None else len(ladders),
        "settings": settings.to_dict(),
        "epoch": trained.epoch,
        "validation": {"photos": settings.validation, "srcc": trained.srcc, "plcc": trained.plcc},
        "torch": torch.__version__,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    info = {"name": "mobileiqa-small", "version": model_version, "licence": LICENSE}
    save_checkpoint(out, student, config, **info, training=training)
    click.echo(
        f"{out}: epoch {trained.epoch}, validation SRCC {trained.srcc:.4f}, PLCC {trained.plcc:.4f}, "
        f"{out.stat().st_size:,} bytes, {seconds:.0f} s on {torch.get_num_threads()} threads "
        f"of {platform.machine()}"
    )


def _origin(checkpoint: Path | None) -> dict[str, Any] | None:
    """Returns where the backbone comes from: a student, or the original file if ``checkpoint`` is None."""
    if checkpoint is None:
        return None
    _, loaded = load_moment_student(checkpoint)
    return {"of": loaded.sha256, "training": loaded.info.get("training")}


@click.command("finetune")
@click.option("--dataset", type=click.Choice(list(DATASETS)), default="biq2021", show_default=True)
@click.option("--root", required=True, type=EXISTING, help="The dataset's folder.")
@click.option("--start", type=EXISTING, help="Student to continue from, such as `head` writes.")
@click.option("--backbone-file", type=EXISTING, help="Instead of --start: a fresh student on this backbone.")
@click.option("--student", "sizes", multiple=True, metavar="NAME=VALUE", help="Sizes of the fresh student.")
@click.option("--teacher", "teachers", multiple=True, type=EXISTING, help="Trained student to learn from.")
@photographs_option
@click.option("--state", required=True, type=NEW, help="File to resume from; created if it does not exist.")
@out_option
@click.option("--name", default="mobileiqa-small", show_default=True)
@click.option("--model-version", default="0.2", show_default=True)
@click.option("--seed", default=FinetuneSettings.seed, show_default=True)
@changes_option
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
    """Train a whole student on opinions, ladders and teachers.

    May be stopped and repeated at any time: it resumes from --state.
    """
    settings = settings_from(FinetuneSettings, changes, seed=seed)
    first = _first_student(start, backbone_file, sizes)
    loaded_teachers = [load_student(path) for path in teachers]
    learn, validate = rated_photos(dataset, root, settings)
    run = Finetuning(
        first.network,
        first.config,
        learn,
        validate,
        read_photographs(folders, first.config.input_size),
        settings,
        state,
        teacher=Teacher([loaded.network for loaded in loaded_teachers]) if loaded_teachers else None,
    )
    run.run(STDERR)
    training: dict[str, Any] = {
        "data": f"{DATASETS[dataset].title}, training split",
        "backbone_file_sha256": SHA256,
        "start": first.info.get("training", first.sha256),
        "finetuning": settings.to_dict(),
        "teachers": [loaded.sha256 for loaded in loaded_teachers],
        "validation": run.history,
        "torch": torch.__version__,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    info = {"name": name, "version": model_version, "licence": LICENSE, "training": training}
    save_checkpoint(out, run.finished(), first.config, **info)
    click.echo(f"{out}: validation SRCC {run.history[-1]['srcc']:.4f}")


def _first_student(start: Path | None, backbone_file: Path | None, sizes: tuple[str, ...]) -> LoadedStudent:
    if start is not None:
        if sizes or backbone_file is not None:
            raise click.UsageError(
                "--start has its own sizes and backbone; omit --student and --backbone-file"
            )
        return load_student(start)
    if backbone_file is None:
        raise click.UsageError("pass the student to begin with: --start or --backbone-file")
    config = settings_from(StudentConfig, sizes, hint="--student", backbone=BACKBONE)
    student = build_student(config)
    student.local_cnn.load_state_dict(read_backbone_weights(backbone_file))
    return LoadedStudent(student, config, SHA256)


def rated_photos(
    dataset: str, root: Path, settings: FinetuneSettings | DistillSettings
) -> tuple[Rated, Rated]:
    """Reads the photos that train the weights, and those held out for validation."""
    splits = DATASETS[dataset].splits
    photos = read_dataset(dataset, root, "train" if "train" in splits else None)
    test = read_dataset(dataset, root, "test") if "test" in splits else []
    paths = [photo.path for photo in photos]
    part = hold_out(paths, [photo.path for photo in test], validation=settings.validation, seed=settings.seed)
    if len(part.learn) < settings.batch:
        raise TrainingError(
            f"{root}: only {len(part.learn)} photos are left to learn from, less than a batch of "
            f"{settings.batch}; lower the setting `batch` or `validation`"
        )
    mos = np.array([photo.mos for photo in photos], np.float32)
    learn, validate = (Rated([paths[row] for row in rows], mos[rows]) for rows in (part.learn, part.validate))
    return learn, validate


@click.command("soup")
@click.argument("checkpoints", nargs=-1, required=True, type=EXISTING)
@click.option("--share", "shares", multiple=True, type=float, help="Of each, in order. Default: equal.")
@out_option
def soup_command(checkpoints: tuple[Path, ...], shares: tuple[float, ...], out: Path) -> None:
    """Average the weights of students of the same sizes; name and version are those of the last one."""
    mixed = soup(checkpoints, shares)
    save_checkpoint(out, mixed.network, mixed.config, **info_of(mixed))
    click.echo(f"{out}: {len(checkpoints)} checkpoints averaged")


@click.command("symmetrize")
@checkpoint_option
@biq2021_option
@cache_option
@out_option
@click.option(
    "--strength", default=1.0, show_default=True, type=click.FloatRange(0), help="0 changes nothing."
)
@click.option("--model-version", help="Of the written student. Default: the checkpoint's.")
@first_option
@click.option("--seed", default=HeadSettings.seed, show_default=True, help="Of the held-out photos.")
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
    """Make a student score mirrored photos more alike. Run `features --checkpoint` first."""
    student, loaded = load_moment_student(checkpoint)
    if not isinstance(student.head, MomentViews):
        raise TrainingError(f"{checkpoint}: its head is linear; `symmetrize` needs views of two layers")
    weights = fingerprint(backbone_weights_of(None, checkpoint))
    plain, mirrored, mos, part = read_training_set(
        biq2021, cache, weights, validation=HeadSettings.validation, seed=seed, first=first
    )
    held_out = plain[part.validate], mirrored[part.validate]

    def print_figures(title: str, head: MomentViews) -> None:
        scores = opinions_of_features(student, held_out[0]).mean(axis=1)
        click.echo(
            f"{title}: validation SRCC {srcc(scores, mos[part.validate]):.4f}, "
            f"mirroring changes the score by {mirror_difference(head, *held_out):.4f}"
        )

    print_figures("before", student.head)
    student.head = symmetrized(student.head, plain[part.learn], mirrored[part.learn], strength)
    print_figures("after", student.head)
    info = info_of(loaded)
    info["training"] = {
        "symmetrized": {"strength": strength, "first": first, "seed": seed, "from": loaded.sha256},
        "before": loaded.info.get("training"),
    }
    if model_version:
        info["version"] = model_version
    out.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(out, student, loaded.config, **info)
    click.echo(str(out))


@click.command("any-size")
@checkpoint_option
@out_option
@click.option(
    "--setting",
    "settings",
    multiple=True,
    required=True,
    type=(str, click.IntRange(1024)),
    metavar="NAME PIXELS",
    help="A budget of pixels, such as `fast 262144`; the first is the default.",
)
@click.option("--model-version", help="Of the written student. Default: the checkpoint's.")
def any_size_command(
    checkpoint: Path, out: Path, settings: tuple[tuple[str, int], ...], model_version: str | None
) -> None:
    """Let a student keep the aspect of photos and never enlarge them; its weights stay."""
    student, loaded = load_moment_student(checkpoint)
    config = replace(loaded.config, settings=settings)
    info = info_of(loaded) | ({"version": model_version} if model_version else {})
    out.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(out, student, config, **info)
    click.echo(str(out))
