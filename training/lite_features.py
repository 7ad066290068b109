"""Cached moments of EfficientNet-Lite, of photos that keep their aspect and are never enlarged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mobileiqa_bench.scenes import Pixels
from mobileiqa_sdk.fit import Setting, fitted
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.progress import SILENT, Progress
from mobileiqa_sdk.resample import resize

from .arrays import Features
from .efficientnet_lite import MEMBERS, LiteBackbone, LiteMoments
from .features import list_digest, to_batch
from .shards import Shards


def lite_moments(member: str, weights: dict[str, Tensor]) -> LiteMoments:
    """Returns the network that gives the moments, with these weights, frozen and laid out for the CPU."""
    backbone = LiteBackbone(MEMBERS[member])
    backbone.load_state_dict(weights)
    network = LiteMoments(backbone).requires_grad_(False).eval()
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def read_fitted(path: Path, max_pixels: int) -> Pixels:
    """Reads a photo upright, in RGB, shrunk to at most ``max_pixels``; keeps its aspect, never enlarges."""
    photo = read_photo(path)
    return resize(photo, *fitted(photo.height, photo.width, Setting("cache", max_pixels), 1))


@torch.inference_mode()
def measure_lite(network: LiteMoments, pixels: Pixels) -> Features:
    """Returns the moments of one photo, uint8 [H, W, 3], as [F]."""
    batch = to_batch([pixels]).contiguous(memory_format=torch.channels_last)
    features: Features = network(batch)[0].numpy()
    return features


@dataclass(frozen=True)
class LiteCache:
    """Moments of a fixed list of photos, in one folder.

    Attributes:
        folder: of the shards; created by the first write.
        names: file names of the photos, in order.
        member: a key of ``MEMBERS``.
        weights: fingerprint of the backbone's weights.
        max_pixels: the budget that photos are shrunk to.
    """

    folder: Path
    names: tuple[str, ...]
    member: str
    weights: str
    max_pixels: int

    def fill(self, paths: Sequence[Path], network: LiteMoments, progress: Progress = SILENT) -> int:
        """Extracts what is missing and returns the number of photos that were read.

        Raises:
            FeatureCacheError: the folder has features of something else.
        """

        def rows(photos: range) -> Features:
            return np.stack(
                [measure_lite(network, read_fitted(paths[row], self.max_pixels)) for row in photos]
            )

        return self._shards.fill(len(paths), rows, progress)

    def read(self) -> Features:
        """Returns all moments, [photos, F], in the order of ``names``.

        Raises:
            FeatureCacheError: shards are missing, or belong to something else.
        """
        return self._shards.read()

    @property
    def _shards(self) -> Shards:
        description = {
            "backbone": self.member,
            "weights": self.weights,
            "max_pixels": self.max_pixels,
            "photos": list_digest(self.names),
            "count": len(self.names),
        }
        return Shards(self.folder, description, "lite-features")
