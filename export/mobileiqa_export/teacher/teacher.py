"""The teacher put together from its blocks."""

from __future__ import annotations

from ..blocks.attention_network import AttentionNetwork
from .backbone import Backbone, tap_channels
from .config import TeacherConfig


class Teacher(AttentionNetwork):
    """The published teacher. Normalised photo [B, 3, H, W] -> score [B], which nothing bounds."""

    BACKBONE = "global_vit"
    LOCAL = "LGF"
    POOLING = 4
    SIGMOID = False

    global_vit: Backbone

    def __init__(self, config: TeacherConfig) -> None:
        super().__init__(
            Backbone(config.stem),
            tap_channels(config.stem),
            hidden=config.hidden,
            width=config.width,
            grid=config.grid,
            views=config.views,
        )


def build_teacher(config: TeacherConfig) -> Teacher:
    """Returns a teacher of these sizes with fresh weights, in eval mode."""
    return Teacher(config).eval()
