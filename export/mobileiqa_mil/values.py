"""Types and constants of a MIL program, converted to those of torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobileiqa_sdk.errors import ArtifactInvalid

from .coreml_tools import load

MIL_pb2 = load("coremltools.proto.MIL_pb2")

ReadBlob = Callable[[str, int, int], NDArray[np.generic]]
"""(file name, offset, number of elements) -> elements."""

MAX_ELEMENTS = 2**29
"""Most elements of one tensor. The largest of the full student has 3e8 as trained, and 1e7 rewritten."""

FREE = -1
"""A side of a declared shape that the input decides."""

# torch implements few operations for its unsigned types of more than a byte.
DTYPES = {
    MIL_pb2.BOOL: torch.bool,
    MIL_pb2.FLOAT16: torch.float16,
    MIL_pb2.FLOAT32: torch.float32,
    MIL_pb2.INT8: torch.int8,
    MIL_pb2.INT16: torch.int16,
    MIL_pb2.INT32: torch.int32,
    MIL_pb2.UINT8: torch.uint8,
    MIL_pb2.UINT16: torch.int32,
    MIL_pb2.UINT32: torch.int64,
    MIL_pb2.INT4: torch.int8,
    **dict.fromkeys((MIL_pb2.UINT1, MIL_pb2.UINT2, MIL_pb2.UINT3, MIL_pb2.UINT4), torch.uint8),
    MIL_pb2.UINT6: torch.uint8,
}
# Immediate values of these types are stored as bytes, because protobuf has no such numbers.
_BYTES = {
    MIL_pb2.FLOAT16: "<f2",
    MIL_pb2.INT8: "i1",
    MIL_pb2.UINT8: "u1",
    MIL_pb2.INT16: "<i2",
    MIL_pb2.UINT16: "<u2",
    MIL_pb2.UINT32: "<u4",
}


def tensor_type(kind: Any, subject: str) -> tuple[torch.dtype, tuple[int, ...]]:
    """Returns dtype and shape, with :data:`FREE` sides, of a MIL value type; ``subject`` names it in errors.

    Raises:
        ArtifactInvalid: not a tensor, an absurdly large shape, or an unsupported type.
    """
    if kind.WhichOneof("type") != "tensorType":
        raise ArtifactInvalid(f"{subject} is not a tensor; run the model on a Mac")
    tensor = kind.tensorType
    if tensor.dataType not in DTYPES:
        raise ArtifactInvalid(
            f"{subject} is of type {_type_name(tensor.dataType)}, which the built-in executor does not "
            "support; run the model on a Mac"
        )
    return DTYPES[tensor.dataType], _shape(tensor, subject)


def _type_name(number: int) -> str:
    # protobuf passes on numbers that the format does not define.
    names: dict[int, str] = {value: name for name, value in MIL_pb2.DataType.items()}
    return names.get(number, str(number))


def _shape(tensor: Any, subject: str) -> tuple[int, ...]:
    shape = tuple(
        int(side.constant.size) if side.WhichOneof("dimension") == "constant" else FREE
        for side in tensor.dimensions
    )
    elements = math.prod(side for side in shape if side != FREE)
    if elements > MAX_ELEMENTS:
        raise ArtifactInvalid(
            f"{subject} has {elements} elements, more than the {MAX_ELEMENTS} that are supported"
        )
    return shape


def constant(value: Any, read_blob: ReadBlob, subject: str) -> Tensor | str | list[str]:
    """Returns a stored value: text as text, everything else as a tensor.

    Raises:
        ArtifactInvalid: the value does not have the type that it declares.
    """
    if value.type.tensorType.dataType == MIL_pb2.STRING:
        texts = [str(text) for text in value.immediateValue.tensor.strings.values]
        if value.type.tensorType.rank:
            return texts
        if len(texts) != 1:
            raise ArtifactInvalid(f"{subject} is {len(texts)} texts instead of one; export the model again")
        return texts[0]
    dtype, shape = tensor_type(value.type, subject)
    count = math.prod(shape)
    if value.WhichOneof("value") == "blobFileValue":
        file, offset = value.blobFileValue.fileName, int(value.blobFileValue.offset)
        array: NDArray[Any] = read_blob(file, offset, count)
    else:
        array = _immediate(value, subject)
    if array.size != count:
        raise ArtifactInvalid(
            f"{subject} has {array.size} elements instead of {count}; export the model again"
        )
    if array.dtype.kind == "u" and array.dtype.itemsize > 1:
        array = array.astype(np.int64)
    return torch.from_numpy(array.reshape(shape)).to(dtype)


def _immediate(value: Any, subject: str) -> NDArray[Any]:
    tensor, kind = value.immediateValue.tensor, value.type.tensorType.dataType
    field = tensor.WhichOneof("value")
    if field is None:
        return np.zeros(0, np.float32)
    if field == "bytes":
        data = tensor.bytes.values
        if kind not in _BYTES or len(data) % np.dtype(_BYTES[kind]).itemsize:
            raise ArtifactInvalid(
                f"{subject} is stored as bytes, which the built-in executor does not support for its type; "
                "run the model on a Mac"
            )
        return np.frombuffer(data, _BYTES[kind]).copy()
    types = {"floats": np.float32, "ints": np.int32, "bools": np.bool_, "longInts": np.int64}
    if field not in types:
        raise ArtifactInvalid(
            f"{subject} is stored as {field}, which the built-in executor does not support; "
            "run the model on a Mac"
        )
    return np.array(getattr(tensor, field).values, types[field])
