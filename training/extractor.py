"""The moments of a student, computed by onnxruntime: less than half of PyTorch's time on a CPU."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mobileiqa_bench.scenes import Pixels
from mobileiqa_export.formats.sizes import SMALLEST
from mobileiqa_export.student import BACKBONES, MomentStudent, normalise
from mobileiqa_sdk._onnxruntime import onnxruntime

from .arrays import Features


class Extractor:
    """The moments of one photo after the other.

    >>> from mobileiqa_export.student import build_student
    >>> from training.lite_student import lite_config
    >>> config = lite_config("efficientnet-lite0")
    >>> extractor = Extractor(build_student(config), config.backbone)
    >>> extractor(np.zeros((64, 48, 3), np.uint8)).shape
    (6288,)
    """

    def __init__(self, student: MomentStudent, backbone: str, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_mem_pattern = False  # sizes change from photo to photo
        self._session: Any = onnxruntime.InferenceSession(
            _exported(student, backbone), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, pixels: Pixels) -> Features:
        """Returns the moments of a photo, uint8 [H, W, 3], as [F]."""
        (moments,) = self._session.run(None, {"pixels": np.ascontiguousarray(pixels)[np.newaxis]})
        features: Features = moments[0]
        return features


class _Moments(nn.Module):
    """uint8 [1, H, W, 3] -> [1, F]."""

    def __init__(self, student: MomentStudent, backbone: str) -> None:
        super().__init__()
        self.student, self.statistics = student, BACKBONES[backbone]

    def forward(self, pixels: Tensor) -> Tensor:
        return self.student.observe(normalise(pixels.permute(0, 3, 1, 2), self.statistics)).local


def _exported(student: MomentStudent, backbone: str) -> bytes:
    height, width = (torch.export.Dim(side, min=SMALLEST) for side in ("height", "width"))
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore", FutureWarning)
        program = torch.onnx.export(
            _Moments(student.float().cpu(), backbone).eval(),
            (torch.zeros(1, 96, 160, 3, dtype=torch.uint8),),
            dynamic_shapes=({1: height, 2: width},),
            dynamo=True,
            input_names=["pixels"],
            output_names=["moments"],
            verbose=False,
        )
    assert program is not None  # noqa: S101 - narrows the type
    content: bytes = program.model_proto.SerializeToString()
    return content
