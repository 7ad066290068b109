"""Replaces operators that exporters lack or handle badly by others, while a network runs.

Each substitute returns what the original returns, up to rounding of floats. PyTorch's function mode sees
every call, made by a module or by plain code, and also when a network is traced for export.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from ..rewrite.pooling import bins, pooling_matrix
from .resizing import SEPARABLE, Resize, axes_of, resize_matrix


class Substitutes(TorchFunctionMode):
    """While active, replaces calls of the functions in :data:`SUBSTITUTES` that their substitute accepts.

    Args:
        network: the one that runs.
        constant: returns the constant of a name, which a function makes when it is first asked for.
        replaced: receives the names of the functions that were replaced.
        names: of the functions to replace; all by default.
    """

    def __init__(
        self,
        network: nn.Module,
        constant: Callable[[str, Callable[[], Tensor]], Tensor],
        replaced: set[str],
        names: frozenset[str] | None = None,
    ) -> None:
        super().__init__()
        self._names = NAMES if names is None else names
        self.constant, self._replaced = constant, replaced
        # Both tensors are kept, so that the ids stay theirs.
        self._expanded: dict[int, tuple[Tensor, Tensor]] = {}
        self._constants = {id(tensor) for tensor in (*network.parameters(), *network.buffers())}

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _EXPANSIONS:
            expanded: Tensor = func(*args, **kwargs)
            self._expanded[id(expanded)] = (expanded, args[0])
            return expanded
        substitute = SUBSTITUTES.get(func) if getattr(func, "__name__", "") in self._names else None
        made = substitute(self, *args, **_renamed(kwargs)) if substitute else None
        if made is None:
            return func(*args, **kwargs)
        self._replaced.add(func.__name__)
        return made

    def pooling(self, length: int, count: int) -> Tensor:
        """Returns adaptive average pooling of one axis as a constant [length, count]."""
        return self.constant(f"pooling_{length}_{count}", lambda: pooling_matrix(length, count))

    def resizing(self, length: int, axis: Resize) -> Tensor:
        """Returns the resizing of one axis as a constant [length, size]."""
        name = f"resize_{length}_{axis}".replace(".", "_").replace("-", "_")
        return self.constant(name, lambda: resize_matrix(length, axis))

    def before_expansion(self, value: Any) -> Any:
        """Returns what was expanded to this tensor; any other value as it is."""
        return self._expanded[id(value)][1] if id(value) in self._expanded else value

    def computed(self, tensor: Tensor | None) -> bool:
        """Returns whether a weight or bias is computed by the network instead of being a parameter."""
        return tensor is not None and id(tensor) not in self._constants


Substitute = Callable[..., Tensor | None]


def _sides(output: Any, x: Tensor) -> list[int]:
    """Returns the requested sizes of the last two axes; None in ``output`` keeps a size."""
    sides = (output, output) if isinstance(output, int) else tuple(output)
    return [size if side is None else side for side, size in zip(sides, x.shape[-2:], strict=True)]


def adaptive_average(mode: Substitutes, input: Tensor, output_size: Any) -> Tensor | None:
    """Pools maps by adaptive averages: two products by fixed matrices, or a mean if there is one bin only."""
    rows, columns = _sides(output_size, input)
    if rows == columns == 1:
        return input.mean((-2, -1), keepdim=True)
    height, width = input.shape[-2:]
    return mode.pooling(height, rows).T @ input @ mode.pooling(width, columns)


def adaptive_largest(
    mode: Substitutes, input: Tensor, output_size: Any, return_indices: bool = False
) -> Tensor | None:
    """Pools maps by adaptive maxima, without indices: bin by bin, rows first."""
    if return_indices:
        return None
    for axis, count in zip((-2, -1), _sides(output_size, input), strict=True):
        length = input.shape[axis]
        if count == 1:
            input = input.amax(axis, keepdim=True)
        elif count != length:
            parts = [input.narrow(axis, start, end - start) for start, end in bins(length, count)]
            input = torch.cat([part.amax(axis, keepdim=True) for part in parts], axis)
    return input


def adaptive_largest_1d(
    mode: Substitutes, input: Tensor, output_size: Any, return_indices: bool = False
) -> Tensor | None:
    """Pools rows by adaptive maxima, without indices, [..., L] -> [..., count]."""
    count = output_size if isinstance(output_size, int) else output_size[0]
    pooled = adaptive_largest(mode, input.unsqueeze(-2), (None, count), return_indices)
    return None if pooled is None else pooled.squeeze(-2)


def largest_of_all(mode: Substitutes, input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor | None:
    """Returns the maximum over all axes, which converters need to have listed."""
    if dim != () or input.dim() == 0:
        return None
    return input.amax(tuple(range(input.dim())), keepdim=keepdim)


def smallest_of_all(mode: Substitutes, input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor | None:
    """Returns the minimum over all axes, which converters need to have listed."""
    if dim != () or input.dim() == 0:
        return None
    return input.amin(tuple(range(input.dim())), keepdim=keepdim)


def cosine_similarity(
    mode: Substitutes, x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8
) -> Tensor | None:
    """Returns a product of vectors over their lengths, each taken to be at least ``eps``."""
    lengths = [(x * x).sum(dim, keepdim=True).sqrt().clamp(min=eps) for x in (x1, x2)]
    return (x1 / lengths[0] * (x2 / lengths[1])).sum(dim)


def resized(
    mode: Substitutes,
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode_: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor | None:
    """Resizes maps [B, C, H, W] by their size or by two fixed matrices, where converters are wrong or lack
    the mode.

    Converters compute sizes from scale factors in single precision, in which 224 * (225 / 224) is 224.
    """
    if input.dim() != 4:
        return None
    sides = tuple(input.shape[2:])
    axes = axes_of(sides, size, scale_factor, mode_, align_corners, recompute_scale_factor, antialias)
    if all(axis.exports(length) for axis, length in zip(axes, sides, strict=True)):
        if scale_factor is None or mode_ not in ("bilinear", "nearest"):
            return None
        return F.interpolate(input, tuple(axis.size for axis in axes), None, mode_, align_corners)
    if mode_ not in SEPARABLE:
        return None
    rows, columns = (mode.resizing(length, axis) for length, axis in zip(sides, axes, strict=True))
    return rows.T @ input @ columns


def normalized(
    mode: Substitutes, input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Any = None
) -> Tensor | None:
    """Returns vectors over their lengths, which broadcast; PyTorch's own code expands them to the whole map.

    litert-torch lays out an expanded operand differently from the other one.
    """
    if out is not None:
        return None
    length: Tensor = input.norm(p, dim, keepdim=True)
    return input / length.clamp_min(eps)


def _covers(result: Tensor, *operands: Tensor) -> bool:
    """Returns whether a result is as large along every axis as each operand."""
    return all(
        size <= result.shape[-at]
        for operand in operands
        for at, size in enumerate(reversed(operand.shape), start=1)
    )


def _elementwise(function: Callable[..., Tensor]) -> Substitute:
    def substitute(mode: Substitutes, input: Any, other: Any, **kwargs: Any) -> Tensor | None:
        """Computes an operation of two tensors with the one that was expanded as it was before: it
        broadcasts.
        """
        operands = mode.before_expansion(input), mode.before_expansion(other)
        if (operands[0] is input and operands[1] is other) or "out" in kwargs:
            return None
        both = isinstance(input, Tensor) and isinstance(other, Tensor)
        if not both:
            return None
        result = function(*operands, **kwargs)
        return (
            result
            if result.dim() == max(input.dim(), other.dim()) and _covers(result, input, other)
            else None
        )

    return substitute


def largest(
    mode: Substitutes,
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | None:
    """Pools maxima with the stride written out, which Core ML's converter needs, or takes the maximum of a
    single window.
    """
    if stride or return_indices:
        return None
    plain = _pair(padding) == (0, 0) and _pair(dilation) == (1, 1)
    if plain and _pair(kernel_size) == tuple(input.shape[-2:]):
        return input.amax((-2, -1), keepdim=True)
    return F.max_pool2d(input, kernel_size, kernel_size, padding, dilation, ceil_mode)


def unfold(mode: Substitutes, input: Tensor, dimension: int, size: int, step: int) -> Tensor | None:
    """Computes ``Tensor.unfold``: windows along one axis become a new last axis."""
    axis = dimension % input.dim()
    count = (input.shape[axis] - size) // step + 1
    if step == size:
        whole = input.narrow(axis, 0, count * size)
        windows = whole.reshape(*input.shape[:axis], count, size, *input.shape[axis + 1 :])
    else:
        windows = torch.stack([input.narrow(axis, step * i, size) for i in range(count)], axis)
    return windows.movedim(axis + 1, -1)


def computed_convolution(
    mode: Substitutes,
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
    if not (mode.computed(weight) or mode.computed(bias)) or input.dim() != 4:
        return None
    pointwise = weight.shape[2:] == (1, 1) and _pair(stride) == (1, 1) and _pair(padding) == (0, 0)
    if groups == 1 and pointwise and mode.computed(weight):
        out = (weight.flatten(1) @ input.flatten(2)).view(-1, weight.shape[0], *input.shape[2:])
    elif bias is not None:
        out = F.conv2d(input, weight, None, stride, padding, dilation, groups)
    else:
        return None
    return out if bias is None else out + bias.view(1, -1, 1, 1)


def _renamed(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Returns keyword arguments for a substitute, whose own first argument is called ``mode``."""
    return {"mode_" if key == "mode" else key: value for key, value in kwargs.items()}


def _pair(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


SUBSTITUTES: dict[Any, Substitute] = {
    F.adaptive_avg_pool2d: adaptive_average,
    torch._C._nn.adaptive_avg_pool2d: adaptive_average,
    F.adaptive_max_pool2d: adaptive_largest,
    F.adaptive_max_pool1d: adaptive_largest_1d,
    Tensor.amax: largest_of_all,
    torch.amax: largest_of_all,
    Tensor.amin: smallest_of_all,
    torch.amin: smallest_of_all,
    F.cosine_similarity: cosine_similarity,
    F.max_pool2d: largest,
    F.interpolate: resized,
    F.normalize: normalized,
    Tensor.unfold: unfold,
    F.conv2d: computed_convolution,
}

for _name in ("add", "sub", "mul", "div", "true_divide", "maximum", "minimum"):
    SUBSTITUTES[getattr(Tensor, _name)] = SUBSTITUTES[getattr(torch, _name)] = _elementwise(
        getattr(torch, _name)
    )

_EXPANSIONS = {Tensor.expand, Tensor.expand_as, Tensor.broadcast_to, torch.broadcast_to}

NAMES = frozenset(function.__name__ for function in SUBSTITUTES)
"""Names of all functions that have a substitute."""
