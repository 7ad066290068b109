"""CNNIQA (Kang et al., CVPR 2014) for the trained weights that lidq92/CNNIQA on GitHub ships.

    mobileiqa export --config cnniqa.toml --checkpoint CNNIQA/models/CNNIQA-LIVE --format all --precision all

Written from the paper; the layers have the names that the weights have. What that repository's script does
around the network is part of it here: patches that do not overlap, normalised locally, and the mean of their
scores.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_SIDE = 32
"""Of a patch, in pixels."""


class CNNIQA(nn.Module):
    """Grey photos [1, 1, H, W] from 0 to 1 to the mean DMOS of their patches, lower is better."""

    def __init__(self, kernels: int = 50, hidden: int = 800) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, kernels, 7)
        self.fc1 = nn.Linear(2 * kernels, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, 1)

    def forward(self, photo: Tensor) -> Tensor:
        """Returns the score, [1, 1]."""
        maps = self.conv1(normalised_locally(patches(photo)))
        # The largest and the smallest answer of each kernel.
        pooled = torch.cat((maps.amax((2, 3)), maps.amin((2, 3))), 1)
        hidden = F.relu(self.fc2(F.relu(self.fc1(pooled))))
        score: Tensor = self.fc3(hidden).mean(0, keepdim=True)
        return score


def patches(photo: Tensor) -> Tensor:
    """Returns the patches [N, 1, 32, 32] of a photo [1, 1, H, W] that the published script takes.

    It leaves out a last row or column of patches that ends at the edge of the photo.
    """
    rows, columns = ((side - 1) // _SIDE for side in photo.shape[-2:])
    whole = photo[:, :, : rows * _SIDE, : columns * _SIDE]
    cut = whole.reshape(rows, _SIDE, columns, _SIDE).transpose(1, 2)
    return cut.reshape(rows * columns, 1, _SIDE, _SIDE)


def normalised_locally(images: Tensor) -> Tensor:
    """Returns images [N, 1, H, W] less the mean of 3 x 3 pixels, over their deviation plus one."""
    framed = F.pad(images, (1, 1, 1, 1), mode="replicate")
    mean = F.avg_pool2d(framed, 3, 1)
    variance = F.avg_pool2d(framed * framed, 3, 1) - mean * mean
    return (images - mean) / (variance.clamp(min=0).sqrt() + 1)
