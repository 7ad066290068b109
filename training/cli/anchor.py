"""The command that fits the anchor of a student's scale."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import torch
from safetensors.torch import save_file

from mobileiqa_export.student import MomentStudent
from mobileiqa_export.student.moments import MomentViews

from ..anchor_head import AnchorSettings, Logits, fit_anchor, shifts_of, split
from ..anchors import read_ladders
from ..arrays import Features, Floats
from ..errors import TrainingError
from ..evaluation import load_moment_student
from ..fault_moments import read_fault_rows
from ..features import fingerprint
from ..picture_moments import read_moments
from ..settings import settings_from
from ..side_head import standardised
from .options import EXISTING, changes_option, checkpoint_option, out_option, scale_of, weights_of


@click.command("fit-anchor")
@checkpoint_option
@click.option("--ladders", required=True, type=EXISTING, help="Folder that `lite-ladders` filled.")
@click.option(
    "--photographs",
    multiple=True,
    required=True,
    type=EXISTING,
    help="Folder of `picture-features` or `lite-features`, of photos whose score stays.",
)
@click.option(
    "--faults", multiple=True, type=EXISTING, help="Folder of `fault-features`; every other row stays."
)
@out_option
@changes_option
def fit_anchor_command(
    checkpoint: Path,
    ladders: Path,
    photographs: tuple[Path, ...],
    faults: tuple[Path, ...],
    out: Path,
    changes: tuple[str, ...],
) -> None:
    """Fit what raises large photos and lowers pictures of nothing, and write its tensors.

    Takes any field of `AnchorSettings` as --set name=value.
    """
    settings = settings_from(AnchorSettings, changes)
    student, _ = load_moment_student(checkpoint)
    weights, scale, logits = fingerprint(weights_of(student)), scale_of(student), logits_of(student)
    moved, clean = split(read_ladders(ladders).values(), logits)
    kept = [clean, *(read_moments([folder], weights) for folder in photographs)]
    kept += [read_fault_rows([folder], weights).moments[::2] for folder in faults]
    stays = np.concatenate([standardised(part, *scale) for part in kept])
    goes = standardised(moved.moments, *scale)
    state = fit_anchor(stays, goes, moved.amounts, settings)
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file(state, out)
    share = float((shifts_of(state, stays) != 0).mean())
    click.echo(
        f"{out}: fitted to {len(goes)} moved and {len(stays)} kept pictures, of which {share:.2%} move"
    )


def logits_of(student: MomentStudent) -> Logits:
    """Returns what gives the logits of a student's views, without its anchor.

    Raises:
        TrainingError: the student has no such logits, as its head is linear.
    """
    head = student.head
    if not isinstance(head, MomentViews):
        raise TrainingError("an anchor is fitted to a student with the head 'mlp', not 'linear'")

    @torch.inference_mode()
    def logits(moments: Features) -> Floats:
        values: Floats = head.logits(student.standardised(torch.from_numpy(moments))).numpy()
        return values

    return logits
