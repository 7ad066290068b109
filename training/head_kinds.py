"""The published blocks, scaled down, against heads on moments: which kind of head is worth more?

All learn from the same taps of the same photos by a frozen backbone, computed once, so that only the
head differs. Photos are smaller here than the student's input, to save memory.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mobileiqa_bench.evaluation.agreement import plcc, srcc
from mobileiqa_export.student import BACKBONES, AttentionStudent, StudentConfig, normalise
from mobileiqa_export.student.backbones import Backbone, tap_sizes
from mobileiqa_export.student.mobilenetv3 import TAP_CHANNELS
from mobileiqa_export.student.moments import MomentViews, moments
from mobileiqa_sdk.progress import SILENT, Progress

from .ablation import ALL_MOMENTS, ALL_TAPS, Moment, columns
from .arrays import Floats, Rows
from .backbone_file import BACKBONE
from .features import BATCH, read_resized, to_batch
from .head import adamw, bootstrap_weights, move_average, rate_at, view_loss

PUBLISHED = StudentConfig(backbone=BACKBONE, grid=8, width=32, hidden=64, views=3)


@dataclass(frozen=True)
class HeadKindSettings:
    """What all kinds of heads have in common.

    Attributes:
        side: of the photos, in pixels; half-precision taps of 3,000 photos of 256x256 take 3 GB.
        learn: photos that train the weights.
        validation: photos that choose the learning rate and the epoch.
        epochs: passes; the learning rate falls to zero along a half cosine.
        every: epochs between two evaluations on the validation photos; the best one is kept.
        batch: photos per step.
        rates: peak learning rates of AdamW to try.
        decay: AdamW's decoupled weight decay, on weights but not on biases.
        correlation: weight of the (1 - PLCC) term beside the squared error.
        average: per-step decay of the moving average of the weights, which is what is evaluated.
        seed: of the photos, the weights, the resamples and the order.
    """

    side: int = 256
    learn: int = 2000
    validation: int = 1000
    epochs: int = 10
    every: int = 5
    batch: int = 32
    rates: tuple[float, ...] = (3e-4, 1e-3, 3e-3)
    decay: float = 0.05
    correlation: float = 0.1
    average: float = 0.99
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as JSON-ready values."""
        return {**asdict(self), "rates": list(self.rates)}


@dataclass(frozen=True)
class Taps:
    """The frozen backbone's outputs for N photos.

    Attributes:
        maps: one per tap, float16 [N, C, H, W].
        moments: of all maps, float32 [N, 3456].
    """

    maps: list[Tensor]
    moments: Tensor


@torch.inference_mode()
def extract_taps(backbone: Backbone, paths: Sequence[Path], side: int) -> Taps:
    """Computes all five taps of photos resized to ``side`` x ``side``."""
    sizes = zip(TAP_CHANNELS, tap_sizes(BACKBONES[BACKBONE], side, side), strict=True)
    maps = [
        torch.empty((len(paths), channels, *size), dtype=torch.float16, memory_format=torch.channels_last)
        for channels, size in sizes
    ]
    pooled = []
    for start in range(0, len(paths), BATCH):
        photos = [read_resized(path, (side, side)) for path in paths[start : start + BATCH]]
        inputs = normalise(to_batch(photos), BACKBONES[BACKBONE])
        taps = backbone(inputs.contiguous(memory_format=torch.channels_last))
        for stored, tap in zip(maps, taps, strict=True):
            stored[start : start + BATCH] = tap
        pooled.append(torch.cat([moments(tap) for tap in taps], dim=1))
    return Taps(maps, torch.cat(pooled))


class PublishedHead(nn.Module):
    """The published student without its backbone: five taps [B, C, H, W] -> opinions [B, 1].

    Taps are standardized channel by channel, as moments are. The first convolution of each local block
    could absorb that, so the architecture stays the published one.
    """

    def __init__(self, config: StudentConfig, means: list[Tensor], deviations: list[Tensor]) -> None:
        super().__init__()
        self.student = AttentionStudent(config)
        self.student.local_cnn = nn.Identity()  # type: ignore[assignment] # the taps are its input
        for index, (mean, deviation) in enumerate(zip(means, deviations, strict=True)):
            self.register_buffer(f"mean{index}", mean.view(-1, 1, 1))
            self.register_buffer(f"deviation{index}", deviation.view(-1, 1, 1))

    def forward(self, taps: list[Tensor]) -> Tensor:
        buffers = dict(self.named_buffers(recurse=False))
        standardized = [
            (tap.float() - buffers[f"mean{index}"]) / buffers[f"deviation{index}"]
            for index, tap in enumerate(taps)
        ]
        # Trained in bfloat16 as `finetune` does, evaluated in full precision.
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training):
            score: Tensor = self.student(standardized)
        return score.float().unsqueeze(1)


