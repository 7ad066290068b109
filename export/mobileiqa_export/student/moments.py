"""A phone-sized student: the moments of every tap instead of wide local features and attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MOMENTS = 3
CLIP = 4.0
"""Deviations at which moments are clipped: beyond them they say nothing more."""


def moments(tap: Tensor) -> Tensor:
    """Returns mean, standard deviation and maximum over positions: [B, C, H, W] -> [B, 3C].

    The deviation is taken around the mean in a second pass: E[x^2] - E[x]^2 loses all digits
    where a channel is nearly constant.
    """
    x = tap.flatten(2)
    mean = x.mean(-1, keepdim=True)
    deviation = ((x - mean) ** 2).mean(-1)
    # The floor keeps the square root's slope finite for fine-tuning.
    return torch.cat([mean.squeeze(-1), torch.sqrt(deviation + 1e-8), x.amax(-1)], dim=1)


def halved(x: Tensor) -> Tensor:
    """Returns the means of two by two normalised pixels: [B, C, H, W] -> [B, C, ceil(H/2), ceil(W/2)].

    A last odd row or column is averaged with zeros, as a convolution pads: so the photo's size is not part of
    the graph, and no side is too short.

    >>> halved(torch.tensor([[[[1.0, 3.0], [5.0, 7.0]]]]))
    tensor([[[[4.]]]])
    """
    return F.avg_pool2d(F.pad(x, (0, 1, 0, 1)), 2)


class MomentViews(nn.Module):
    """Moments of all taps [B, F] -> the opinion of each view [B, views] in (0, 1)."""

    def __init__(self, features: int, hidden: int, views: int) -> None:
        super().__init__()
        self.views = views
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("std", torch.ones(features))
        self.hidden = nn.Linear(features, hidden * views)
        self.opinion = nn.Conv1d(hidden * views, views, 1, groups=views)
        self.dropout = nn.Dropout(0.5)

    mean: Tensor
    std: Tensor

    def forward(self, features: Tensor) -> Tensor:
        return self.answer((features - self.mean) / self.std)

    def answer(self, standardised: Tensor, shift: Tensor | None = None) -> Tensor:
        """Returns the opinions [B, views] for standardised moments [B, F].

        ``shift`` [B, 1] is added to the logits of all views.
        """
        logits = self.logits(standardised)
        return torch.sigmoid(logits if shift is None else logits + shift)

    def logits(self, standardised: Tensor) -> Tensor:
        """Returns the opinions [B, views] before the sigmoid."""
        hidden = torch.relu(self.hidden(standardised))
        logits: Tensor = self.opinion(self.dropout(hidden).unsqueeze(-1)).squeeze(-1)
        return logits


class LinearViews(nn.Module):
    """Moments of all taps [B, F] -> the opinion of each view [B, views] in [0, 1], linear in between.

    Moments of flat pictures and of noise are tens of deviations away from those of photos, and a linear head
    would follow them anywhere, so standardised moments are clipped at plus and minus :data:`CLIP`.
    """

    def __init__(self, features: int, views: int) -> None:
        super().__init__()
        self.views = views
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("std", torch.ones(features))
        self.opinion = nn.Linear(features, views)

    mean: Tensor
    std: Tensor

    def forward(self, features: Tensor) -> Tensor:
        return self.answer((features - self.mean) / self.std)

    def answer(self, standardised: Tensor) -> Tensor:
        """Returns the opinions [B, views] for standardised moments [B, F]."""
        return self.unlimited(standardised).clamp(0.0, 1.0)

    def unlimited(self, standardised: Tensor) -> Tensor:
        """Opinions [B, views] before they are limited to [0, 1], which would stop their slope in training."""
        opinions: Tensor = self.opinion(standardised.clamp(-CLIP, CLIP))
        return opinions


class SideHead(nn.Module):
    """Standardised moments [B, F] -> answers [B, outputs] in (0, 1) to another question than quality.

    Moments are clipped as in :class:`LinearViews`, for the same reason.
    """

    def __init__(self, features: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(features, hidden)
        self.answer = nn.Linear(hidden, outputs)

    def forward(self, standardised: Tensor) -> Tensor:
        return torch.sigmoid(self.logits(standardised.clamp(-CLIP, CLIP)))

    def logits(self, clipped: Tensor) -> Tensor:
        """Returns the answers [B, outputs] to clipped moments [B, F], before the sigmoid."""
        logits: Tensor = self.answer(torch.relu(self.hidden(clipped)))
        return logits


class Anchor(nn.Module):
    """Standardised moments [B, F] -> what is added to the logits of all views, [B, 1].

    It holds the scale where no opinions reach: a large photo is raised to the score of the same photo with
    fewer pixels, and a picture of nothing is lowered. It is fitted so that both amounts are exactly 0 for
    nearly every photo of ordinary size, whose score then is what it would be without an anchor, to the bit.
    """

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(features, hidden)
        self.amounts = nn.Linear(hidden, 2)

    def forward(self, standardised: Tensor) -> Tensor:
        amounts = torch.relu(self.unlimited(standardised.clamp(-CLIP, CLIP)))
        return amounts[:, :1] - amounts[:, 1:]

    def unlimited(self, clipped: Tensor) -> Tensor:
        """Returns how far to raise and to lower [B, 2] for clipped moments [B, F]; not at all below 0."""
        amounts: Tensor = self.amounts(torch.relu(self.hidden(clipped)))
        return amounts
