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
from .moments import MOMENTS, Anchor, LinearViews, MomentViews, SideHead, halved, moments


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
    The opinions of a student with a companion are its own views', then the companion's.
    """

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        spec = BACKBONES[config.backbone]
        if config.settings and spec.padding == "same":
            spec = replace(spec, padding="constant")
        self.halved = config.halved
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
        self.companion = None if config.companion is None else MomentStudent(config.companion)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        standardised = self.standardised(self.moments(x))
        opinions = self._with_companion(anchored(self.head, self.anchor, standardised), x)
        return with_side_answers(opinions, (self.faults, self.photo), standardised)

    def observe(self, x: Tensor) -> Observation:
        """Returns its own moments, all opinions and the score of normalised photos [B, 3, H, W]."""
        local = self.moments(x)
        opinions = self._with_companion(self.opinions(local), x)
        return Observation(local, opinions, opinions.mean(dim=1))

    def _with_companion(self, own: Tensor, x: Tensor) -> Tensor:
        if self.companion is None:
            return own
        return torch.cat([own, self.companion.opinions(self.companion.moments(x))], dim=1)

    def moments(self, x: Tensor) -> Tensor:
        """Returns its own moments [B, F] of normalised photos [B, 3, H, W]."""
        seen = halved(x) if self.halved else x
        # Moments of half-precision maps would lose the deviation of nearly constant channels.
        return torch.cat([moments(tap.float()) for tap in self.local_cnn(seen)], dim=1)

    def opinions(self, local: Tensor) -> Tensor:
        """Returns its own views' opinions [B, views] for moments [B, F]."""
        return anchored(self.head, self.anchor, self.standardised(local))

    def standardised(self, local: Tensor) -> Tensor:
        """Returns moments [B, F] in deviations from the mean of those that the head was trained on."""
        return (local - self.head.mean) / self.head.std


def with_side_answers(
    opinions: Tensor, others: Iterable[SideHead | None], standardised: Tensor
) -> Tensor | tuple[Tensor, ...]:
    """Returns the opinions, and the answers of the other heads there are for standardised moments [B, F]."""
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