@dataclass(frozen=True)
class HeadKind:
    """One kind of head.

    Attributes:
        title: for the table.
        views: opinions that it is trained by.
        hidden: units of each view; for heads on moments.
        moments: which moments it sees; empty for the published blocks, which see the taps themselves.
    """

    title: str
    views: int = 1
    hidden: int = 0
    moments: tuple[Moment, ...] = ALL_MOMENTS

    def build(self, taps: Taps) -> nn.Module:
        """Builds the head with fresh weights and the mean and deviation of these photos' features."""
        if not self.moments:
            return PublishedHead(PUBLISHED, *_channel_statistics(taps.moments))
        features = self.inputs(taps, np.arange(len(taps.moments)))
        head = MomentViews(features.shape[1], self.hidden, self.views)
        head.mean.copy_(features.mean(0))
        head.std.copy_(features.std(0).clamp_min(1e-3))
        return head

    def inputs(self, taps: Taps, rows: Rows) -> Any:
        """Returns the head's input for these photos: moments [B, F], or a list of taps."""
        if not self.moments:
            return [tap[rows] for tap in taps.maps]
        return taps.moments[rows][:, columns(self.moments, ALL_TAPS)]

    def macs(self, network: nn.Module, side: int) -> int:
        """Counts the multiply-accumulates after the backbone for a square photo, without those of pooling."""
        sizes = zip(TAP_CHANNELS, tap_sizes(BACKBONES[BACKBONE], side, side), strict=True)
        example: Any = [torch.empty(1, channels, *size, device="meta") for channels, size in sizes]
        if self.moments:
            example = torch.empty(1, len(columns(self.moments, ALL_TAPS)), device="meta")
        counter = FlopCounterMode(display=False)
        with torch.inference_mode(), counter:
            copy.deepcopy(network).eval().to("meta")(example)
        return counter.get_total_flops() // 2


HEAD_KINDS = {
    "moments": HeadKind("moments, eight views of 32 (bundled)", views=8, hidden=32),
    "mlp": HeadKind("a plain MLP: moments, one view of 256", hidden=256),
    "mean": HeadKind("mean alone (global average pooling), eight views of 32", 8, 32, ("mean",)),
    "published": HeadKind("the published blocks: grid 8, width 32, hidden 64, 3 views", moments=()),
}


@dataclass(frozen=True)
class HeadKindResult:
    """A kind of head trained with one learning rate, at its best epoch on the validation photos.

    Attributes:
        kind: what was trained.
        rate: peak learning rate.
        epoch: counted from 1.
        srcc, plcc: on the validation photos.
        weights: trained parameters.
        macs: after the backbone, at the side it was trained at and at twice that.
    """

    kind: HeadKind
    rate: float
    epoch: int
    srcc: float
    plcc: float
    weights: int
    macs: tuple[int, int]


def train_kind(
    kind: HeadKind,
    taps: tuple[Taps, Taps],
    mos: tuple[Floats, Floats],
    rate: float,
    settings: HeadKindSettings,
    progress: Progress = SILENT,
) -> HeadKindResult:
    """Trains one kind of head with one learning rate; see :func:`compare` for the arguments."""
    torch.manual_seed(settings.seed)
    learn, validate = taps
    network = kind.build(learn).train()
    averaged = copy.deepcopy(network).requires_grad_(False).eval()
    target, validation_mos = torch.from_numpy(mos[0]), mos[1]
    weights = bootstrap_weights(len(target), kind.views, settings.seed)
    optimizer = adamw(network, rate, settings.decay)
    steps = settings.epochs * (len(target) // settings.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_at(step, steps))
    best = (-1.0, 0.0, 0)
    for epoch in range(1, settings.epochs + 1):
        order = np.random.default_rng((settings.seed, epoch)).permutation(len(target))
        for start in range(0, len(order) - settings.batch + 1, settings.batch):
            rows = np.sort(order[start : start + settings.batch])
            opinions = network(kind.inputs(learn, rows))
            loss = view_loss(opinions, target[rows], weights[rows], settings.correlation)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            move_average(averaged, network, settings.average)
        if epoch % settings.every and epoch < settings.epochs:
            continue
        scores = _scores(kind, averaged, validate)
        figures = srcc(scores, validation_mos), plcc(scores, validation_mos)
        best = max(best, (*figures, epoch))
        progress.step(f"{kind.title}, rate {rate:g}, epoch {epoch}: validation SRCC {figures[0]:.4f}")
    count = sum(parameter.numel() for parameter in network.parameters())
    macs = kind.macs(network, settings.side), kind.macs(network, 2 * settings.side)
    return HeadKindResult(kind, rate, best[2], best[0], best[1], count, macs)


def compare(
    kinds: Sequence[HeadKind],
    taps: tuple[Taps, Taps],
    mos: tuple[Floats, Floats],
    settings: HeadKindSettings,
    progress: Progress = SILENT,
) -> Iterator[HeadKindResult]:
    """Trains every kind of head with every learning rate, and yields the results.

    Args:
        kinds: some of :data:`HEAD_KINDS`.
        taps: of the photos that train the weights, and of the validation photos.
        mos: opinions of both, in 0..1.
        settings: the same for all.
        progress: receives the figures of each evaluation.
    """
    for kind in kinds:
        for rate in settings.rates:
            yield train_kind(kind, taps, mos, rate, settings, progress)


@torch.inference_mode()
def _scores(kind: HeadKind, network: nn.Module, taps: Taps) -> Floats:
    rows = np.arange(len(taps.moments))
    scores: Floats = torch.cat(
        [network(kind.inputs(taps, rows[i : i + 64])).mean(1) for i in range(0, len(rows), 64)]
    ).numpy()
    return scores


def _channel_statistics(pooled: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Returns the mean and deviation of every channel over all positions of all photos, tap by tap."""
    means, deviations = [], []
    for tap in ALL_TAPS:
        mean, deviation = (pooled[:, columns((moment,), (tap,))] for moment in ALL_MOMENTS[:2])
        means.append(mean.mean(0))
        deviations.append(torch.sqrt((deviation**2).mean(0) + mean.var(0)).clamp_min(1e-3))
    return means, deviations
