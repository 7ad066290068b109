from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mobileiqa_export.student import BACKBONES, build_student, normalise
from mobileiqa_export.student.backbones import tap_sizes
from mobileiqa_export.student.mobilenetv3 import TAP_CHANNELS
from mobileiqa_export.student.moments import moments
from training.backbone_file import BACKBONE
from training.features import read_resized, to_batch
from training.head_kinds import (
    HEAD_KINDS,
    PUBLISHED,
    HeadKindSettings,
    PublishedHead,
    Taps,
    compare,
    extract_taps,
)

from .conftest import Recorder

SIDE = 32


def made_up(count: int) -> tuple[Taps, np.ndarray]:
    """Taps of photos whose quality is the level of a few channels, with an opinion of each."""
    rng = np.random.default_rng(0)
    quality = rng.normal(size=count).astype(np.float32)
    maps = []
    for channels, size in zip(TAP_CHANNELS, tap_sizes(BACKBONES[BACKBONE], SIDE, SIDE), strict=True):
        tap = rng.normal(size=(count, channels, *size)).astype(np.float32)
        tap[:, ::4] += 2 * quality[:, None, None, None]
        maps.append(torch.from_numpy(tap).half())
    pooled = torch.cat([moments(tap.float()) for tap in maps], dim=1)
    return Taps(maps, pooled), 1 / (1 + np.exp(-quality))


def rows_of(taps: Taps, rows: slice) -> Taps:
    return Taps([tap[rows] for tap in taps.maps], taps.moments[rows])


def test_taps_are_the_backbones(scenes: list[Path]) -> None:
    torch.manual_seed(0)
    backbone = BACKBONES[BACKBONE].build().eval()
    taps = extract_taps(backbone, scenes, 64)
    assert [tuple(tap.shape) for tap in taps.maps] == [
        (12, channels, *size)
        for channels, size in zip(TAP_CHANNELS, tap_sizes(BACKBONES[BACKBONE], 64, 64), strict=True)
    ]
    photos = to_batch([read_resized(path, (64, 64)) for path in scenes[8:]])
    with torch.inference_mode():
        fresh = backbone(normalise(photos, BACKBONES[BACKBONE]))
    for stored, tap in zip(taps.maps, fresh, strict=True):
        torch.testing.assert_close(stored[8:].float(), tap, rtol=2e-3, atol=2e-3)
    torch.testing.assert_close(taps.moments[8:], torch.cat([moments(tap) for tap in fresh], dim=1))


def test_the_published_head_is_the_students_own() -> None:
    torch.manual_seed(0)
    student = build_student(PUBLISHED)
    taps = [torch.randn(2, channels, 4, 4) for channels in TAP_CHANNELS]
    scales = [torch.full((channels,), 2.0) for channels in TAP_CHANNELS]
    shifts = [torch.full((channels,), 0.5) for channels in TAP_CHANNELS]
    head = PublishedHead(PUBLISHED, shifts, scales).eval()
    own = {key: value for key, value in student.state_dict().items() if not key.startswith("local_cnn.")}
    head.student.load_state_dict(own)
    student.local_cnn = torch.nn.Identity()
    with torch.inference_mode():
        expected = student([(tap - 0.5) / 2 for tap in taps])
        torch.testing.assert_close(head(taps), expected.unsqueeze(1))


def test_the_published_head_sees_standardized_channels() -> None:
    taps, _ = made_up(40)
    head = HEAD_KINDS["published"].build(taps)
    for index, tap in enumerate(taps.maps):
        channels = tap.float().transpose(0, 1).flatten(1)
        torch.testing.assert_close(
            head.get_buffer(f"mean{index}").flatten(), channels.mean(1), atol=1e-3, rtol=1e-3
        )
        torch.testing.assert_close(
            head.get_buffer(f"deviation{index}").flatten(), channels.std(1), atol=2e-2, rtol=2e-2
        )


def test_every_kind_is_trained_alike_with_every_rate(recorder: Recorder) -> None:
    taps, mos = made_up(160)
    mos = mos.astype(np.float32)
    settings = HeadKindSettings(side=SIDE, epochs=8, every=3, batch=16, rates=(1e-3, 4e-3), average=0.5)
    results = list(
        compare(
            list(HEAD_KINDS.values()),
            (rows_of(taps, slice(120)), rows_of(taps, slice(120, None))),
            (mos[:120], mos[120:]),
            settings,
            recorder,
        )
    )
    assert [(result.kind, result.rate) for result in results] == [
        (kind, rate) for kind in HEAD_KINDS.values() for rate in settings.rates
    ]
    assert len(recorder.steps) == len(results) * 3
    for title, reached in {result.kind.title: result.srcc for result in results}.items():
        assert reached > 0.8, title
    published, pooled = results[-1], results[0]
    assert published.weights == sum(
        tensor.numel()
        for key, tensor in build_student(PUBLISHED).named_parameters()
        if not key.startswith("local_cnn.")
    )
    # Moments cost the same at any size; the published head looks at every position.
    assert pooled.macs == (pooled.macs[0],) * 2
    assert published.macs[0] < published.macs[1] < 4 * published.macs[0]
    assert pooled.macs[0] == pytest.approx(pooled.weights, rel=0.01)
