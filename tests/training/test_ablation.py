from __future__ import annotations

import numpy as np
import torch

from mobileiqa_export.student.mobilenetv3 import TAP_CHANNELS
from mobileiqa_export.student.moments import MOMENTS, moments
from training.ablation import ALL_MOMENTS, ALL_TAPS, VARIANTS, ablate, columns
from training.head import HeadSettings
from training.partition import Partition

WIDTH = MOMENTS * sum(TAP_CHANNELS)


def test_columns_are_the_moments_they_are_called() -> None:
    taps = [torch.randn(1, channels, 4, 4) for channels in TAP_CHANNELS]
    features = torch.cat([moments(tap) for tap in taps], dim=1)[0]
    assert torch.equal(features[columns(("mean",), (2,))], taps[1].mean((2, 3))[0])
    assert torch.equal(features[columns(("maximum",), (5,))], taps[4].amax((2, 3))[0])
    assert columns(ALL_MOMENTS, ALL_TAPS).tolist() == list(range(WIDTH))


def test_every_variant_is_trained_on_its_own_columns() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(120, WIDTH)).astype(np.float32)
    # Quality is one factor in the means of the last tap: heads that do not see them must fail.
    causal = columns(("mean",), (5,))
    quality = features[:, causal].sum(1) / np.sqrt(len(causal))
    features[:, causal] += quality[:, None]
    mos = 1 / (1 + np.exp(-quality))
    part = Partition(np.arange(90), np.arange(90, 120), np.zeros(0, bool))
    settings = HeadSettings(epochs=6, batch=30, dropout=0.0, noise=0.0, average=0.5, decay=0.05)
    results = list(ablate(features, features, mos.astype(np.float32), part, settings))
    assert [result.variant for result in results] == list(VARIANTS)
    figures = {result.variant.name: result for result in results}
    blind = figures["first four taps alone"]
    assert all(result.srcc > blind.srcc for result in results if result is not blind)
    assert figures["mean alone (global average pooling)"].inputs == sum(TAP_CHANNELS)
