"""Names the outputs of a TFLite model by its signature, as readers look them up."""

from __future__ import annotations

from collections.abc import Sequence

from ai_edge_litert.tools.flatbuffer_utils import (
    convert_bytearray_to_object,
    convert_object_to_bytearray,
)


def with_output_names(model: bytes, names: Sequence[str]) -> bytes:
    """Returns the model with these names for the outputs of its only signature, in the network's order.

    The converter calls them ``output_0``, ``output_1`` and so on. A reader that does not know signatures
    has the order of the subgraph's outputs, which is the same.
    """
    content = convert_bytearray_to_object(bytearray(model))
    (signature,) = content.signatureDefs
    by_tensor = {output.tensorIndex: output for output in signature.outputs}
    for tensor, name in zip(content.subgraphs[0].outputs, names, strict=True):
        by_tensor[tensor].name = name.encode()
    return bytes(convert_object_to_bytearray(content))
