"""Marks the sides of a TFLite model's input as free: the interpreter resizes it for each photo."""

from __future__ import annotations

from ai_edge_litert.tools.flatbuffer_utils import (
    convert_bytearray_to_object,
    convert_object_to_bytearray,
)


def with_free_sides(model: bytes) -> bytes:
    """Returns the model with height and width of its only input, uint8 [1, H, W, 3], marked as free.

    No operator of such a network stores a size: all shapes follow from the input when it is resized.
    """
    content = convert_bytearray_to_object(bytearray(model))
    graph = content.subgraphs[0]
    graph.tensors[graph.inputs[0]].shapeSignature = [1, -1, -1, 3]
    return bytes(convert_object_to_bytearray(content))
