"""Weights and images made by formula, so that outputs of the published code can be kept as numbers."""

from __future__ import annotations

import math
import zlib

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


def formula_weights(network: nn.Module, seed: int) -> dict[str, Tensor]:
    """A state_dict that depends on key names, shapes and the seed alone."""
    state = network.state_dict()
    norms = {key.rsplit(".", 1)[0] for key in state if key.endswith("running_mean")}
    made = {}
    for key, value in state.items():
        if key.endswith("num_batches_tracked"):
            made[key] = torch.tensor(0)
            continue
        random = np.random.RandomState((zlib.crc32(key.encode()) + seed) & 0xFFFFFFFF)
        u = random.uniform(-1, 1, tuple(value.shape))
        module, leaf = key.rsplit(".", 1)
        if module in norms:
            u = {"weight": 1 + 0.3 * u, "running_var": 1 + 0.5 * u}.get(leaf, 0.1 * u)
        elif leaf == "gamma":
            u = 0.5 + 0.25 * u
        elif leaf == "bias":
            u = 0.1 * u
        elif value.ndim > 1:
            u = u * math.sqrt(3 / np.prod(value.shape[1:]))
            u *= 4 if key.startswith("fc_score") else 1
            u *= 1.5 if ".c_q." in key or ".c_k." in key else 1
        elif leaf == "weight":
            u = 1 + 0.3 * u
        elif leaf == "std":
            u = 4 + u
        made[key] = torch.from_numpy(np.asarray(u, dtype=np.float32))
    return made


def formula_image(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """Waves of several frequencies, uint8 RGB [height, width, 3]."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    channels = []
    for c in range(3):
        f = 0.02 * (c + 1) + 0.003 * seed
        waves = 60 * np.sin(f * x + 0.7 * c) + 45 * np.cos(1.7 * f * y + seed)
        channels.append(127.5 + waves + 22 * np.sin(0.9 * x * (c + 1) + 0.5 * y))
    return np.clip(np.rint(np.stack(channels, -1)), 0, 255).astype(np.uint8)
