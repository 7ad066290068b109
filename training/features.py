"""Cached features (moments of the backbone's taps) of every photo."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from mobileiqa_bench.scenes import Pixels
from mobileiqa_export.student import BACKBONES, normalise
from mobileiqa_export.student.backbones import Backbone
from mobileiqa_export.student.moments import moments
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.progress import SILENT, Progress
from mobileiqa_sdk.resample import resize

from .arrays import Features
from .backbone_file import BACKBONE
from .shards import Shards

SIDE = 512
"""Pixels of the bundled student's input, in both directions."""
BATCH = 8


def read_resized(path: Path, size: tuple[int, int]) -> Pixels:
    """Reads a photo upright, in RGB, resized to (height, width) by the runtime's rule."""
    return resize(read_photo(path), *size)


def read_square(path: Path) -> Image.Image:
    """Reads a photo as the bundled student sees it, 512x512."""
    return Image.fromarray(read_resized(path, (SIDE, SIDE)))


def to_batch(photos: Sequence[Image.Image | Pixels]) -> Tensor:
    """Stacks RGB photos of one size: uint8 [B, 3, H, W] in 0..255, channels last in memory."""
    pixels = np.stack([np.asarray(photo) for photo in photos])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


@torch.inference_mode()
def extract(backbone: Backbone, photos: Sequence[Image.Image | Pixels]) -> Features:
    """Returns the moments of all taps, [B, 3456]."""
    inputs = normalise(to_batch(photos), BACKBONES[BACKBONE]).contiguous(memory_format=torch.channels_last)
    features: Features = torch.cat([moments(tap) for tap in backbone(inputs)], dim=1).numpy()
    return features


def frozen_backbone(weights: dict[str, Tensor]) -> Backbone:
    """Builds the backbone with these weights, frozen and laid out for the CPU."""
    backbone = BACKBONES[BACKBONE].build()
    backbone.load_state_dict(weights)
    return backbone.requires_grad_(False).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


@dataclass(frozen=True)
class FeatureCache:
    """Features of a fixed list of photos, in one folder.

    Attributes:
        folder: of the shards; created by the first write.
        names: file names of the photos, in order.
        weights: fingerprint of the backbone's weights; see :func:`fingerprint`.
        flipped: whether the photos are mirrored left to right first.
    """

    folder: Path
    names: tuple[str, ...]
    weights: str
    flipped: bool = False

    def fill(self, paths: Sequence[Path], backbone: Backbone, progress: Progress = SILENT) -> int:
        """Extracts what is missing and returns the number of photos that were read.

        Raises:
            FeatureCacheError: the folder has features of other photos or another backbone.
        """

        def rows(photos: range) -> Features:
            batches = (photos[i : i + BATCH] for i in range(0, len(photos), BATCH))
            return np.concatenate([self._extract(backbone, [paths[i] for i in batch]) for batch in batches])

        return self._shards.fill(len(paths), rows, progress)

    def read(self) -> Features:
        """Returns all features, [photos, 3456], in the order of ``names``.

        Raises:
            FeatureCacheError: shards are missing, or belong to something else.
        """
        return self._shards.read()

    @property
    def _shards(self) -> Shards:
        photos = {"photos": list_digest(self.names), "count": len(self.names), "flipped": self.flipped}
        return Shards(self.folder, {**extractor(self.weights), **photos}, "features")

    def _extract(self, backbone: Backbone, paths: Sequence[Path]) -> Features:
        photos = [read_square(path) for path in paths]
        return extract(backbone, [ImageOps.mirror(photo) for photo in photos] if self.flipped else photos)


def extractor(weights: str) -> dict[str, Any]:
    """Describes what features depend on besides the photos; for :class:`Shards`."""
    return {"backbone": BACKBONE, "weights": weights, "side": SIDE}


def list_digest(names: Sequence[str]) -> str:
    """Returns the sha256 of file names, in hex."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def fingerprint(weights: dict[str, Tensor]) -> str:
    """Returns the sha256 over the backbone's tensors in the order of their keys, in hex."""
    digest = hashlib.sha256()
    for key in sorted(weights):
        digest.update(key.encode())
        digest.update(weights[key].numpy().tobytes())
    return digest.hexdigest()
