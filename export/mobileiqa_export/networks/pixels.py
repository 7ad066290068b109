"""Wraps a network so that it takes the photo as it lies in memory and returns a score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Number
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import NetworkUnfit
from .description import Answer, Description
from .substitutes import Substitutes
from .user_code import user_code

# ITU-R BT.601, as Pillow's mode L; not rounded to whole levels.
_BRIGHTNESS = (0.299, 0.587, 0.114)


class PixelNetwork(nn.Module):
    """uint8 RGB [1, H, W, 3] -> score [1] in 0..1, higher is better.

    Args:
        network: takes float images [1, C, H, W] and returns what the description's output says.
        description: how to prepare pixels and what to make of the answer.

    Attributes:
        substituted: names of the functions that are replaced while it runs.
        replaced: names of those that it called.
    """

    shift: Tensor
    scale: Tensor
    brightness: Tensor
    bins: Tensor

    def __init__(self, network: nn.Module, description: Description) -> None:
        super().__init__()
        self.network = network
        self.channels, self.answer = description.input.channels, description.output
        self.substituted: frozenset[str] = frozenset()
        self.replaced: set[str] = set()
        for name, values, shape in (
            ("shift", description.input.shift, (1, -1, 1, 1)),
            ("scale", description.input.scale, (1, -1, 1, 1)),
            ("brightness", _BRIGHTNESS, (1, 3, 1, 1)),
            ("bins", description.output.bins, (-1,)),
        ):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float64).float().view(shape))

    def forward(self, pixels: Tensor) -> Tensor:
        image = self.prepared(pixels)
        with user_code(), Substitutes(self.network, self.constant, self.replaced, self.substituted):
            try:
                given = self.network(image)
            except SystemExit as error:
                raise NetworkUnfit(f"the network calls sys.exit({error.code!r}) when it runs") from error
        return self.score(given)

    def prepared(self, pixels: Tensor) -> Tensor:
        """Returns pixels, uint8 [1, H, W, 3], as float32 [1, C, H, W] in the units that the network was
        trained on.
        """
        # Networks that call view() rely on this layout.
        x = pixels.permute(0, 3, 1, 2).to(self.shift.dtype).contiguous()
        if self.channels == "L":
            x = (x * self.brightness).sum(1, keepdim=True)
        elif self.channels == "BGR":
            x = torch.cat([x[:, 2:], x[:, 1:2], x[:, :1]], 1)
        return (x - self.shift) * self.scale

    def score(self, given: Any) -> Tensor:
        """Returns the score [1] in what the network returned.

        Raises NetworkUnfit if that is not as described.
        """
        # Some networks answer in half or double precision.
        y = _selected(given, self.answer).flatten().to(self.shift.dtype)
        expected = max(len(self.answer.bins), 1)
        if y.numel() != expected:
            raise NetworkUnfit(
                f"the network returns {y.numel()} values, not {expected}; "
                "describe them by output.select or output.bins"
            )
        if self.answer.activation == "softmax":
            y = torch.softmax(y, 0)
        elif self.answer.activation == "sigmoid":
            y = torch.sigmoid(y)
        if self.answer.bins:
            y = (y * self.bins).sum(0, keepdim=True)
        span = self.answer.best - self.answer.worst
        return ((y - self.answer.worst) / span).clamp(0, 1)

    def constant(self, name: str, make: Callable[[], Tensor]) -> Tensor:
        """Returns a constant of this name, in the network's dtype; made when first asked for."""
        if name not in self._buffers:
            self.register_buffer(name, make().to(self.shift))
        return self.get_buffer(name)


def _selected(given: Any, answer: Answer) -> Tensor:
    if answer.select is not None:
        try:
            given = _part(given, answer.select)
        except (LookupError, AttributeError, TypeError):
            raise NetworkUnfit(
                f"the network returns {_kind(given)}, which has no part {answer.select!r}; "
                "correct output.select"
            ) from None
    if given is None or isinstance(given, (Number, np.ndarray)):
        raise NetworkUnfit(
            f"the network's score is {_kind(given)}, not a tensor: leave out float(), item() and numpy()"
        )
    if not isinstance(given, Tensor):
        raise NetworkUnfit(
            f"the network returns {_kind(given)}; say by output.select which part is the score"
        )
    return given


def _part(given: Any, select: int | str) -> Any:
    if isinstance(select, str) and not isinstance(given, Mapping):
        return getattr(given, select)
    return given[select]


def _kind(given: Any) -> str:
    if isinstance(given, Tensor):
        return f"a tensor {list(given.shape)}"
    if isinstance(given, Mapping):
        return f"a {type(given).__name__} of {', '.join(map(str, given))}"
    if isinstance(given, (tuple, list)):
        return f"a {type(given).__name__} of {len(given)}"
    return f"a {type(given).__name__}"
