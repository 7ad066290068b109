"""Trains the later stages of a student on cached maps of the frozen ones: on opinions and on ladders.

Every batch depends on the seed and the step's number alone, so a run that was stopped and resumed
gives the same weights as one that was not.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mobileiqa_export.student import MomentStudent
from mobileiqa_export.student.moments import MomentViews
from mobileiqa_sdk.progress import SILENT, Progress

from .arrays import Floats
from .finetune import FinetuneSettings, freeze
from .frozen_maps import CELL, Crops, FrozenPart, Records, moments_after
from .head import bootstrap_weights, ladder_loss, move_average, rate_at, view_loss
from .map_moments import backbone_of, whole_moments
from .resuming import SAVE_SECONDS, Resumable, origin_of


@dataclass(frozen=True)
class MapFinetuneSettings(FinetuneSettings):
    """Everything that decides the fine-tuned student.

    Attributes:
        micro: crops that are computed at a time; more do not fit the processor's cache.
        noise: standard deviation of Gaussian noise on the standardised moments.
    """

    stages: tuple[tuple[int, int], ...] = ((6, 384), (1, 512))
    frozen_stages: int = 3
    ladders: int = 3
    micro: int = 4
    noise: float = 0.0


@dataclass(frozen=True)
class Mapped:
    """Records of photos with their opinions.

    Attributes:
        paths: of the photos, [N].
        mos: opinions in 0..1, [N].
        plain: records, [N].
        mirrored: records of the photos mirrored left to right, [N]; None to train without.
    """

    paths: Sequence[Path]
    mos: Floats
    plain: Sequence[Records]
    mirrored: Sequence[Records] | None = None


@dataclass(frozen=True)
class MapBatch:
    """Crops of rated photos and their rows [B]; crops of ladders, L * RUNGS, best rung first."""

    rated: Crops
    rows: Tensor
    rungs: Crops | None


class MapBatches:
    """Item i is the whole batch of step i."""

    def __init__(
        self,
        learn: Mapped,
        ladders: Sequence[Records],
        part: FrozenPart,
        settings: MapFinetuneSettings,
    ) -> None:
        self.learn, self.ladders, self.part, self.settings = learn, ladders, part, settings
        self.per_epoch = len(learn.mos) // settings.batch

    def __len__(self) -> int:
        return self.per_epoch * self.settings.epochs

    def __getitem__(self, step: int) -> MapBatch:
        side = self.settings.side(step // self.per_epoch)
        rows = self.settings.rows(step, len(self.learn.mos))
        generator = np.random.default_rng((self.settings.seed, 2, step))
        photos = [self._photo(int(row), generator) for row in rows]
        return MapBatch(
            self.part.crop(photos, self._boxes(len(rows), side, generator), side),
            torch.from_numpy(rows),
            self._rungs(side, generator),
        )

    def _photo(self, row: int, generator: np.random.Generator) -> Records:
        mirrored = generator.random() < 0.5
        sources = self.learn.mirrored if mirrored and self.learn.mirrored is not None else self.learn.plain
        return sources[row]

    def _boxes(self, count: int, side: int, generator: np.random.Generator) -> Any:
        return generator.integers(0, (self.part.side - side) // CELL + 1, (count, 2))

    def _rungs(self, side: int, generator: np.random.Generator) -> Crops | None:
        """Returns the same crop of every rung of random ladders."""
        if not (self.settings.ladders and len(self.ladders)):
            return None
        drawn = generator.integers(0, len(self.ladders), self.settings.ladders)
        ladders = [self.ladders[int(index)] for index in drawn]
        boxes = self._boxes(len(ladders), side, generator)
        rungs = [rung for ladder in ladders for rung in ladder]
        return self.part.crop(rungs, np.repeat(boxes, [len(ladder) for ladder in ladders], 0), side)


class MapFinetuning(Resumable[MomentStudent, MapFinetuneSettings, MapBatches]):
    """A student in training, the moving average of its weights, and the file it resumes from after a stop.

    Groups of crops are computed by threads of their own: on a CPU that others use too, an operation that
    threads share waits for the slowest of them every time.
    """

    def __init__(
        self,
        student: MomentStudent,
        learn: Mapped,
        validate: Mapped,
        ladders: Sequence[Records],
        part: FrozenPart,
        settings: MapFinetuneSettings,
        state: Path,
        threads: int = 1,
    ) -> None:
        self.settings, self.state, self.validate, self.part = settings, state, validate, part
        self.origin = origin_of(learn.paths, learn.mos, student=student)
        self.device = torch.device("cpu")
        self.threads = threads
        self.batches = MapBatches(learn, ladders, part, settings)
        self.mos = torch.from_numpy(learn.mos)
        self.weights = bootstrap_weights(len(learn.mos), student.head.views, settings.seed)
        self.student: MomentStudent = student.requires_grad_(True).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        freeze(self.student.local_cnn, settings.frozen_stages)
        self.head = views_of(self.student)
        self.head.dropout.p = settings.dropout
        self.student.train()
        self.averaged = copy.deepcopy(self.student).requires_grad_(False).eval()
        self.trained = [tensor for tensor in self.student.local_cnn.parameters() if tensor.requires_grad]
        self.optimizer = torch.optim.AdamW(self._groups())
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate)
        self.step = 0
        self.history: list[dict[str, float]] = []

    def run(self, progress: Progress = SILENT, *, save_seconds: float = SAVE_SECONDS) -> None:
        """Trains to the end. The learning rate ends at zero, so the last average is the one to keep.

        Raises:
            TrainingError: the state file was made with other settings, photos or networks.
        """
        self._resume(progress)
        losses: list[tuple[float, float]] = []
        with ThreadPoolExecutor(self.threads) as pool:
            while self.step < len(self.batches):
                losses.append(self._learn(self.batches[self.step], pool))
                self.step += 1
                if self.step % 10 == 0:
                    opinions, ladders = np.mean(losses[-10:], axis=0)
                    progress.step(
                        f"step {self.step}/{len(self.batches)}: "
                        f"loss of opinions {opinions:.4f}, of ladders {ladders:.4f}"
                    )
                if self.step % self.batches.per_epoch == 0:
                    self._judge(pool, progress)
                self._save_if_due(save_seconds)

    def _learn(self, batch: MapBatch, pool: ThreadPoolExecutor) -> tuple[float, float]:
        torch.manual_seed(self.settings.seed * 1_000_003 + self.step)  # dropout's and noise's
        groups = batch.rated.split(self.settings.micro)
        groups += [] if batch.rungs is None else batch.rungs.split(self.settings.micro)
        computed = list(pool.map(self._moments, groups))
        moments = torch.cat(computed).detach().requires_grad_()
        opinions, ranked = self._losses(moments, batch.rows)
        self.optimizer.zero_grad()
        (opinions + self.settings.ranking * ranked).backward()  # type: ignore[no-untyped-call]
        assert moments.grad is not None  # noqa: S101 - narrows the type
        slopes = torch.split(moments.grad, [len(group) for group in computed])
        parts = list(pool.map(self._gradients, computed, slopes))
        for tensor, *gradients in zip(self.trained, *parts, strict=True):
            tensor.grad = torch.stack(gradients).sum(0)
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        move_average(self.averaged, self.student, self.settings.average)
        return opinions.item(), ranked.item()

    def _losses(self, moments: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the losses of opinions and of ladders, from moments of rated photos and then of rungs."""
        standardised = self.student.standardised(moments)
        if self.settings.noise:
            standardised = standardised + self.settings.noise * torch.randn_like(standardised)
        opinions = self.head.answer(standardised)
        rated = len(rows)
        loss = view_loss(opinions[:rated], self.mos[rows], self.weights[rows], self.settings.correlation)
        return loss, ladder_loss(opinions[rated:], self.settings.margin)

    def _moments(self, crops: Crops) -> Tensor:
        return moments_after(backbone_of(self.student), self.settings.frozen_stages, crops)

    def _gradients(self, moments: Tensor, slopes: Tensor) -> tuple[Tensor, ...]:
        return torch.autograd.grad(moments, self.trained, slopes)

    def _rate(self, step: int) -> float:
        return rate_at(step, len(self.batches))

    def _groups(self) -> Iterator[dict[str, Any]]:
        """Rates of the backbone are relative to each tensor's root mean square, as scales differ."""
        for tensor in self.trained:
            size = float(tensor.detach().square().mean().sqrt())
            yield {"params": [tensor], "weight_decay": 0.0, "lr": self.settings.rate * size}
        for tensor in self.head.parameters():
            decay = self.settings.decay if tensor.ndim > 1 else 0.0
            yield {"params": [tensor], "weight_decay": decay, "lr": self.settings.head_rate}

    def _judge(self, pool: ThreadPoolExecutor, progress: Progress) -> None:
        moments = pool.map(whole_moments(self.averaged, self.part), self.validate.plain)
        with torch.inference_mode():
            scores = self.averaged.opinions(torch.from_numpy(np.stack(list(moments)))).mean(1).numpy()
        progress.step(self._recorded(scores, self.validate.mos))


def views_of(student: MomentStudent) -> MomentViews:
    """Returns the student's head."""
    assert isinstance(student.head, MomentViews)  # noqa: S101 - narrows the type
    return student.head
