"""Artifact formats: one file each, one line here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from torch import nn

from mobileiqa_sdk.contract import ModelContract

from .onnx import save_onnx

Save = Callable[[nn.Module, ModelContract, Path], Path]

FORMATS: dict[str, Save] = {
    "onnx": save_onnx,
}

__all__ = ["FORMATS", "Save"]
