"""Distils the published teacher into a student, as published (arXiv 2409.01212, section 3.4).

Every batch depends on the seed and the step's number alone, so a run that was stopped and resumed
gives the same weights as one that was not.
"""

from __future__ import annotations

import copy
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from mobileiqa_bench.evaluation.agreement import plcc, srcc
from mobileiqa_export.blocks.attention import TokenAttention
from mobileiqa_export.blocks.observation import Observation
from mobileiqa_export.checkpoint import LoadedStudent, LoadedTeacher
from mobileiqa_export.student import AttentionStudent, StudentConfig, normalise
from mobileiqa_export.teacher import TeacherConfig
from mobileiqa_sdk.progress import SILENT, Progress

from .errors import TrainingError
from .features import read_resized, to_batch
from .finetune import Rated
from .head import move_average
from .resuming import SAVE_SECONDS, Resumable, origin_of

_SHARED = ("grid", "width", "views")


@dataclass(frozen=True)
class DistillSettings:
    """Everything that decides the distilled student. The defaults are those of the published code.

    Attributes:
        input_size: (height, width) in pixels that photos are resized to.
        epochs: passes over the photos.
        period: epochs in which the learning rate would fall to zero along a half cosine.
        batch: photos per step.
        rate: learning rate of Adam at the start.
        decay: Adam's weight decay, which is added to the slope.
        dropout: probability of dropping a number behind an attention of tokens or in the score's layers.
        views: weight of the squared error of the view maps.
        local: weight of the squared error of the local features.
        score: weight of the squared error of the score.
        imitation: share of the teacher's score in the score to learn; the rest is what people said.
        mirror: whether each photo is mirrored at random, left to right and top to bottom.
        average: per-step decay of a moving average of the weights, which is what is kept; 0 keeps the last.
        validation: photos held out to watch the training; the published code watches its test photos.
        seed: of everything random.
    """

    input_size: tuple[int, int] = (1231, 1907)
    epochs: int = 10
    period: int = 50
    batch: int = 8
    rate: float = 1e-5
    decay: float = 1e-5
    dropout: float = 0.1
    views: float = 1.0
    local: float = 1.0
    score: float = 1.0
    imitation: float = 0.0
    mirror: bool = True
    average: float = 0.0
    validation: int = 500
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as JSON-ready values."""
        return {**asdict(self), "input_size": list(self.input_size)}


class Losses(NamedTuple):
    """Mean squared errors of a batch, or their means over batches.

    Attributes:
        views: of the view maps, to the teacher's.
        local: of the local features, to the teacher's.
        score: of the score, to what it should be.
    """

    views: Tensor
    local: Tensor
    score: Tensor


class Batches(Dataset[tuple[Tensor, Tensor]]):
    """Item i is the whole batch of step i: pixels, uint8 [B, 3, H, W], and their rows, int64 [B]."""

    def __init__(self, rated: Rated, settings: DistillSettings) -> None:
        self.rated, self.settings = rated, settings
        self.per_epoch = len(rated.paths) // settings.batch

    def __len__(self) -> int:
        return self.per_epoch * self.settings.epochs

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        epoch, place = divmod(step, self.per_epoch)
        seed, batch = self.settings.seed, self.settings.batch
        order = np.random.default_rng((seed, 1, epoch)).permutation(len(self.rated.paths))
        rows = order[place * batch : (place + 1) * batch]
        generator = np.random.default_rng((seed, 2, step))
        photos = to_batch([read_resized(self.rated.paths[row], self.settings.input_size) for row in rows])
        if self.settings.mirror:
            photos = torch.stack([mirrored(photo, generator) for photo in photos])
        return photos, torch.from_numpy(rows)


def mirrored(photo: Tensor, generator: np.random.Generator) -> Tensor:
    """Returns a photo [3, H, W] mirrored left to right, top to bottom, both ways or not, by equal chances."""
    axes = [axis for axis in (2, 1) if generator.random() < 0.5]
    return photo.flip(axes)


class Distillation(Resumable[AttentionStudent, DistillSettings, Batches]):
    """A student that learns from a teacher, and the file it resumes from after a stop.

    Args:
        teacher: whose maps are learned.
        student: to begin with; it is changed.
        learn: photos to learn from.
        validate: photos to watch the training on.
        settings: see :class:`DistillSettings`.
        state: file to resume from; created if it does not exist.

    Raises:
        TrainingError: the student's maps do not have the shapes of the teacher's.
    """

    def __init__(
        self,
        teacher: LoadedTeacher,
        student: LoadedStudent,
        learn: Rated,
        validate: Rated,
        settings: DistillSettings,
        state: Path,
    ) -> None:
        network = student_like(student, teacher.config)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.settings, self.state, self.validate = settings, state, validate
        self.origin = origin_of(learn.paths, learn.mos, student=network, teacher=teacher.network)
        self.configs: tuple[StudentConfig, TeacherConfig] = (student.config, teacher.config)
        self.batches = Batches(learn, settings)
        self.mos = torch.from_numpy(learn.mos).to(self.device)
        self.teacher = teacher.network.to(self.device).requires_grad_(False).eval()
        self.student = network.to(self.device).train()
        set_dropout(self.student, settings.dropout)
        self.averaged = copy.deepcopy(self.student).requires_grad_(False).eval()
        self.optimizer = torch.optim.Adam(
            self.student.parameters(), lr=settings.rate, weight_decay=settings.decay
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._share)
        self.step = 0
        self.history: list[dict[str, float]] = []

    def run(self, progress: Progress = SILENT, *, save_seconds: float = SAVE_SECONDS) -> None:
        """Trains to the end.

        Raises:
            TrainingError: the state file was made with other settings, photos or networks.
        """
        self._resume(progress)
        if self.step == 0:
            self._judge(progress)
        for pixels, rows in self._loader():
            losses = self._learn(pixels, rows)
            self.step += 1
            if self.step % 20 == 0:
                progress.step(
                    f"step {self.step}/{len(self.batches)}: "
                    f"squared error of views {losses.views.item():.4f}, "
                    f"of local features {losses.local.item():.4f}, of the score {losses.score.item():.4f}"
                )
            if self.step % self.batches.per_epoch == 0:
                self._judge(progress)
            self._save_if_due(save_seconds)

    def _share(self, step: int) -> float:
        """The share of the learning rate that is left, the same for all steps of an epoch."""
        epoch = min(step // max(self.batches.per_epoch, 1), self.settings.period)
        return 0.5 * (1 + math.cos(math.pi * epoch / self.settings.period))

    def _learn(self, pixels: Tensor, rows: Tensor) -> Losses:
        torch.manual_seed(self.settings.seed * 1_000_003 + self.step)  # dropout's
        settings = self.settings
        target = self._taught(pixels)
        seen = self.student.observe(self._inputs(pixels, self.configs[0]))
        mos = self.mos[rows.to(self.device)]
        losses = errors(seen, target, mos + settings.imitation * (target.score - mos))
        total = settings.views * losses.views + settings.local * losses.local + settings.score * losses.score
        self.optimizer.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.schedule.step()
        move_average(self.averaged, self.student, settings.average)
        return losses

    @torch.no_grad()
    def _taught(self, pixels: Tensor) -> Observation:
        return self.teacher.observe(self._inputs(pixels, self.configs[1]))

    def _inputs(self, pixels: Tensor, config: StudentConfig | TeacherConfig) -> Tensor:
        return normalise(pixels, config.statistics).to(self.device)

    @torch.no_grad()
    def _judge(self, progress: Progress) -> None:
        count, batch = len(self.validate.mos), self.settings.batch
        scores, differences = np.empty(count, np.float32), np.empty((count, 3), np.float64)
        for start in range(0, count, batch):
            rows = slice(start, min(start + batch, count))
            photos = [read_resized(path, self.settings.input_size) for path in self.validate.paths[rows]]
            pixels = to_batch(photos)
            target = self._taught(pixels)
            seen = self.averaged.observe(self._inputs(pixels, self.configs[0]))
            scores[rows] = seen.score.cpu().numpy()
            losses = errors(seen, target, target.score)
            away = (seen.score - target.score).abs().mean()
            differences[rows] = [losses.views.item(), losses.local.item(), away.item()]
        views, local, away_from_teacher = differences.mean(0) if count else (math.nan,) * 3
        figures = {
            "step": float(self.step),
            "srcc": srcc(scores, self.validate.mos),
            "plcc": plcc(scores, self.validate.mos),
            "views": float(views),
            "local": float(local),
            "score": float(away_from_teacher),
        }
        self.history.append(figures)
        progress.step(
            f"step {self.step}: on {count} photos held out {away_from_teacher:.4f} from the teacher's score; "
            f"squared error of views {views:.4f}, of local features {local:.4f}; "
            f"SRCC {figures['srcc']:.4f}, PLCC {figures['plcc']:.4f}"
        )

    def _loader(self) -> DataLoader[Any]:
        remaining = range(self.step, len(self.batches))
        return DataLoader(self.batches, batch_size=None, sampler=remaining, num_workers=1, prefetch_factor=2)


def errors(seen: Observation, target: Observation, score: Tensor) -> Losses:
    """Returns the mean squared errors of views and local features to the teacher's, and of scores [B]."""
    return Losses(
        F.mse_loss(seen.views, target.views),
        F.mse_loss(seen.local, target.local),
        F.mse_loss(seen.score, score),
    )


def student_like(student: LoadedStudent, teacher: TeacherConfig) -> AttentionStudent:
    """Returns the student if its maps have the shapes of the teacher's, else raises TrainingError."""
    network, config = student.network, student.config
    if not isinstance(network, AttentionStudent):
        raise TrainingError(
            f"a {config.arch} student has no view maps to compare with a teacher's; "
            "pass an attention student, as published"
        )
    own = {name: getattr(config, name) for name in _SHARED}
    expected = {name: getattr(teacher, name) for name in _SHARED}
    if own != expected:
        raise TrainingError(
            f"the student's maps have other sizes than the teacher's: {_listed(own)}, not {_listed(expected)}"
        )
    return network


def set_dropout(network: nn.Module, probability: float) -> None:
    """Sets the dropout of all attentions of tokens and of all layers of it."""
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = probability
        elif isinstance(module, TokenAttention):
            module.dropout = probability


def _listed(sizes: dict[str, int]) -> str:
    return ", ".join(f"{name} {size}" for name, size in sizes.items())
