"""Trains a whole student on EfficientNet-Lite: on opinions and on ladders of faults, in resumable steps.

Every batch depends on the seed and the step's number alone, so a run that was stopped and resumed
gives the same weights as one that was not.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mobileiqa_bench.scenes import Pixels
from mobileiqa_export.student import MomentStudent
from mobileiqa_sdk.progress import SILENT, Progress

from .arrays import Floats
from .budgets import BudgetPairs
from .features import to_batch
from .finetune import Batches, FinetuneSettings, Rated, freeze
from .head import ladder_loss, move_average, rate_at, view_loss
from .lite_features import read_fitted
from .lite_student import unlimited_scores
from .resuming import SAVE_SECONDS, Resumable, origin_of

SIZE = (512, 512)
"""Of the rungs and of BIQ2021's photos."""


@dataclass(frozen=True)
class LiteFinetuneSettings(FinetuneSettings):
    """Everything that decides the fine-tuned student.

    Attributes:
        budgets: weight of the squared difference between the scores of a large photograph at two budgets
            of pixels.
    """

    budgets: float = 0.0


class LiteFinetuning(Resumable[MomentStudent, LiteFinetuneSettings, Batches]):
    """A student in training, the moving average of its weights, and the file it resumes from after a stop."""

    def __init__(
        self,
        student: MomentStudent,
        backbone: str,
        learn: Rated,
        validate: Rated,
        photographs: Sequence[Pixels],
        settings: LiteFinetuneSettings,
        state: Path,
        pairs: BudgetPairs | None = None,
    ) -> None:
        self.settings, self.state, self.validate, self.backbone = settings, state, validate, backbone
        self.origin = origin_of(learn.paths, learn.mos, student=student)
        self.pairs = pairs or BudgetPairs(())
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.batches = Batches(learn, photographs, SIZE, settings)
        self.mos = torch.from_numpy(learn.mos).to(self.device)
        self.student: MomentStudent = student.requires_grad_(True).to(
            self.device, memory_format=torch.channels_last
        )  # type: ignore[call-overload]
        freeze(self.student.local_cnn, settings.frozen_stages)
        self.averaged = copy.deepcopy(self.student).requires_grad_(False).eval()
        self.optimizer = torch.optim.AdamW(self._groups(), weight_decay=0.0)
        steps = len(self.batches)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda step: rate_at(step, steps))
        self.step = 0
        self.history: list[dict[str, float]] = []

    def run(self, progress: Progress = SILENT, *, save_seconds: float = SAVE_SECONDS) -> None:
        """Trains to the end. The learning rate ends at zero, so the last average is the one to keep.

        Raises:
            TrainingError: the state file was made with other settings, photos or networks.
        """
        self._resume(progress)
        while self.step < len(self.batches):
            opinions, ladders = self._learn(*self.batches[self.step])
            self.step += 1
            if self.step % 10 == 0:
                progress.step(
                    f"step {self.step}/{len(self.batches)}: "
                    f"loss of opinions {opinions:.4f}, of ladders {ladders:.4f}"
                )
            if self.step % self.batches.per_epoch == 0:
                self._judge(progress)
            self._save_if_due(save_seconds)

    def _learn(self, pixels: Tensor, rows: Tensor, rungs: Tensor) -> tuple[float, float]:
        scores = self._scores(pixels)
        once = torch.ones(len(rows), 1, device=self.device)
        mos = self.mos[rows.to(self.device)]
        loss = view_loss(scores, mos, once, self.settings.correlation)
        ranked = scores.new_zeros(())
        if len(rungs):
            ranked = ladder_loss(self._scores(rungs), self.settings.margin)
        total = loss + self.settings.ranking * ranked + self.settings.budgets * self._between_budgets()
        self.optimizer.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        move_average(self.averaged, self.student, self.settings.average)
        return loss.item(), ranked.item()

    def _between_budgets(self) -> Tensor:
        """Returns the squared difference of a large photograph's scores at two budgets; 0 without any."""
        if not (self.settings.budgets and self.pairs.photographs):
            return torch.zeros((), device=self.device)
        generator = np.random.default_rng((self.settings.seed, 3, self.step))
        larger, smaller = (self._scores(to_batch([piece])) for piece in self.pairs.draw(generator))
        return (larger - smaller).square().mean()

    def _scores(self, pixels: Tensor) -> Tensor:
        """Returns the scores of photos, [B, 1]."""
        return unlimited_scores(self.student, self.backbone, pixels.to(self.device)).unsqueeze(1)

    def _groups(self) -> list[dict[str, Any]]:
        """Rates are relative to each tensor's root mean square: scales differ a thousandfold."""
        return [
            {"params": [tensor], "lr": self.settings.rate * float(tensor.detach().square().mean().sqrt())}
            for tensor in self.student.parameters()
            if tensor.requires_grad
        ]

    @torch.no_grad()
    def _judge(self, progress: Progress) -> None:
        scores = score_photos(self.averaged, self.backbone, self.validate.paths, SIZE[0] * SIZE[1])
        progress.step(self._recorded(scores, self.validate.mos))


@torch.no_grad()
def score_photos(student: MomentStudent, backbone: str, paths: Sequence[Path], max_pixels: int) -> Floats:
    """Returns the scores of photo files that are shrunk to at most ``max_pixels``, [photos]."""
    device = student.head.mean.device
    batches = (to_batch([read_fitted(path, max_pixels)]).to(device) for path in paths)
    scores = [unlimited_scores(student, backbone, batch) for batch in batches]
    return torch.cat(scores).cpu().numpy().astype(np.float32)
