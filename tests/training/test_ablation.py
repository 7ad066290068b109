from __future__ import annotations

import numpy as np
import torch

from mobileiqa_export.student.backbone import TAP_CHANNELS
from mobileiqa_export.student.moments import MOMENTS, moments
from training.ablation import KINDS, VARIANTS, ablate, columns
from training.head import Settings
from training.partition import Partition

WIDTH = MOMENTS * sum(TAP_CHANNELS)


def test_columns_are_the_moments_they_are_called() -> None:
    taps = [torch.randn(1, channels, 4, 4) for channels in TAP_CHANNELS]
    features = torch.cat([moments(tap) for tap in taps], dim=1)[0]
    assert torch.equal(features[columns(("mean",), (2,))], taps[1].mean((2, 3))[0])
    assert torch.equal(features[columns(("maximum",), (5,))], taps[4].amax((2, 3))[0])
    assert columns(KINDS, (1, 2, 3, 4, 5)).tolist() == list(range(WIDTH))


def test_every_variant_is_trained_on_its_own_columns() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(120, WIDTH)).astype(np.float32)
    # Quality is one factor in the means of the last tap: heads that do not see them must fail.
    seen = columns(("mean",), (5,))
    quality = features[:, seen].sum(1) / np.sqrt(len(seen))
    features[:, seen] += quality[:, None]
    mos = 1 / (1 + np.exp(-quality))
    part = Partition(np.arange(90), np.arange(90, 120), np.zeros(0, bool))
    settings = Settings(epochs=6, batch=30, dropout=0.0, noise=0.0, average=0.5, decay=0.05)
    told: list[str] = []
    outcomes = ablate(
        features, features, mos.astype(np.float32), part, settings, lambda o: told.append(o.variant.name)
    )
    assert told == [variant.name for variant in VARIANTS]
    figures = {outcome.variant.name: outcome for outcome in outcomes}
    blind = figures["first four taps alone"]
    assert all(outcome.srcc > blind.srcc for outcome in outcomes if outcome is not blind)
    assert figures["mean alone (global average pooling)"].inputs == sum(TAP_CHANNELS)
