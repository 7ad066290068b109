"""What the student's form is worth: the published blocks, scaled down, against heads on moments.

All learn from the same taps of the same photos by a frozen backbone, computed once, so that nothing
but the form differs. Photos are smaller here than the student's input, for memory's sake.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mobileiqa_bench.evaluation.agreement import plcc, srcc
from mobileiqa_export.student import BACKBONES, AttentionStudent, StudentConfig, normalise
from mobileiqa_export.student.backbone import TAP_CHANNELS, Backbone, tap_sizes
from mobileiqa_export.student.moments import MomentViews, moments

from .ablation import KINDS, columns
from .arrays import Floats
from .backbone_weights import BACKBONE
from .features import BATCH, sized, to_batch
from .head import adamw, bootstrap_weights, follow, rate_at, view_loss
from .partition import Rows

TAPS = (1, 2, 3, 4, 5)
PUBLISHED = StudentConfig(backbone=BACKBONE, grid=8, width=32, hidden=64, views=3)


@dataclass(frozen=True)
class FormSettings:
    """What all forms have in common.

    Attributes:
        side: of the photos, in pixels; 3,000 of 256x256 take 3 GB as half-precision taps.
        learn: photos that train the weights.
        validation: photos that choose the rate and between the epochs that are judged.
        epochs: passes; the learning rate falls to zero along a half cosine.
        every: how many epochs apart the validation photos are scored; the best of these is kept.
        batch: photos per step.
        rates: peak learning rates of AdamW to try.
        decay: its decoupled weight decay, on weights but not on biases.
        correlation: weight of the (1 - PLCC) term next to the squared error.
        average: per-step decay of the moving average of the weights that is judged.
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
        """The settings as JSON-ready values."""
        return {**asdict(self), "rates": list(self.rates)}


@dataclass(frozen=True)
class Taps:
    """What the frozen backbone makes of N photos.

    Attributes:
        maps: of every tap, float16 [N, C, H, W].
        moments: of the same, float32 [N, 3456].
    """

    maps: list[Tensor]
    moments: Tensor


@torch.inference_mode()
def extract_taps(backbone: Backbone, paths: Sequence[Path], side: int) -> Taps:
    """All five taps of photos resized to ``side`` x ``side``."""
    sizes = zip(TAP_CHANNELS, tap_sizes(side, side), strict=True)
    maps = [
        torch.empty((len(paths), channels, *size), dtype=torch.float16, memory_format=torch.channels_last)
        for channels, size in sizes
    ]
    pooled = []
    for start in range(0, len(paths), BATCH):
        photos = [sized(path, (side, side)) for path in paths[start : start + BATCH]]
        inputs = normalise(to_batch(photos), BACKBONES[BACKBONE])
        seen = backbone(inputs.contiguous(memory_format=torch.channels_last))
        for kept, tap in zip(maps, seen, strict=True):
            kept[start : start + BATCH] = tap
        pooled.append(torch.cat([moments(tap) for tap in seen], dim=1))
    return Taps(maps, torch.cat(pooled))


class PublishedHead(nn.Module):
    """The published student without its backbone: five taps [B, C, H, W] -> opinions [B, 1].

    Taps are standardized channel by channel, as moments are; the first convolution of each local
    block could take that in, so the form stays the published one.
    """

    def __init__(self, config: StudentConfig, means: list[Tensor], deviations: list[Tensor]) -> None:
        super().__init__()
        self.student = AttentionStudent(config)
        self.student.local_cnn = nn.Identity()  # type: ignore[assignment] # the taps come ready
        for index, (mean, deviation) in enumerate(zip(means, deviations, strict=True)):
            self.register_buffer(f"mean{index}", mean.view(-1, 1, 1))
            self.register_buffer(f"deviation{index}", deviation.view(-1, 1, 1))

    def forward(self, taps: list[Tensor]) -> Tensor:
        buffers = dict(self.named_buffers(recurse=False))
        standardized = [
            (tap.float() - buffers[f"mean{index}"]) / buffers[f"deviation{index}"]
            for index, tap in enumerate(taps)
        ]
        # Trained as `finetune` trains, judged in full precision.
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training):
            score: Tensor = self.student(standardized)
        return score.float().unsqueeze(1)


