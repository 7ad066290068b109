"""Cached maps of a backbone's frozen part, so that training computes only what it changes.

A crop of a photo needs the moments of the frozen taps within the crop. Those of the last frozen stage follow
from its map, which is kept anyway. Of the taps before it, mean, deviation and maximum of every cell of
32x32 pixels are kept, from which those of any crop that begins and ends at cells follow exactly. What differs
is the border: within a crop, the frozen part has seen the pixels beyond it.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mobileiqa_bench.scenes import Pixels
from mobileiqa_export.student import BACKBONES, MomentStudent, normalise
from mobileiqa_export.student.efficientnet_lite import EfficientNetLite
from mobileiqa_export.student.moments import MOMENTS, halved, moments
from mobileiqa_sdk._onnxruntime import onnxruntime

Records = npt.NDArray[np.void]
"""One record a photo, of the type that :func:`record_type` gives."""

CELL = 32
"""Pixels of a cell's side: the largest stride of the network, so that crops keep the phase of all windows."""
LEVELS = 255
"""Steps between the least and the greatest value of a channel in a photo."""


@dataclass(frozen=True)
class FrozenPart:
    """The stem and the first stages of an EfficientNet-Lite, and what of them is kept for photos of one size.

    Attributes:
        backbone: a key of ``BACKBONES``.
        stages: how many stages are frozen, at least one.
        side: pixels that the network sees in both directions, a multiple of :data:`CELL`.
        halved: whether it sees photos at half their sides.
    """

    backbone: str
    stages: int
    side: int
    halved: bool = False

    @property
    def photo_side(self) -> int:
        """Pixels of the photos in both directions."""
        return 2 * self.side if self.halved else self.side

    @property
    def stride(self) -> int:
        """Of the map after the last frozen stage."""
        return int(BACKBONES[self.backbone].tap_strides[self.stages])

    @property
    def channels(self) -> int:
        """Of the map after the last frozen stage."""
        return int(BACKBONES[self.backbone].tap_channels[self.stages])

    @property
    def tap_channels(self) -> tuple[int, ...]:
        """Of the taps before that map."""
        return tuple(BACKBONES[self.backbone].tap_channels[: self.stages])

    @property
    def record_type(self) -> np.dtype[np.void]:
        """What is kept of a photo.

        ``map`` [h, w, C] has 256 levels between the least value of each channel, ``least``, and the greatest
        one, ``step`` apart. ``cells`` [h, w, MOMENTS, T] has mean, deviation and maximum of the T channels of
        the taps before.
        """
        side, cells, channels = self.side // self.stride, self.side // CELL, self.channels
        return np.dtype(
            [
                ("map", np.uint8, (side, side, channels)),
                ("least", np.float32, (channels,)),
                ("step", np.float32, (channels,)),
                ("cells", np.float16, (cells, cells, MOMENTS, sum(self.tap_channels))),
            ]
        )

    def record(self, last: npt.NDArray[np.float32], cells: npt.NDArray[np.float32]) -> Records:
        """Returns the record of one photo, from the map [C, h, w] and the cells [MOMENTS, T, h, w]."""
        least = last.min((1, 2))
        step = (last.max((1, 2)) - least) / LEVELS
        scaled = (last - least[:, None, None]) / np.where(step > 0, step, 1)[:, None, None]
        record = np.zeros((), self.record_type)
        record["map"] = np.rint(scaled).astype(np.uint8).transpose(1, 2, 0)
        record["least"], record["step"] = least, step
        record["cells"] = cells.transpose(2, 3, 0, 1)
        return record

    def crop(self, records: Sequence[Records], boxes: npt.NDArray[np.integer[Any]], side: int) -> Crops:
        """Cuts a square of ``side`` pixels out of each record, from the cells (row, column) on."""
        pixels, cells = CELL // self.stride, side // CELL
        maps, early = [], []
        for record, (row, column) in zip(records, boxes, strict=True):
            top, left, size = row * pixels, column * pixels, side // self.stride
            levels = record["map"][top : top + size, left : left + size]
            maps.append(levels * record["step"] + record["least"])
            early.append(record["cells"][row : row + cells, column : column + cells].astype(np.float32))
        return Crops(
            torch.from_numpy(np.stack(maps)).permute(0, 3, 1, 2),
            self._early_moments(torch.from_numpy(np.stack(early))),
        )

    def _early_moments(self, cells: Tensor) -> Tensor:
        """Returns the moments [B, F] of the taps, in their order, from cells [B, h, w, MOMENTS, T]."""
        mean, deviation, greatest = cells.flatten(1, 2).unbind(2)
        variance = (deviation.square() + (mean - mean.mean(1, keepdim=True)).square()).mean(1)
        values = mean.mean(1), torch.sqrt(variance), greatest.amax(1)
        by_tap = zip(*(torch.split(value, list(self.tap_channels), 1) for value in values), strict=True)
        return torch.cat([moment for tap in by_tap for moment in tap], 1)


