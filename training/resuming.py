"""A training run and the file it resumes from after a stop."""

from __future__ import annotations

import copy
import os
from collections.abc import Sized
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import nn

from mobileiqa_sdk.progress import Progress

from .errors import TrainingError


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
    state: Path
    device: torch.device
    batches: _Batches
    student: _Student
    averaged: _Student
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    step: int
    history: list[dict[str, float]]

    def finished(self) -> _Student:
        """Returns the student with the averaged weights so far, on the CPU."""
        student = copy.deepcopy(self.averaged).cpu()
        student.load_state_dict(
            {key: value.contiguous() for key, value in student.state_dict().items()}, assign=True
        )
        return student

    def _save(self) -> None:
        self.state.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "settings": self.settings.to_dict(),
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

    def _resume(self, progress: Progress) -> None:
        if not self.state.exists():
            return
        saved = torch.load(self.state, weights_only=True, map_location=self.device)
        if saved["settings"] != self.settings.to_dict():
            raise TrainingError(f"{self.state}: was made with other settings; delete it or use another file")
        self.student.load_state_dict(saved["student"])
        self.averaged.load_state_dict(saved["averaged"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.schedule.load_state_dict(saved["schedule"])
        self.step, self.history = saved["step"], saved["history"]
        progress.step(f"{self.state}: resuming at step {self.step} of {len(self.batches)}")