@dataclass(frozen=True)
class Form:
    """One form of head.

    Attributes:
        title: for the table.
        views: opinions that it is trained by.
        hidden: units of each view, of heads on moments.
        kinds: moments that it sees; none for the published form, which sees the taps.
    """

    title: str
    views: int = 1
    hidden: int = 0
    kinds: tuple[str, ...] = KINDS

    def build(self, taps: Taps) -> nn.Module:
        """With fresh weights, and the mean and deviation of these photos' features."""
        if not self.kinds:
            return PublishedHead(PUBLISHED, *_channel_statistics(taps.moments))
        seen = self.inputs(taps, np.arange(len(taps.moments)))
        head = MomentViews(seen.shape[1], self.hidden, self.views)
        head.mean.copy_(seen.mean(0))
        head.std.copy_(seen.std(0).clamp_min(1e-3))
        return head

    def inputs(self, taps: Taps, rows: Rows) -> Any:
        """Of these photos: moments [B, F], or a list of taps."""
        if not self.kinds:
            return [tap[rows] for tap in taps.maps]
        return taps.moments[rows][:, columns(self.kinds, TAPS)]

    def macs(self, network: nn.Module, side: int) -> int:
        """Multiply-accumulates beyond the backbone of a photo of this side, without the sums of pooling."""
        sizes = zip(TAP_CHANNELS, tap_sizes(side, side), strict=True)
        example: Any = [torch.empty(1, channels, *size, device="meta") for channels, size in sizes]
        if self.kinds:
            example = torch.empty(1, len(columns(self.kinds, TAPS)), device="meta")
        counter = FlopCounterMode(display=False)
        with torch.inference_mode(), counter:
            copy.deepcopy(network).eval().to("meta")(example)
        return counter.get_total_flops() // 2


FORMS = {
    "moments": Form("moments, eight views of 32 (bundled)", views=8, hidden=32),
    "mlp": Form("a plain MLP: moments, one view of 256", hidden=256),
    "mean": Form("mean alone (global average pooling), eight views of 32", 8, 32, ("mean",)),
    "published": Form("the published form, grid 8, width 32, hidden 64, 3 views", kinds=()),
}


@dataclass(frozen=True)
class FormOutcome:
    """A form trained with one learning rate, at its best epoch on the validation photos."""

    form: Form
    rate: float
    epoch: int
    srcc: float
    plcc: float
    weights: int
    macs: tuple[int, int]
    """At the side it was trained at, and at twice that."""


def train_form(
    form: Form,
    taps: tuple[Taps, Taps],
    mos: tuple[Floats, Floats],
    rate: float,
    settings: FormSettings,
    progress: Callable[[str], None],
) -> FormOutcome:
    """Train one form with one learning rate; see :func:`compare`."""
    torch.manual_seed(settings.seed)
    learn, validate = taps
    network = form.build(learn).train()
    averaged = copy.deepcopy(network).requires_grad_(False).eval()
    target, wanted = torch.from_numpy(mos[0]), mos[1]
    weights = bootstrap_weights(len(target), form.views, settings.seed)
    optimizer = adamw(network, rate, settings.decay)
    steps = settings.epochs * (len(target) // settings.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_at(step, steps))
    best = (-1.0, 0.0, 0)
    for epoch in range(1, settings.epochs + 1):
        order = np.random.default_rng((settings.seed, epoch)).permutation(len(target))
        for start in range(0, len(order) - settings.batch + 1, settings.batch):
            rows = np.sort(order[start : start + settings.batch])
            opinions = network(form.inputs(learn, rows))
            loss = view_loss(opinions, target[rows], weights[rows], settings.correlation)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            follow(averaged, network, settings.average)
        if epoch % settings.every and epoch < settings.epochs:
            continue
        scores = _scores(form, averaged, validate)
        figures = srcc(scores, wanted), plcc(scores, wanted)
        best = max(best, (*figures, epoch))
        progress(f"{form.title}, rate {rate:g}, epoch {epoch}: validation SRCC {figures[0]:.4f}")
    count = sum(p.numel() for p in network.parameters())
    macs = form.macs(network, settings.side), form.macs(network, 2 * settings.side)
    return FormOutcome(form, rate, best[2], best[0], best[1], count, macs)


def compare(
    forms: Sequence[Form],
    taps: tuple[Taps, Taps],
    mos: tuple[Floats, Floats],
    settings: FormSettings,
    report: Callable[[FormOutcome], None],
    progress: Callable[[str], None],
) -> list[FormOutcome]:
    """Train every form with every rate.

    Args:
        forms: some of :data:`FORMS`.
        taps: of the photos to learn from, and of those to validate on.
        mos: of both, in 0..1.
        settings: the same for all.
        report: told each outcome.
        progress: told a line each epoch.
    """
    outcomes = []
    for form in forms:
        for rate in settings.rates:
            outcomes.append(train_form(form, taps, mos, rate, settings, progress))
            report(outcomes[-1])
    return outcomes


@torch.inference_mode()
def _scores(form: Form, network: nn.Module, taps: Taps) -> Floats:
    rows = np.arange(len(taps.moments))
    scores: Floats = torch.cat(
        [network(form.inputs(taps, rows[i : i + 64])).mean(1) for i in range(0, len(rows), 64)]
    ).numpy()
    return scores


def _channel_statistics(pooled: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Mean and deviation of every channel over all positions of all photos, tap by tap."""
    means, deviations = [], []
    for tap in TAPS:
        mean, deviation = (pooled[:, columns((kind,), (tap,))] for kind in KINDS[:2])
        means.append(mean.mean(0))
        deviations.append(torch.sqrt((deviation**2).mean(0) + mean.var(0)).clamp_min(1e-3))
    return means, deviations