@dataclass(frozen=True)
class Crops:
    """What the trained part needs of crops.

    Attributes:
        maps: after the last frozen stage, [B, C, h, w], channels last in memory.
        early: moments of the taps before, [B, F].
    """

    maps: Tensor
    early: Tensor

    def split(self, size: int) -> list[Crops]:
        """Returns them in groups of at most this many."""
        groups = torch.split(self.maps, size), torch.split(self.early, size)
        return [Crops(maps, early) for maps, early in zip(*groups, strict=True)]


def moments_after(backbone: EfficientNetLite, stages: int, crops: Crops) -> Tensor:
    """Returns the moments [B, F] of all taps, of which those after the frozen stages can be trained."""
    x = crops.maps
    parts = [crops.early, moments(x)]
    for stage in list(backbone.stages)[stages:]:
        x = stage(x)
        parts.append(moments(x))
    if backbone.last is not None:
        parts.append(moments(backbone.act(backbone.last(x))))
    return torch.cat(parts, 1)


class FrozenExtractor:
    """The record of one photo after the other, computed by onnxruntime on one thread."""

    def __init__(self, student: MomentStudent, part: FrozenPart) -> None:
        self.part = part
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            _exported(_Frozen(student, part), part.photo_side), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, pixels: Pixels) -> Records:
        """Returns the record of a photo, uint8 [photo_side, photo_side, 3]."""
        outputs = self._session.run(None, {"pixels": np.ascontiguousarray(pixels)[np.newaxis]})
        last, cells = (output[0] for output in outputs)
        return self.part.record(last, cells)


class _Frozen(nn.Module):
    """uint8 [1, S, S, 3] -> map [1, C, h, w] and cells [1, MOMENTS, T, h, w]."""

    def __init__(self, student: MomentStudent, part: FrozenPart) -> None:
        super().__init__()
        assert isinstance(student.local_cnn, EfficientNetLite)  # noqa: S101 - narrows the type
        self.backbone, self.part = student.local_cnn, part

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        x = normalise(pixels.permute(0, 3, 1, 2), BACKBONES[self.part.backbone])
        x = halved(x) if self.part.halved else x
        x = self.backbone.act(self.backbone.stem(x))
        cells = []
        for stage in list(self.backbone.stages)[: self.part.stages]:
            cells.append(_cells(x, CELL * x.shape[-1] // self.part.side))
            x = stage(x)
        return x, torch.cat(cells, 2)


def _cells(tap: Tensor, size: int) -> Tensor:
    """Returns mean, deviation and maximum of every cell of a map [B, C, H, W], as [B, MOMENTS, C, h, w]."""
    mean = F.avg_pool2d(tap, size)
    around = tap - F.interpolate(mean, scale_factor=float(size), mode="nearest")
    deviation = torch.sqrt(F.avg_pool2d(around.square(), size))
    return torch.stack([mean, deviation, F.max_pool2d(tap, size)], 1)


def _exported(network: nn.Module, side: int) -> bytes:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore", FutureWarning)
        program = torch.onnx.export(
            network.float().cpu().eval(),
            (torch.zeros(1, side, side, 3, dtype=torch.uint8),),
            dynamo=True,
            input_names=["pixels"],
            verbose=False,
        )
    assert program is not None  # noqa: S101 - narrows the type
    content: bytes = program.model_proto.SerializeToString()
    return content
