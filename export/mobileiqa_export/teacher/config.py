"""The one description of a teacher: every size that a checkpoint fixes, and the input it was trained at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from ..blocks.statistics import IMAGENET, PixelStatistics
from .backbone import tap_sizes


@dataclass(frozen=True)
class TeacherConfig:
    """Sizes of one teacher network. The defaults are the published MobileIQA teacher (arXiv 2409.01212).

    Attributes:
        stem: channels of the backbone's first convolution, a multiple of 4; all widths of a MobileViT-V2
            are multiples of it, 64 for width 2.0.
        grid: side g of the g x g grid that local features are pooled to.
        width: channels d of the pooled local features; a multiple of 8.
        hidden: channels of the wide layer of a local block.
        views: simulated opinions that are fused into one score.
        input_size: (height, width) in pixels of the photo after resizing. No weight depends on
            it, but the accuracy does.
        worst, best: the answers that mean the scores 0 and 1, on the scale of the opinions it learned from;
            nothing in the network bounds its answer.
    """

    stem: int = 64
    grid: int = 22
    width: int = 256
    hidden: int = 512
    views: int = 3
    input_size: tuple[int, int] = (1231, 1907)
    worst: float = 0.0
    best: float = 1.0

    def __post_init__(self) -> None:
        for name in ("stem", "grid", "width", "hidden", "views"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name} must be a positive whole number, not {value!r}")
        if self.stem % 4 or self.width % 8 or self.grid < 12:
            raise ValueError("a teacher needs stem divisible by 4, width divisible by 8 and grid >= 12")
        if len(self.input_size) != 2 or min(self.input_size) < 32:
            raise ValueError(f"input_size must be (height, width) >= 32, not {self.input_size}")
        if not abs(self.best - self.worst) > 0:
            raise ValueError(f"worst and best must differ, not {self.worst} and {self.best}")

    @property
    def opinions(self) -> int:
        """Numbers in the network's answer for a photo; the views are fused before."""
        return 1

    @property
    def settings(self) -> tuple[tuple[str, int], ...]:
        """Pixel budgets; none, since a teacher takes photos of one size."""
        return ()

    @property
    def statistics(self) -> PixelStatistics:
        """What pixels are normalised by."""
        return IMAGENET

    @property
    def tap_sizes(self) -> list[tuple[int, int]]:
        """(height, width) of the backbone's five maps."""
        return tap_sizes(*self.input_size)

    @property
    def family(self) -> str:
        """The network in a few words, for contracts and messages."""
        return f"teacher, mobilevitv2-{self.stem / 32:.2f}"

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TeacherConfig:
        """Reads what :meth:`to_dict` writes.

        Raises:
            ValueError: a key is not a field.
        """
        settings = dict(values)
        if unknown := settings.keys() - {field.name for field in fields(cls)}:
            raise ValueError(f"unknown teacher settings: {', '.join(sorted(unknown))}")
        if "input_size" in settings:
            height, width = settings["input_size"]
            settings["input_size"] = (int(height), int(width))
        return cls(**settings)

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as JSON-ready values."""
        return {**asdict(self), "input_size": list(self.input_size)}
