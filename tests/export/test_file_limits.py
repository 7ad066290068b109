"""Networks that a file format cannot hold are refused before they are converted."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mobileiqa_export.errors import ConversionFailed
from mobileiqa_export.formats import FORMATS


def linear(inputs: int) -> nn.Module:
    """Weights without memory: 4 bytes for each input."""
    return nn.Linear(inputs, 1, bias=False, device="meta")


@pytest.mark.parametrize("file_format", ["onnx", "tflite"])
def test_more_than_a_file_holds_is_refused(file_format: str) -> None:
    entry = FORMATS[file_format]
    entry.check_size(linear(500_000_000))
    with pytest.raises(ConversionFailed):
        entry.check_size(linear(2**29))


def test_core_ml_keeps_weights_in_a_file_of_their_own() -> None:
    FORMATS["coreml"].check_size(linear(2**30))


def test_a_shared_weight_counts_once_and_buffers_count() -> None:
    layer = linear(300_000_000)
    FORMATS["onnx"].check_size(nn.ModuleList([layer, layer]))
    shared = linear(300_000_000)
    shared.weight = layer.weight
    FORMATS["onnx"].check_size(nn.ModuleList([layer, shared]))
    layer.register_buffer("table", torch.empty(300_000_000, device="meta"))
    with pytest.raises(ConversionFailed):
        FORMATS["onnx"].check_size(layer)
