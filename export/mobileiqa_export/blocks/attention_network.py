"""The architecture that student and teacher share: local features, views that attend to them, one score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from .head import score_convolutions, score_layers
from .lda import LocalDistortionAware
from .mal import MultiViewAttention
from .observation import Observation


class AttentionNetwork(nn.Module):
    """Normalised photo [B, 3, H, W] -> score [B].

    The names of its parts are those of the published checkpoints' keys, in their order.

    Args:
        backbone: photo -> one map [B, C, h, w] for each of ``channels``.
        channels: of the backbone's maps.
        hidden: channels of the wide layer of a local block.
        width: channels d of the pooled local features.
        grid: side g of the grid that local features are pooled to.
        views: simulated opinions that are fused into one score.
    """

    BACKBONE: ClassVar[str]
    """Name of the backbone."""
    LOCAL: ClassVar[str]
    """Name of the local blocks, before their number."""
    POOLING: ClassVar[int]
    """Side of the pooling in the score head."""
    SIGMOID: ClassVar[bool]
    """Whether the score ends in a sigmoid."""

    def __init__(
        self, backbone: nn.Module, channels: Sequence[int], *, hidden: int, width: int, grid: int, views: int
    ) -> None:
        super().__init__()
        self.add_module(self.BACKBONE, backbone)
        self._local_names = [f"{self.LOCAL}{index}" for index in range(1, len(channels) + 1)]
        for name, count in zip(self._local_names, channels, strict=True):
            self.add_module(name, LocalDistortionAware(count, hidden, width, grid))
        self.MALs = nn.ModuleList(MultiViewAttention(len(channels), width, grid) for _ in range(views))
        self.fusion_mal = MultiViewAttention(views, width, grid)
        self.cnn = score_convolutions(width, self.POOLING)
        self.fc_score = score_layers(width, sigmoid=self.SIGMOID)

    def forward(self, x: Tensor) -> Tensor:
        return self.score(self.views(self.local(x)))

    def observe(self, x: Tensor) -> Observation:
        """Returns local features, views and score of normalised photos [B, 3, H, W]."""
        local = self.local(x)
        views = self.views(local)
        return Observation(torch.stack(local, dim=1), torch.stack(views, dim=1), self.score(views))

    def local(self, x: Tensor) -> list[Tensor]:
        """Returns the local features of every tap, [B, d, g, g] each."""
        taps = self.get_submodule(self.BACKBONE)(x)
        return [self.get_submodule(name)(tap) for name, tap in zip(self._local_names, taps, strict=True)]

    def views(self, local: list[Tensor]) -> list[Tensor]:
        """Returns the simulated opinions, as maps [B, d, g, g] each."""
        return [mal(local) for mal in self.MALs]

    def score(self, views: list[Tensor]) -> Tensor:
        """Fuses views into scores [B]."""
        fused = self.cnn(self.fusion_mal(views))
        score: Tensor = self.fc_score(fused.flatten(1)).squeeze(1)
        return score
