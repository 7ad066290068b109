"""Trains a whole student, backbone included: on opinions, on ladders of faults, and by teachers.

Every batch depends on the seed and the step's number alone, so a run that was stopped and resumed
gives the same weights as one that was not.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mobileiqa_bench.scenes import Pixels
from mobileiqa_export.student import (
    BACKBONES,
    MomentStudent,
    Observation,
    Student,
    StudentConfig,
    normalise,
)
from mobileiqa_export.student.backbones import Backbone
from mobileiqa_export.student.mobilenetv3 import MobileNetV3
from mobileiqa_sdk.progress import SILENT, Progress

from .arrays import Floats
from .features import read_resized, to_batch
from .head import bootstrap_weights, ladder_loss, move_average, rate_at, view_loss
from .ladders import LadderSource, better_half
from .resuming import SAVE_SECONDS, Resumable, origin_of
from .teachers import Teacher, distillation_loss

Network = TypeVar("Network", bound=torch.nn.Module)


@dataclass(frozen=True)
class FinetuneSettings:
    """Everything that decides the fine-tuned student. The defaults made the bundled checkpoint.

    Attributes:
        stages: (epochs, side of the square crop), one after the other. A crop keeps the pixels as they
            are, and so the quality; the last stage sees whole photos, as the student will.
        batch: rated photos per step.
        ladders: photographs per step that are seen with three strengths of a fault.
        rate: peak learning rate of AdamW for the backbone, relative to the root mean square of each
            tensor, because scales differ a thousandfold between tensors.
        head_rate: peak learning rate of the views, which come already trained; not relative.
        frozen_stages: stages of the backbone that are not trained, and with them the stem; they would
            take half the time of a step.
        decay: decoupled weight decay of the views' weights. Biases and the backbone have none.
        dropout: probability of dropping a hidden unit of the views.
        correlation: weight of the (1 - PLCC) term beside the squared error.
        ranking: weight of the hinge between rungs of a ladder.
        margin: how much lower, at least, the next rung should score.
        distillation: weight of the teacher's loss, if there is a teacher.
        average: per-step decay of the moving average of the weights, which is what is kept.
        validation: photos held out to watch the training and to choose the settings.
        seed: of everything random.
    """

    stages: tuple[tuple[int, int], ...] = ((5, 384), (1, 512))
    batch: int = 32
    ladders: int = 4
    rate: float = 2e-4
    head_rate: float = 5e-5
    frozen_stages: int = 1
    decay: float = 0.05
    dropout: float = 0.5
    correlation: float = 0.1
    ranking: float = 0.5
    margin: float = 0.03
    distillation: float = 1.0
    average: float = 0.995
    validation: int = 1000
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as JSON-ready values."""
        return {**asdict(self), "stages": [list(stage) for stage in self.stages]}

    @property
    def epochs(self) -> int:
        """Epochs of all stages together."""
        return sum(epochs for epochs, _ in self.stages)

    def side(self, epoch: int) -> int:
        """Returns the side of the crops of an epoch, in pixels."""
        for epochs, side in self.stages:
            if epoch < epochs:
                return side
            epoch -= epochs
        raise IndexError(epoch)

    def rows(self, step: int, photos: int) -> npt.NDArray[np.int64]:
        """Returns which of so many rated photos a step learns from, [batch]; each epoch has an order."""
        epoch, place = divmod(step, photos // self.batch)
        order = np.random.default_rng((self.seed, 1, epoch)).permutation(photos)
        return order[place * self.batch : (place + 1) * self.batch]


@dataclass(frozen=True)
class Rated:
    """Photos with their opinions: paths [N] and MOS [N] in 0..1."""

    paths: Sequence[Path]
    mos: Floats


class Batches(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Item i is the whole batch of step i: pixels of rated photos, their rows, and pixels of ladders.

    Shapes: uint8 [B, 3, S, S], int64 [B] and uint8 [L * RUNGS, 3, S, S], the rungs of a ladder one after
    the other, best first.
    """

    def __init__(
        self,
        rated: Rated,
        photographs: Sequence[Pixels],
        input_size: tuple[int, int],
        settings: FinetuneSettings,
    ) -> None:
        self.rated, self.input_size, self.settings = rated, input_size, settings
        self.per_epoch = len(rated.paths) // settings.batch
        self.ladders = LadderSource(better_half(rated.paths, rated.mos), photographs, input_size)

    def __len__(self) -> int:
        return self.per_epoch * self.settings.epochs

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        side = self.settings.side(step // self.per_epoch)
        rows = self.settings.rows(step, len(self.rated.paths))
        generator = np.random.default_rng((self.settings.seed, 2, step))
        photos = [cropped([self._photo(row)], side, generator) for row in rows]
        rungs = [cropped(self.ladders.draw(generator), side, generator) for _ in range(self.settings.ladders)]
        return _stacked(photos), torch.from_numpy(rows), _stacked(rungs)

    def _photo(self, row: np.integer[Any]) -> Pixels:
        return read_resized(self.rated.paths[int(row)], self.input_size)


def cropped(photos: Sequence[Pixels], side: int, generator: np.random.Generator) -> list[Pixels]:
    """Cuts the same random square out of every photo; mirrors either all of them or none.

    A photo's dimension that is smaller than ``side`` stays whole.
    """
    top, left = (int(generator.integers(max(length - side, 0) + 1)) for length in photos[0].shape[:2])
    squares = [photo[top : top + side, left : left + side] for photo in photos]
    if generator.random() < 0.5:
        return [square[:, ::-1] for square in squares]
    return squares


def _stacked(groups: Sequence[Sequence[Pixels]]) -> Tensor:
    if not groups:
        return torch.empty(0, 3, 1, 1, dtype=torch.uint8)
    return to_batch([photo for group in groups for photo in group])


class Finetuning(Resumable[Student, FinetuneSettings, Batches]):
    """A student in training, the moving average of its weights, and the file it resumes from after a stop."""

    def __init__(
        self,
        student: Student,
        config: StudentConfig,
        learn: Rated,
        validate: Rated,
        photographs: Sequence[Pixels],
        settings: FinetuneSettings,
        state: Path,
        teacher: Teacher | None = None,
    ) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.settings, self.state, self.validate, self.config = settings, state, validate, config
        self.origin = origin_of(learn.paths, learn.mos, student=student, teacher=teacher)
        self.spec = BACKBONES[config.backbone]
        self.batches = Batches(learn, photographs, config.input_size, settings)
        self.mos = torch.from_numpy(learn.mos).to(self.device)
        self.weights = bootstrap_weights(len(learn.mos), count_opinions(student), settings.seed).to(
            self.device
        )
        self.student: Student = self._placed(student).train()
        freeze(self.student.local_cnn, settings.frozen_stages)
        for module in self.student.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = settings.dropout
        self.teacher = None if teacher is None else self._placed(teacher)
        self.averaged = copy.deepcopy(self.student).requires_grad_(False).eval()
        self.optimizer = torch.optim.AdamW(self._groups())
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
        if self.step == 0:
            self._judge(progress)
        losses: list[tuple[float, float]] = []
        for pixels, rows, rungs in self._loader():
            losses.append(self._learn(pixels, rows, rungs))
            self.step += 1
            if self.step % 20 == 0:
                opinions, ladders = np.mean(losses[-20:], axis=0)
                progress.step(
                    f"step {self.step}/{len(self.batches)}, side {pixels.shape[-1]}: "
                    f"loss of opinions {opinions:.4f}, of ladders {ladders:.4f}"
                )
            if self.step % self.batches.per_epoch == 0:
                self._judge(progress)
            self._save_if_due(save_seconds)

    def _learn(self, pixels: Tensor, rows: Tensor, rungs: Tensor) -> tuple[float, float]:
        torch.manual_seed(self.settings.seed * 1_000_003 + self.step)  # dropout's
        rated = len(pixels)
        inputs = self._inputs(torch.cat([pixels, rungs]) if len(rungs) else pixels)
        observation = self._observe(self.student, inputs)
        opinions, rows = opinions_in(observation), rows.to(self.device)
        loss = view_loss(opinions[:rated], self.mos[rows], self.weights[rows], self.settings.correlation)
        ranked = ladder_loss(opinions[rated:], self.settings.margin)
        total = loss + self.settings.ranking * ranked
        if self.teacher is not None:
            target = self._observe(self.teacher, inputs)
            total = total + self.settings.distillation * distillation_loss(observation, target)
        self.optimizer.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        move_average(self.averaged, self.student, self.settings.average)
        return loss.item(), ranked.item()

    def _placed(self, network: Network) -> Network:
        # Channels last is twice as fast on CPUs with bfloat16 dot products.
        return network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def _inputs(self, pixels: Tensor) -> Tensor:
        return normalise(pixels, self.spec).to(self.device).contiguous(memory_format=torch.channels_last)

    def _observe(self, network: Student | Teacher, inputs: Tensor) -> Observation:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=True):
            observation = network.observe(inputs)
        return Observation(*(part.float() for part in observation))

    def _scores(self, paths: Sequence[Path]) -> Floats:
        photos = to_batch([read_resized(path, self.config.input_size) for path in paths])
        scores: Floats = self.averaged.observe(self._inputs(photos)).score.cpu().numpy()
        return scores

    @torch.no_grad()
    def _judge(self, progress: Progress) -> None:
        scores = np.empty(len(self.validate.mos), np.float32)
        for start in range(0, len(scores), 8):
            scores[start : start + 8] = self._scores(self.validate.paths[start : start + 8])
        recorded = self._recorded(scores, self.validate.mos)
        progress.step(f"{recorded} (mean score {scores.mean():.3f}, MOS {self.validate.mos.mean():.3f})")

    def _groups(self) -> Iterator[dict[str, Any]]:
        for tensor in self.student.local_cnn.parameters():
            if not tensor.requires_grad:
                continue
            size = float(tensor.detach().square().mean().sqrt())
            yield {"params": [tensor], "weight_decay": 0.0, "lr": self.settings.rate * size}
        backbone = {id(tensor) for tensor in self.student.local_cnn.parameters()}
        for tensor in self.student.parameters():
            if id(tensor) in backbone:
                continue
            decay = self.settings.decay if tensor.ndim > 1 else 0.0
            yield {"params": [tensor], "weight_decay": decay, "lr": self.settings.head_rate}

    def _loader(self) -> DataLoader[Any]:
        remaining = range(self.step, len(self.batches))
        return DataLoader(self.batches, batch_size=None, sampler=remaining, num_workers=1, prefetch_factor=4)


def count_opinions(student: Student) -> int:
    """Returns how many opinions are trained: one per view if views have scores of their own, else one."""
    return student.head.views if isinstance(student, MomentStudent) else 1


def opinions_in(observation: Observation) -> Tensor:
    """Returns the opinions [B, views] of an observation, or its one score as [B, 1]."""
    return observation.views if observation.views.ndim == 2 else observation.score.unsqueeze(1)


def freeze(backbone: Backbone, stages: int) -> None:
    """Stops the stem and the first stages from being trained; 0 stages freeze nothing."""
    if not stages:
        return
    if isinstance(backbone, MobileNetV3):
        first = [backbone.conv_stem, backbone.bn1, *list(backbone.blocks)[:stages]]
    else:
        first = [backbone.stem, *list(backbone.stages)[:stages]]
    for module in first:
        module.requires_grad_(False).eval()
