"""Students put together from their blocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import torch
from torch import Tensor, nn

from ..blocks.attention_network import AttentionNetwork
from ..blocks.observation import Observation
from .backbones import BACKBONES, Backbone
from .config import StudentConfig
from .mobilenetv3 import TAP_CHANNELS, MobileNetV3, MobileNetV3Spec
from .moments import MOMENTS, Anchor, LinearViews, MomentViews, SideHead, moments


class AttentionStudent(AttentionNetwork):
    """The published student (MoNet). Normalised photo [B, 3, H, W] -> score [B] in (0, 1)."""

    BACKBONE = "local_cnn"
    LOCAL = "LDA"
    POOLING = 2
    SIGMOID = True

    local_cnn: MobileNetV3

    def __init__(self, config: StudentConfig) -> None:
        spec = BACKBONES[config.backbone]
        if not isinstance(spec, MobileNetV3Spec):
            raise ValueError(f"an attention student needs a MobileNetV3, not {config.backbone!r}")
        super().__init__(
            spec.build(),
            TAP_CHANNELS,
            hidden=config.hidden,
            width=config.width,
            grid=config.grid,
            views=config.views,
        )


class MomentStudent(nn.Module):
    """The small student. Normalised photo [B, 3, H, W] -> opinions [B, views] in [0, 1].

    The score is their mean. A student that names faults, or tells photographs from other pictures, answers
    a tuple: opinions, severities [B, faults] in (0, 1), and how much it is a photograph [B, 1] in (0, 1).
    """

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        spec = BACKBONES[config.backbone]
        if config.settings and spec.padding == "same":
            spec = replace(spec, padding="constant")
        self.local_cnn: Backbone = spec.build()
        features = MOMENTS * sum(spec.tap_channels)
        self.head: MomentViews | LinearViews = (
            LinearViews(features, config.views)
            if config.head == "linear"
            else MomentViews(features, config.hidden, config.views)
        )
        self.faults = _side_head(features, config.faults_hidden, len(config.faults))
        self.photo = _side_head(features, config.photo_hidden, 1 if config.photo_hidden else 0)
        self.anchor = Anchor(features, config.anchor_hidden) if config.anchor_hidden else None

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        return answers(self.head, self.anchor, (self.faults, self.photo), self.standardised(self.moments(x)))

    def observe(self, x: Tensor) -> Observation:
        """Returns moments, opinions and score of normalised photos [B, 3, H, W]."""
        local = self.moments(x)
        opinions = self.opinions(local)
        return Observation(local, opinions, opinions.mean(dim=1))

    def moments(self, x: Tensor) -> Tensor:
        """Returns the moments [B, F] of normalised photos [B, 3, H, W]."""
        # Moments of half-precision maps would lose the deviation of nearly constant channels.
        return torch.cat([moments(tap.float()) for tap in self.local_cnn(x)], dim=1)

    def opinions(self, local: Tensor) -> Tensor:
        """Returns the opinions [B, views] for moments [B, F]."""
        return anchored(self.head, self.anchor, self.standardised(local))

    def standardised(self, local: Tensor) -> Tensor:
        """Returns moments [B, F] in deviations from the mean of those that the head was trained on."""
        return (local - self.head.mean) / self.head.std


def answers(
    head: MomentViews | LinearViews,
    anchor: Anchor | None,
    others: Iterable[SideHead | None],
    standardised: Tensor,
) -> Tensor | tuple[Tensor, ...]:
    """Returns the opinions for standardised moments [B, F], and the answers of the other heads there are."""
    opinions = anchored(head, anchor, standardised)
    more = [other(standardised) for other in others if other is not None]
    return (opinions, *more) if more else opinions


def anchored(head: MomentViews | LinearViews, anchor: Anchor | None, standardised: Tensor) -> Tensor:
    """Returns the opinions [B, views] for standardised moments [B, F]."""
    if anchor is None or isinstance(head, LinearViews):
        return head.answer(standardised)
    return head.answer(standardised, anchor(standardised))


def _side_head(features: int, hidden: int, outputs: int) -> SideHead | None:
    return SideHead(features, hidden, outputs) if outputs else None


Student = AttentionStudent | MomentStudent


def build_student(config: StudentConfig) -> Student:
    """Returns a student of these sizes with fresh weights, in eval mode.

    Raises ValueError for an unknown backbone.
    """
    if config.backbone not in BACKBONES:
        raise ValueError(f"unknown backbone {config.backbone!r}; known: {', '.join(BACKBONES)}")
    kind = AttentionStudent if config.arch == "attention" else MomentStudent
    return kind(config).eval()
