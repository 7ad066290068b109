"""A student on EfficientNet-Lite: one linear head on clipped, standardised moments; and its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from mobileiqa_export.student.moments import moments

from .closed_form import LIMIT, LinearHead, Standardiser
from .efficientnet_lite import MEMBERS, LiteBackbone, feature_count
from .errors import TrainingError

METADATA = "lite_student"


class LiteStudent(nn.Module):
    """Pixels [B, 3, H, W] in 0..255 of any size -> the score of each photo, [B].

    Scores are not limited to 0..1: a limit would stop the slope of what is beyond it.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, member: str) -> None:
        super().__init__()
        features = feature_count(MEMBERS[member])
        self.member = member
        self.backbone = LiteBackbone(MEMBERS[member])
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("deviation", torch.ones(features))
        self.head = nn.Linear(features, 1)

    def forward(self, pixels: Tensor) -> Tensor:
        features = torch.cat([moments(tap) for tap in self.backbone(pixels)], dim=1)
        return self.score(features)

    def score(self, features: Tensor) -> Tensor:
        """Returns the scores of moments [B, F], as [B]."""
        standardised = ((features - self.mean) / self.deviation).clamp(-LIMIT, LIMIT)
        scores: Tensor = self.head(standardised).squeeze(1)
        return scores


def with_head(
    member: str, weights: dict[str, Tensor], standardiser: Standardiser, head: LinearHead
) -> LiteStudent:
    """Returns the student of a backbone's weights and a head that was fitted in closed form."""
    student = LiteStudent(member)
    student.backbone.load_state_dict(weights)
    with torch.no_grad():
        student.mean.copy_(torch.from_numpy(standardiser.mean))
        student.deviation.copy_(torch.from_numpy(standardiser.deviation))
        student.head.weight.copy_(torch.from_numpy(head.weight[np.newaxis]))
        student.head.bias.fill_(head.bias)
    return student


def save_lite_student(path: Path, student: LiteStudent, facts: dict[str, Any]) -> None:
    """Writes a .safetensors file with the tensors and, as JSON, the member and where they come from."""
    info = msgspec.json.encode({"member": student.member, **facts}).decode()
    tensors = {name: tensor.contiguous() for name, tensor in student.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    safetensors.torch.save_file(tensors, path, {METADATA: info})


def load_lite_student(path: Path) -> tuple[LiteStudent, dict[str, Any]]:
    """Reads what `save_lite_student` wrote: the student, and its facts.

    Raises:
        TrainingError: the file is missing, or is not such a student.
    """
    try:
        with safe_open(path, "pt") as file:
            info = (file.metadata() or {}).get(METADATA)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 # not a mapping
        if info is None:
            raise TrainingError(f"{path}: is not a student on EfficientNet-Lite; pass what `lite-head` wrote")
        facts = msgspec.json.decode(info, type=dict[str, Any])
        student = LiteStudent(facts["member"])
        student.load_state_dict(tensors)
    except (OSError, SafetensorError) as error:
        raise TrainingError(f"{path}: cannot be read ({error}); pass what `lite-head` wrote") from error
    except (KeyError, RuntimeError, msgspec.MsgspecError) as error:
        raise TrainingError(f"{path}: is damaged ({error}); write it anew with `lite-head`") from error
    return student, facts
