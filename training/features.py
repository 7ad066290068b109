"""Cached moments of every photo."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from mobileiqa_bench.evaluation.distortions import Pixels
from mobileiqa_export.student import BACKBONES, normalise
from mobileiqa_export.student.backbone import Backbone
from mobileiqa_export.student.moments import moments
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.resample import resize

from .arrays import Features
from .backbone_weights import BACKBONE
from .shards import Shards

SIDE = 512
BATCH = 8


def sized(path: Path, size: tuple[int, int]) -> Pixels:
    """The photo as a student of this (height, width) sees it: upright, RGB, resized by the runtime's rule."""
    return resize(read_photo(path), *size)


def load_photo(path: Path) -> Image.Image:
    """The photo as the bundled student sees it: 512x512."""
    return Image.fromarray(sized(path, (SIDE, SIDE)))


def to_batch(photos: Sequence[Image.Image | Pixels]) -> Tensor:
    """RGB photos of one size -> pixels [B, 3, H, W] in 0..255, uint8, channels last in memory."""
    pixels = np.stack([np.asarray(photo) for photo in photos])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


@torch.inference_mode()
def extract(backbone: Backbone, photos: Sequence[Image.Image | Pixels]) -> Features:
    """Moments of all taps, [B, 3456]."""
    inputs = normalise(to_batch(photos), BACKBONES[BACKBONE]).contiguous(memory_format=torch.channels_last)
    features: Features = torch.cat([moments(tap) for tap in backbone(inputs)], dim=1).numpy()
    return features


def make_backbone(weights: dict[str, Tensor]) -> Backbone:
    """The frozen backbone, laid out for the CPU."""
    backbone = Backbone(BACKBONES[BACKBONE])
    backbone.load_state_dict(weights)
    return backbone.requires_grad_(False).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


@dataclass(frozen=True)
class FeatureCache:
    """Features of a fixed list of photos under one folder.

    Attributes:
        folder: of the shards; made on the first write.
        names: file names of the photos, in order.
        weights: fingerprint of the backbone's weights, see :func:`fingerprint`.
        flipped: the photos are mirrored left to right first.
    """

    folder: Path
    names: tuple[str, ...]
    weights: str
    flipped: bool = False

    def fill(self, paths: Sequence[Path], backbone: Backbone, report: Callable[[str], None] = print) -> int:
        """Extract what is not there yet. Returns the number of photos that were read.

        Raises:
            FeatureCacheError: the folder holds features of other photos or another backbone.
        """

        def rows(photos: range) -> Features:
            batches = (photos[i : i + BATCH] for i in range(0, len(photos), BATCH))
            return np.concatenate([self._extract(backbone, [paths[i] for i in batch]) for batch in batches])

        return self._shards.fill(len(paths), rows, report)

    def read(self) -> Features:
        """All features, [photos, 3456], in the order of ``names``.

        Raises:
            FeatureCacheError: not all shards are there, or they belong to something else.
        """
        return self._shards.read()

    @property
    def _shards(self) -> Shards:
        photos = {"photos": list_digest(self.names), "count": len(self.names), "flipped": self.flipped}
        return Shards(self.folder, {**extracted_by(self.weights), **photos}, "features")

    def _extract(self, backbone: Backbone, paths: Sequence[Path]) -> Features:
        photos = [load_photo(path) for path in paths]
        return extract(backbone, [ImageOps.mirror(photo) for photo in photos] if self.flipped else photos)


def extracted_by(weights: str) -> dict[str, Any]:
    """What features depend on besides the photos, for the description of :class:`Shards`."""
    return {"backbone": BACKBONE, "weights": weights, "side": SIDE}


def list_digest(names: Sequence[str]) -> str:
    """sha256 of file names, in hex."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def fingerprint(weights: dict[str, Tensor]) -> str:
    """sha256 over the backbone's tensors in the order of their keys, in hex."""
    digest = hashlib.sha256()
    for key in sorted(weights):
        digest.update(key.encode())
        digest.update(weights[key].numpy().tobytes())
    return digest.hexdigest()
