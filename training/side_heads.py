"""Puts fitted side heads into a student."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from mobileiqa_bench.evaluation.faults import FAULTS
from mobileiqa_export.student import MomentStudent, StudentConfig

State = Mapping[str, Tensor]


def with_heads(
    student: MomentStudent,
    config: StudentConfig,
    faults: State | None,
    photo: State | None,
    anchor: State | None = None,
) -> tuple[MomentStudent, StudentConfig]:
    """Returns a student that also answers faults, or whether a picture is a photograph, or that has an
    anchor, and its config.

    Args:
        student: which stays as it is.
        config: of the student.
        faults: state of the head that answers :data:`FAULTS`; None for a student that keeps what it has.
        photo: state of the head that tells photographs from other pictures, likewise.
        anchor: state of what holds the scale where no opinions reach, likewise.
    """
    state = dict(student.state_dict())
    if faults is not None:
        config = replace(config, faults=tuple(FAULTS), faults_hidden=len(faults["hidden.bias"]))
        state |= {f"faults.{name}": values for name, values in faults.items()}
    if photo is not None:
        config = replace(config, photo_hidden=len(photo["hidden.bias"]))
        state |= {f"photo.{name}": values for name, values in photo.items()}
    if anchor is not None:
        config = replace(config, anchor_hidden=len(anchor["hidden.bias"]))
        state |= {f"anchor.{name}": values for name, values in anchor.items()}
    grown = MomentStudent(config).eval()
    grown.load_state_dict(state)
    return grown, config
