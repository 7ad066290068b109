"""A training run and the file it resumes from after a stop."""

from __future__ import annotations

import copy
import hashlib
import os
from collections.abc import Sequence, Sized
from pathlib import Path
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import nn

from mobileiqa_bench.evaluation.agreement import plcc, srcc
from mobileiqa_sdk.progress import Progress

from .arrays import Floats
from .errors import TrainingError
from .features import fingerprint

SAVE_SECONDS = 60.0
"""Of training that a stop may cost, besides the step that it falls into."""


class Settings(Protocol):
    """What a run depends on besides its data."""

    def to_dict(self) -> dict[str, Any]:
        """Returns them as JSON values."""


_Student = TypeVar("_Student", bound=nn.Module)
_Settings = TypeVar("_Settings", bound=Settings)
_Batches = TypeVar("_Batches", bound=Sized)


class Resumable(Generic[_Student, _Settings, _Batches]):
    """A student in training, the moving average of its weights, and the file of their state."""

    settings: _Settings
    origin: dict[str, str]
    state: Path
    device: torch.device
    batches: _Batches
    student: _Student
    averaged: _Student
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    step: int
    history: list[dict[str, float]]
    _saved_at: float

    def finished(self) -> _Student:
        """Returns the student with the averaged weights so far, on the CPU."""
        student = copy.deepcopy(self.averaged).cpu()
        student.load_state_dict(
            {key: value.contiguous() for key, value in student.state_dict().items()}, assign=True
        )
        return student

    def _recorded(self, scores: Floats, mos: Floats) -> str:
        """Adds how the average ranks the validation photos to the history; returns it in words."""
        figures = {"step": float(self.step), "srcc": srcc(scores, mos), "plcc": plcc(scores, mos)}
        self.history.append(figures)
        return f"step {self.step}: validation SRCC {figures['srcc']:.4f}, PLCC {figures['plcc']:.4f}"

    def _save_if_due(self, seconds: float) -> None:
        if self.step == len(self.batches) or monotonic() - self._saved_at >= seconds:
            self._save()

    def _save(self) -> None:
        self.state.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "settings": self.settings.to_dict(),
            "origin": self.origin,
            "step": self.step,
            "student": self.student.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "history": self.history,
        }
        scratch = self.state.with_suffix(".tmp")
        torch.save(content, scratch)
        os.replace(scratch, self.state)
        self._saved_at = monotonic()

    def _resume(self, progress: Progress) -> None:
        self._saved_at = monotonic()
        if not self.state.exists():
            return
        saved = torch.load(self.state, weights_only=True, map_location=self.device)
        if saved["settings"] != self.settings.to_dict():
            raise TrainingError(f"{self.state}: was made with other settings; delete it or use another file")
        other = [name for name, value in self.origin.items() if saved.get("origin", {}).get(name) != value]
        if other:
            what = " and another ".join(other)
            raise TrainingError(f"{self.state}: was made with another {what}; delete it or use another file")
        self.student.load_state_dict(saved["student"])
        self.averaged.load_state_dict(saved["averaged"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.schedule.load_state_dict(saved["schedule"])
        self.step, self.history = saved["step"], saved["history"]
        progress.step(f"{self.state}: resuming at step {self.step} of {len(self.batches)}")


def origin_of(paths: Sequence[Path], mos: Floats, **networks: nn.Module | None) -> dict[str, str]:
    """Returns sha256 in hex of what a run begins with: names and opinions of its photos, and networks."""
    photos = hashlib.sha256("\n".join(path.name for path in paths).encode() + mos.tobytes())
    weights = {
        name: fingerprint(network.state_dict()) if network is not None else ""
        for name, network in networks.items()
    }
    return {"set of photos": photos.hexdigest(), **weights}
