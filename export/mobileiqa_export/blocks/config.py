"""What the descriptions of student and teacher have in common."""

from __future__ import annotations

from typing import Any, Protocol

from .statistics import PixelStatistics


class NetworkConfig(Protocol):
    """The sizes of a network, and what an export must know of it."""

    @property
    def input_size(self) -> tuple[int, int]:
        """(height, width) in pixels of the photos it sees."""

    @property
    def statistics(self) -> PixelStatistics:
        """What its pixels are normalised by."""

    @property
    def tap_sizes(self) -> list[tuple[int, int]]:
        """(height, width) of the backbone's five maps."""

    @property
    def settings(self) -> tuple[tuple[str, int], ...]:
        """(name, most pixels) of each pixel budget; empty if the network takes photos of one size."""

    @property
    def opinions(self) -> int:
        """Numbers in the network's answer for a photo."""

    @property
    def family(self) -> str:
        """The network in a few words, for contracts."""

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as JSON-ready values."""
