"""Students put together from their blocks."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..blocks.head import score_convolutions, score_layers
from ..blocks.lda import LocalDistortionAware
from ..blocks.mal import MultiViewAttention
from .backbone import BACKBONES, TAP_CHANNELS, Backbone
from .config import StudentConfig
from .moments import MOMENTS, MomentViews, moments


class Observation(NamedTuple):
    """What a student makes of a batch on its way to the score; distillation compares all of it.

    Attributes:
        local: features of the five taps: [B, 5, d, g, g] of the local blocks, or the moments [B, F].
        views: [B, views, d, g, g] before fusion, or the opinions [B, views] of moment students.
        score: [B] in (0, 1).
    """

    local: Tensor
    views: Tensor
    score: Tensor


class AttentionStudent(nn.Module):
    """The published student (MoNet). Normalised photo [B, 3, H, W] -> score [B] in (0, 1)."""

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        self.local_cnn = Backbone(BACKBONES[config.backbone])
        for index, channels in enumerate(TAP_CHANNELS, start=1):
            block = LocalDistortionAware(channels, config.hidden, config.width, config.grid)
            self.add_module(f"LDA{index}", block)
        self.MALs = nn.ModuleList(
            MultiViewAttention(len(TAP_CHANNELS), config.width, config.grid) for _ in range(config.views)
        )
        self.fusion_mal = MultiViewAttention(config.views, config.width, config.grid)
        self.cnn = score_convolutions(config.width)
        self.fc_score = score_layers(config.width)

    def forward(self, x: Tensor) -> Tensor:
        return self.score(self.views(self.local(x)))

    def observe(self, x: Tensor) -> Observation:
        """Everything on the way: [B, 3, H, W] -> local features, views and score."""
        local = self.local(x)
        views = self.views(local)
        return Observation(torch.stack(local, dim=1), torch.stack(views, dim=1), self.score(views))

    def local(self, x: Tensor) -> list[Tensor]:
        """Local features of every tap, [B, d, g, g] each."""
        taps = self.local_cnn(x)
        return [self.get_submodule(f"LDA{index}")(tap) for index, tap in enumerate(taps, start=1)]

    def views(self, local: list[Tensor]) -> list[Tensor]:
        """The simulated opinions, as maps [B, d, g, g] each."""
        return [mal(local) for mal in self.MALs]

    def score(self, views: list[Tensor]) -> Tensor:
        """Views fused into [B] scores."""
        fused = self.cnn(self.fusion_mal(views))
        score: Tensor = self.fc_score(fused.flatten(1)).squeeze(1)
        return score


class MomentStudent(nn.Module):
    """The small student. Normalised photo [B, 3, H, W] -> opinions [B, views] in (0, 1).

    The score is their mean.
    """

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        self.local_cnn = Backbone(BACKBONES[config.backbone])
        self.head = MomentViews(MOMENTS * sum(TAP_CHANNELS), config.hidden, config.views)

    def forward(self, x: Tensor) -> Tensor:
        return self.observe(x).views

    def observe(self, x: Tensor) -> Observation:
        """Everything on the way: [B, 3, H, W] -> moments, opinions and score."""
        # Moments of half-precision maps would lose the deviation of nearly constant channels.
        local = torch.cat([moments(tap.float()) for tap in self.local_cnn(x)], dim=1)
        opinions: Tensor = self.head(local)
        return Observation(local, opinions, opinions.mean(dim=1))


Student = AttentionStudent | MomentStudent


def build_student(config: StudentConfig) -> Student:
    """A student of these sizes with fresh weights, in eval mode. Raises ValueError on an unknown backbone."""
    if config.backbone not in BACKBONES:
        raise ValueError(f"unknown backbone {config.backbone!r}; known: {', '.join(BACKBONES)}")
    kind = AttentionStudent if config.arch == "attention" else MomentStudent
    return kind(config).eval()
