"""``distill``: a student from a teacher."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import torch

from mobileiqa_bench.evaluation.datasets import DATASETS
from mobileiqa_export.checkpoint import LoadedStudent, load_student, load_teacher, save_checkpoint
from mobileiqa_export.student import StudentConfig, build_student
from mobileiqa_export.teacher import TeacherConfig

from ..distill import Distillation, DistillSettings
from ..settings import settings_from
from .options import EXISTING, NEW, STDERR, changes_option, out_option
from .train import rated_photos


@click.command("distill")
@click.option("--teacher", required=True, type=EXISTING, help="The teacher's checkpoint, any format.")
@click.option(
    "--student", type=EXISTING, help="Student to begin with. Default: a fresh one of the teacher's sizes."
)
@click.option("--dataset", type=click.Choice(list(DATASETS)), default="uhd-iqa", show_default=True)
@click.option("--root", required=True, type=EXISTING, help="The dataset's folder.")
@click.option("--state", required=True, type=NEW, help="File to resume from; created if it does not exist.")
@out_option
@click.option("--name", default="mobileiqa", show_default=True)
@click.option("--model-version", default="0.1", show_default=True)
@click.option("--license", "licence", default="unknown", show_default=True, help="Of the written student.")
@click.option("--seed", default=DistillSettings.seed, show_default=True)
@changes_option
def distill_command(
    teacher: Path,
    student: Path | None,
    dataset: str,
    root: Path,
    state: Path,
    out: Path,
    name: str,
    model_version: str,
    licence: str,
    seed: int,
    changes: tuple[str, ...],
) -> None:
    """Train a student to see what the teacher sees: the paper's recipe.

    Photos are resized to 1907 x 1231 unless --set input_size=[HEIGHT,WIDTH] says otherwise.
    May be stopped and repeated at any time: it resumes from --state.
    """
    settings = settings_from(DistillSettings, changes, seed=seed)
    taught_by = load_teacher(teacher)
    first = _first_student(student, taught_by.config, settings)
    learn, validate = rated_photos(dataset, root, settings)
    run = Distillation(taught_by, first, learn, validate, settings, state)
    run.run(STDERR)
    training: dict[str, Any] = {
        "data": f"{DATASETS[dataset].title}, training split",
        "teacher": taught_by.sha256,
        "start": first.sha256,
        "distillation": settings.to_dict(),
        "validation": run.history,
        "torch": torch.__version__,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    config = replace(first.config, input_size=settings.input_size)
    info = {"name": name, "version": model_version, "licence": licence, "training": training}
    save_checkpoint(out, run.finished(), config, **info)
    views, local, score = (
        f"{run.history[-1][name]:.4f} ({run.history[0][name]:.4f} at the start)"
        for name in ("views", "local", "score")
    )
    click.echo(
        f"{out}: squared error to the teacher's views {views}, to its local features {local}; "
        f"{score} from its score"
    )


def _first_student(path: Path | None, teacher: TeacherConfig, settings: DistillSettings) -> LoadedStudent:
    if path is not None:
        return load_student(path)
    config = StudentConfig(grid=teacher.grid, width=teacher.width, hidden=teacher.hidden, views=teacher.views)
    torch.manual_seed(settings.seed)
    return LoadedStudent(build_student(config), config, "")
