"""What the parts of the small student are worth: heads trained alike on parts of the cached moments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch

from mobileiqa_bench.evaluation.agreement import plcc, srcc
from mobileiqa_export.student.mobilenetv3 import TAP_CHANNELS
from mobileiqa_export.student.moments import MOMENTS

from .arrays import Features, Floats, Rows
from .head import HeadSettings, train_head
from .partition import Partition

Moment = Literal["mean", "deviation", "maximum"]

ALL_MOMENTS: tuple[Moment, ...] = ("mean", "deviation", "maximum")
"""The moments of a channel, in their order in the features."""
ALL_TAPS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Variant:
    """One row of the table.

    Attributes:
        name: of the row.
        moments: which moments of every channel the head sees.
        taps: which taps it sees, counted from 1.
        views, hidden: sizes of the head.
    """

    name: str
    moments: tuple[Moment, ...] = ALL_MOMENTS
    taps: tuple[int, ...] = ALL_TAPS
    views: int = 8
    hidden: int = 32


VARIANTS = (
    Variant("moments, eight views of 32 (bundled)"),
    Variant("a plain MLP: moments, one view of 256", views=1, hidden=256),
    Variant("without the maximum", moments=("mean", "deviation")),
    Variant("mean alone (global average pooling)", moments=("mean",)),
    Variant("last tap alone", taps=(5,)),
    Variant("first four taps alone", taps=(1, 2, 3, 4)),
)


@dataclass(frozen=True)
class VariantResult:
    """Figures of a variant on the validation photos, the features it reads and the weights it has."""

    variant: Variant
    inputs: int
    weights: int
    srcc: float
    plcc: float


def columns(moments: tuple[Moment, ...], taps: tuple[int, ...]) -> Rows:
    """Returns the positions of these moments of these taps in a photo's features."""
    chosen: list[int] = []
    start = 0
    for tap, channels in enumerate(TAP_CHANNELS, start=1):
        for moment in ALL_MOMENTS:
            if tap in taps and moment in moments:
                chosen.extend(range(start, start + channels))
            start += channels
    assert start == MOMENTS * sum(TAP_CHANNELS)  # noqa: S101 - the layout of `moments`
    return np.array(chosen)


def ablate(
    features: Features, flipped: Features, mos: Floats, part: Partition, settings: HeadSettings
) -> Iterator[VariantResult]:
    """Trains every variant with the same settings and photos, and yields its figures."""
    validation_mos = mos[part.validate]
    for variant in VARIANTS:
        places = columns(variant.moments, variant.taps)
        sized = replace(settings, views=variant.views, hidden=variant.hidden)
        head = train_head(features[:, places], flipped[:, places], mos, part, sized).head
        with torch.inference_mode():
            scores = head(torch.from_numpy(features[part.validate][:, places])).mean(1).numpy()
        weights = sum(parameter.numel() for parameter in head.parameters())
        yield VariantResult(
            variant, len(places), weights, srcc(scores, validation_mos), plcc(scores, validation_mos)
        )
