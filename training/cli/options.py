"""Options that several commands share, and where their progress goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from torch import Tensor

from mobileiqa_export.checkpoint import LoadedStudent
from mobileiqa_export.student import MomentStudent
from mobileiqa_sdk.progress import Progress

from ..arrays import Floats
from ..backbone_file import read_backbone_weights
from ..evaluation import load_moment_student

Command = TypeVar("Command", bound=Callable[..., object])

EXISTING = click.Path(exists=True, path_type=Path)
NEW = click.Path(path_type=Path)

biq2021_option = click.option(
    "--biq2021", required=True, type=EXISTING, help="Folder with Images/ and the two tables."
)
backbone_option = click.option(
    "--backbone-file", required=True, type=EXISTING, help="The backbone's .tflite file."
)
checkpoint_option = click.option("--checkpoint", required=True, type=EXISTING, help="A .safetensors student.")
cache_option = click.option("--cache", required=True, type=EXISTING, help="Folder that `features` filled.")
photographs_option = click.option(
    "--photographs", "folders", multiple=True, type=EXISTING, help="Photos without ratings, for ladders."
)
first_option = click.option(
    "--first", type=click.IntRange(1), help="Only this many photos of the training split."
)
out_option = click.option("--out", required=True, type=NEW, help="The .safetensors file to write.")
changes_option = click.option(
    "--set", "changes", multiple=True, metavar="NAME=VALUE", help="Change a training setting."
)


def backbone_or_student(command: Command) -> Command:
    """Adds ``--backbone-file`` and ``--checkpoint``; :func:`backbone_weights_of` reads the one given."""
    add_backbone = click.option("--backbone-file", type=EXISTING, help="The backbone's .tflite file.")
    add_student = click.option(
        "--checkpoint", type=EXISTING, help="Take the backbone of this student instead."
    )
    return add_backbone(add_student(command))


def backbone_weights_of(backbone_file: Path | None, checkpoint: Path | None) -> dict[str, Tensor]:
    """Reads the weights of the original backbone, or of a student's.

    Raises:
        click.UsageError: neither or both are given.
    """
    if backbone_file is not None and checkpoint is None:
        return read_backbone_weights(backbone_file)
    if checkpoint is not None and backbone_file is None:
        student, _ = load_moment_student(checkpoint)
        return weights_of(student)
    raise click.UsageError("pass either --backbone-file or --checkpoint")


def weights_of(student: MomentStudent) -> dict[str, Tensor]:
    """Returns the weights of a student's backbone."""
    return {key: value.detach() for key, value in student.local_cnn.state_dict().items()}


def scale_of(student: MomentStudent) -> tuple[Floats, Floats]:
    """Returns mean and deviation by which the student's own head standardises moments, each [F]."""
    return student.head.mean.numpy(), student.head.std.numpy()


def info_of(checkpoint: LoadedStudent) -> dict[str, Any]:
    """Returns a checkpoint's description without the student's sizes, which are written anew."""
    return {key: value for key, value in checkpoint.info.items() if key != "student"}


class _Stderr:
    """Writes each figure of a training run on a line of its own."""

    def step(self, text: str) -> None:
        click.echo(text, err=True)

    def warn(self, text: str) -> None:
        click.echo(f"warning: {text}", err=True)


STDERR: Progress = _Stderr()
