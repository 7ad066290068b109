"""The one description of a student: every size that a checkpoint fixes, and the input it was trained at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from ..blocks.statistics import PixelStatistics
from .backbones import BACKBONES, tap_sizes

Arch = Literal["attention", "moments"]
Head = Literal["mlp", "linear"]


@dataclass(frozen=True)
class StudentConfig:
    """Sizes of one student network. The defaults are the published MobileIQA student (arXiv 2409.01212).

    Attributes:
        arch: ``attention`` pools local features on a grid and lets views attend over them, as
            published; ``moments`` reduces each tap to its mean, deviation and maximum.
        backbone: a key of :data:`mobileiqa_export.student.BACKBONES`.
        grid: side g of the g x g grid that local features are pooled to (``attention`` only).
        width: channels d of the pooled local features (``attention`` only); a multiple of 8.
        hidden: channels of the wide layer of a local block, or of each view's head for ``moments``.
        views: simulated opinions that are fused into one score.
        input_size: (height, width) in pixels of the photo after resizing. The weights do not depend on
            it, but the accuracy does. With ``settings``, the size that costs are counted at.
        head: of ``moments``: a two-layer network for each view (``mlp``), or one linear layer on clipped
            moments (``linear``).
        settings: (name, most pixels) of each pixel budget that the student was trained for, the default
            first. Photos then keep their aspect ratio. Empty for a student of one input size.
        faults: names of the faults whose severity it answers (``moments`` only).
        faults_hidden: hidden units of the head for them.
        photo_hidden: hidden units of the head that tells photographs from other pictures (``moments``
            only); 0 for a student without one.
        halved: whether photos are seen at half their sides (``moments`` only).
        companion: another ``moments`` student, whose opinions of the same photo stand beside its own; None
            for a student without one. It has no other heads, and the same normalisation of pixels.
        anchor_hidden: hidden units of what raises large photos and lowers pictures of nothing (``moments``
            with the head ``mlp`` only); 0 for a student without it.
    """

    arch: Arch = "attention"
    backbone: str = "mobilenetv3-large"
    grid: int = 22
    width: int = 256
    hidden: int = 512
    views: int = 3
    input_size: tuple[int, int] = (1231, 1907)
    head: Head = "mlp"
    settings: tuple[tuple[str, int], ...] = ()
    faults: tuple[str, ...] = ()
    faults_hidden: int = 64
    photo_hidden: int = 0
    anchor_hidden: int = 0
    halved: bool = False
    companion: StudentConfig | None = None

    def __post_init__(self) -> None:
        if self.arch not in ("attention", "moments"):
            raise ValueError(f"arch must be 'attention' or 'moments', not {self.arch!r}")
        for name in ("grid", "width", "hidden", "views", "faults_hidden"):
            _check_whole(name, getattr(self, name), 1)
        _check_whole("photo_hidden", self.photo_hidden, 0)
        _check_whole("anchor_hidden", self.anchor_hidden, 0)
        if self.arch == "attention" and (self.width % 8 or self.grid < 6):
            raise ValueError("an attention student needs width divisible by 8 and grid >= 6")
        if self.head not in ("mlp", "linear"):
            raise ValueError(f"head must be 'mlp' or 'linear', not {self.head!r}")
        if self.settings and self.arch != "moments":
            raise ValueError("only a moments student takes photos of any size")
        if (self.faults or self.photo_hidden) and self.arch != "moments":
            raise ValueError("only a moments student answers faults or whether a picture is a photograph")
        if self.halved and self.arch != "moments":
            raise ValueError("only a moments student sees photos at half their sides")
        if self.companion is not None:
            self._check_companion(self.companion)
        if self.anchor_hidden and (self.arch != "moments" or self.head != "mlp"):
            raise ValueError("only a moments student with the head 'mlp' has an anchor")
        if len(set(self.faults)) != len(self.faults) or not all(self.faults):
            raise ValueError(f"faults must have different names, none empty, not {self.faults}")
        if len(self.input_size) != 2 or min(self.input_size) < 32:
            raise ValueError(f"input_size must be (height, width) >= 32, not {self.input_size}")

    def _check_companion(self, companion: StudentConfig) -> None:
        if self.arch != "moments" or companion.arch != "moments":
            raise ValueError("only a moments student has a companion, and it is one itself")
        if companion.faults or companion.photo_hidden or companion.companion is not None:
            raise ValueError("a companion answers opinions alone")
        if companion.settings != self.settings:
            raise ValueError("a companion takes photos of the same sizes as the student that it belongs to")
        pixels, seen = BACKBONES[self.backbone], BACKBONES[companion.backbone]
        if (pixels.mean, pixels.std) != (seen.mean, seen.std):
            raise ValueError(f"{self.backbone} and {companion.backbone} normalise pixels differently")

    @property
    def opinions(self) -> int:
        """How many numbers the network answers for a photo: one for each view, unless views are fused."""
        if self.arch != "moments":
            return 1
        return self.views + (0 if self.companion is None else self.companion.opinions)

    @property
    def companion_sizes(self) -> str:
        """What the tensors show of its companion; empty without one."""
        companion = self.companion
        return (
            ""
            if companion is None
            else f"{companion.backbone}, {companion.views} views of {companion.hidden}"
        )

    @property
    def fault_count(self) -> int:
        """How many faults it answers a severity for."""
        return len(self.faults)

    @property
    def statistics(self) -> PixelStatistics:
        """What pixels are normalised by. Raises KeyError on an unknown backbone."""
        return BACKBONES[self.backbone]

    @property
    def tap_sizes(self) -> list[tuple[int, int]]:
        """(height, width) of the backbone's maps."""
        return tap_sizes(BACKBONES[self.backbone], *self.input_size)

    @property
    def family(self) -> str:
        """The network in a few words, for contracts."""
        second = "" if self.companion is None else f" and {self.companion.backbone}"
        return f"{self.arch} student, {self.backbone}{second}"

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> StudentConfig:
        """Reads what :meth:`to_dict` writes, and ``form`` for ``arch`` as checkpoints up to 0.3 have it.

        Raises:
            ValueError: a key is not a field.
        """
        settings = {("arch" if key == "form" else key): value for key, value in dict(values).items()}
        if unknown := settings.keys() - {field.name for field in fields(cls)}:
            raise ValueError(f"unknown student settings: {', '.join(sorted(unknown))}")
        if "input_size" in settings:
            height, width = settings["input_size"]
            settings["input_size"] = (int(height), int(width))
        if "faults" in settings:
            settings["faults"] = tuple(str(name) for name in settings["faults"])
        if settings.get("companion") is not None:
            companion = dict(settings["companion"])
            if companion.get("companion") is not None:
                raise ValueError("a companion has no companion of its own")
            settings["companion"] = cls.from_dict(companion)
        if "settings" in settings:
            settings["settings"] = tuple((str(name), int(pixels)) for name, pixels in settings["settings"])
        return cls(**settings)

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as JSON-ready values."""
        budgets = [list(setting) for setting in self.settings]
        return {
            **asdict(self),
            "input_size": list(self.input_size),
            "settings": budgets,
            "faults": list(self.faults),
            "companion": None if self.companion is None else self.companion.to_dict(),
        }


def _check_whole(name: str, value: Any, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        kind = "a positive whole number" if least else "a whole number of at least 0"
        raise ValueError(f"{name} must be {kind}, not {value!r}")
