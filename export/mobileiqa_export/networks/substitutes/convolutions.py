"""Convolutions whose kernels the network computes."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import functional as F

from .arguments import pair
from .context import Context


def computed_convolution(
    context: Context,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor | None:
    """Computes a convolution whose kernel or bias the network itself predicts, as HyperIQA does.

    A 1x1 kernel is a matrix product, and a predicted bias an addition. Converters and quantizers take
    both, but not a convolution without constants.
    """
    if not (context.computed(weight) or context.computed(bias)) or input.dim() != 4:
        return None
    pointwise = weight.shape[2:] == (1, 1) and pair(stride) == (1, 1) and pair(padding) == (0, 0)
    if groups == 1 and pointwise and context.computed(weight):
        out = (weight.flatten(1) @ input.flatten(2)).view(-1, weight.shape[0], *input.shape[2:])
    elif bias is not None:
        out = F.conv2d(input, weight, None, stride, padding, dilation, groups)
    else:
        return None
    return out if bias is None else out + bias.view(1, -1, 1, 1)
