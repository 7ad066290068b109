"""Folds the mean over maps into the values that are averaged."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..blocks.config import NetworkConfig
from ..blocks.mal import MultiViewAttention
from .modules import replace_all
from .pipeline import PassResult


class FoldedMultiViewAttention(MultiViewAttention):
    """A :class:`MultiViewAttention` that computes only the mean of its feature attention over the maps.

    With d tokens of width n*N, the published reshape puts value column i*N + j of token t at map i,
    place j*d + t. So the mean over maps is a mean over value columns, which the value matrix can
    carry: N of its n*N columns are left. The tokens of the positions do not line up like this.
    """

    def __init__(self, layer: MultiViewAttention) -> None:
        nn.Module.__init__(self)
        self.attention_module = layer.attention_module
        self.channel_attention = layer.channel_attention
        self.feature_attention = layer.feature_attention
        self.feature_attention.c_v = _mean_over_maps(layer.feature_attention.c_v, len(self.attention_module))

    def combine(self, x: Tensor, maps: int) -> Tensor:
        """Returns what :meth:`MultiViewAttention.combine` returns."""
        batch, channels, places = x.shape
        width = channels // maps
        tokens = x.reshape(batch, width, maps * places)
        values: Tensor = self.feature_attention.weights(tokens) @ self.feature_attention.c_v(tokens)
        features: Tensor = values.transpose(1, 2).reshape(batch, width, places)
        positions: Tensor = self.channel_attention(x.transpose(1, 2))
        both: Tensor = positions.transpose(1, 2) + x
        mean: Tensor = both.reshape(batch, maps, width, places).mean(1)
        return (mean + features) / 2


def _mean_over_maps(values: nn.Linear, maps: int) -> nn.Linear:
    """Averages a layer's outputs over maps: [D -> n*N] to [D -> N], summed in float64."""
    folded = nn.Linear(values.in_features, values.out_features // maps, device="meta")
    for name in ("weight", "bias"):
        whole = values.get_parameter(name).detach()
        mean = whole.to(torch.float64).view(maps, -1, *whole.shape[1:]).mean(0)
        setattr(folded, name, nn.Parameter(mean.to(whole)))
    return folded


def fold_map_mean(student: nn.Module, config: NetworkConfig) -> PassResult:
    """Computes only the mean over maps of each feature attention's values: a quarter of the weights go."""
    return PassResult.of(
        student, replace_all(student, MultiViewAttention, FoldedMultiViewAttention), "multi-view attention"
    )
