"""What the parts of the small student are worth: heads trained alike on parts of the cached moments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from mobileiqa_bench.evaluation.agreement import plcc, srcc
from mobileiqa_export.student.backbone import TAP_CHANNELS
from mobileiqa_export.student.moments import MOMENTS

from .arrays import Features, Floats
from .head import Settings, train_head
from .partition import Partition

KINDS = ("mean", "deviation", "maximum")


@dataclass(frozen=True)
class Variant:
    """One row of the table.

    Attributes:
        name: what it is.
        kinds: which moments of every channel it sees.
        taps: which taps, counted from 1.
        views, hidden: of its head.
    """

    name: str
    kinds: tuple[str, ...] = KINDS
    taps: tuple[int, ...] = (1, 2, 3, 4, 5)
    views: int = 8
    hidden: int = 32


VARIANTS = (
    Variant("moments, eight views of 32 (bundled)"),
    Variant("a plain MLP: moments, one view of 256", views=1, hidden=256),
    Variant("without the maximum", kinds=("mean", "deviation")),
    Variant("mean alone (global average pooling)", kinds=("mean",)),
    Variant("last tap alone", taps=(5,)),
    Variant("first four taps alone", taps=(1, 2, 3, 4)),
)


@dataclass(frozen=True)
class Outcome:
    """Figures of a variant on the validation photos, and the numbers it reads and weighs."""

    variant: Variant
    inputs: int
    weights: int
    srcc: float
    plcc: float


def columns(kinds: tuple[str, ...], taps: tuple[int, ...]) -> npt.NDArray[np.intp]:
    """Places of these moments of these taps in a photo's features."""
    chosen: list[int] = []
    start = 0
    for tap, channels in enumerate(TAP_CHANNELS, start=1):
        for kind in KINDS:
            if tap in taps and kind in kinds:
                chosen.extend(range(start, start + channels))
            start += channels
    assert start == MOMENTS * sum(TAP_CHANNELS)  # noqa: S101 - the layout of `moments`
    return np.array(chosen)


def ablate(
    features: Features,
    flipped: Features,
    mos: Floats,
    part: Partition,
    settings: Settings,
    report: Callable[[Outcome], None],
) -> list[Outcome]:
    """Train every variant with the same settings and photos; ``report`` is told each as it is done."""
    outcomes = []
    for variant in VARIANTS:
        places = columns(variant.kinds, variant.taps)
        chosen = replace(settings, views=variant.views, hidden=variant.hidden)
        head = train_head(features[:, places], flipped[:, places], mos, part, chosen, lambda _: None).head
        with torch.inference_mode():
            scores = head(torch.from_numpy(features[part.validate][:, places])).mean(1).numpy()
        weights = sum(parameter.numel() for parameter in head.parameters())
        wanted = mos[part.validate]
        outcomes.append(Outcome(variant, len(places), weights, srcc(scores, wanted), plcc(scores, wanted)))
        report(outcomes[-1])
    return outcomes
