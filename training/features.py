"""Cached moments of every photo, in shards, so that extraction can stop and go on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageOps
from torch import Tensor

from mobileiqa_export.evaluation.distortions import Pixels
from mobileiqa_export.student import BACKBONES, normalise
from mobileiqa_export.student.backbone import Backbone
from mobileiqa_export.student.moments import moments
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.resample import resize

from .backbone_weights import BACKBONE
from .errors import FeatureCacheError

SIDE = 512
BATCH = 8
SHARD = 500

Features = npt.NDArray[np.float32]


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
def extract(backbone: Backbone, photos: Sequence[Image.Image]) -> Features:
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
    """Features of a fixed list of photos under one folder, a shard of 500 photos per file.

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
        self._claim()
        done = 0
        for shard, start in enumerate(range(0, len(paths), SHARD)):
            file = self._shard(shard)
            if file.exists():
                continue
            batch = paths[start : start + SHARD]
            rows = [self._extract(backbone, batch[i : i + BATCH]) for i in range(0, len(batch), BATCH)]
            # Renamed when complete: an interrupted run leaves no half-written shard behind.
            scratch = file.with_suffix(".tmp")
            with scratch.open("wb") as stream:
                np.save(stream, np.concatenate(rows))
            os.replace(scratch, file)
            done += len(batch)
            report(f"{file}: photos {start + 1} to {start + len(batch)} of {len(paths)}")
        return done

    def read(self) -> Features:
        """All features, [photos, 3456], in the order of ``names``.

        Raises:
            FeatureCacheError: not all shards are there, or they belong to something else.
        """
        self._check()
        shards = [self._shard(i) for i in range(-(-len(self.names) // SHARD))]
        absent = [file.name for file in shards if not file.exists()]
        if absent:
            raise FeatureCacheError(
                f"{self.folder}: {len(absent)} shards are missing; run `python -m training features` again"
            )
        return np.concatenate([np.load(file) for file in shards])

    def _extract(self, backbone: Backbone, paths: Sequence[Path]) -> Features:
        photos = [load_photo(path) for path in paths]
        return extract(backbone, [ImageOps.mirror(photo) for photo in photos] if self.flipped else photos)

    def _shard(self, index: int) -> Path:
        return self.folder / f"shard-{index:04d}.npy"

    def _description(self) -> dict[str, Any]:
        return {
            "backbone": BACKBONE,
            "weights": self.weights,
            "photos": hashlib.sha256("\n".join(self.names).encode()).hexdigest(),
            "count": len(self.names),
            "shard": SHARD,
            "side": SIDE,
            "flipped": self.flipped,
        }

    def _claim(self) -> None:
        manifest = self.folder / "features.json"
        if manifest.exists():
            self._check()
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        manifest.write_text(json.dumps(self._description(), indent=1))

    def _check(self) -> None:
        manifest = self.folder / "features.json"
        if not manifest.exists():
            raise FeatureCacheError(
                f"{self.folder} holds no features; run `python -m training features` first"
            )
        found, wanted = json.loads(manifest.read_text()), self._description()
        differing = [key for key in wanted if found.get(key) != wanted[key]]
        if differing:
            raise FeatureCacheError(
                f"{self.folder} holds features made otherwise ({', '.join(differing)} differ); "
                "use another --cache folder or delete this one"
            )


def fingerprint(weights: dict[str, Tensor]) -> str:
    """sha256 over the backbone's tensors in the order of their keys, in hex."""
    digest = hashlib.sha256()
    for key in sorted(weights):
        digest.update(key.encode())
        digest.update(weights[key].numpy().tobytes())
    return digest.hexdigest()
