"""Computes the widest map of an ONNX network for photos of any size on bands of rows.

A block that widens a map and then halves it holds by far the most memory: 16 numbers for every pixel of the
photo in the bundled model, at `high` a hundred megabytes. On bands of rows it holds an eighth, which fits a
core's caches at `fast`. The rows of a band follow from the photo, in the graph: torch.export would fix which
of them may be empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

BANDS = 8
"""At 262,144 pixels a band of the bundled model's widest map is 2 MB, and there are 50 nodes more to open."""

_ROWS = 2  # the axis
_PREFIX = "bands/"


class Chain(NamedTuple):
    """The nodes of a block that widens a map and halves it, in order; each is all that reads the one before.

    Row i of the result depends on rows 2 i to 2 i + 2 of the map, and on zeros below its last row.
    """

    widen: onnx.NodeProto
    first_act: onnx.NodeProto
    halve: onnx.NodeProto
    second_act: onnx.NodeProto
    project: onnx.NodeProto


def band_widest_map(model: onnx.ModelProto) -> bool:
    """Cuts the map of the first block that widens and halves into bands, in place; False without one.

    The answers stay as they are, for every size. A map of fewer rows than bands leaves some bands empty: each
    band computes one row more than it keeps, so that no convolution is given nothing. The new nodes are the
    last ones; put them in order.
    """
    chain = next(_chains(model), None)
    if chain is None:
        return False
    banded = [*_bounds(chain.widen.input[0]), *_bands(chain)]
    for node in chain:
        model.graph.node.remove(node)
    model.graph.node.extend(banded)
    model.graph.initializer.extend(_constants())
    return True


def _chains(model: onnx.ModelProto) -> Iterator[Chain]:
    readers: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in model.graph.node:
        for name in node.input:
            readers[name].append(node)
    outputs = {output.name for output in model.graph.output}

    def only_reader(node: onnx.NodeProto) -> onnx.NodeProto | None:
        users = readers[node.output[0]]
        return users[0] if len(users) == 1 and node.output[0] not in outputs else None

    for node in model.graph.node:
        chain = [node]
        while len(chain) < len(Chain._fields) and (follower := only_reader(chain[-1])):
            chain.append(follower)
        if len(chain) == len(Chain._fields) and _is_halving(candidate := Chain(*chain)):
            yield candidate


def _is_halving(chain: Chain) -> bool:
    convolutions = chain.widen, chain.halve, chain.project
    if any(node.op_type != "Conv" for node in convolutions):
        return False
    if any(node.op_type not in ("Relu", "Clip") for node in (chain.first_act, chain.second_act)):
        return False
    pointwise = all(_setting(node, "kernel_shape") == [1, 1] for node in (chain.widen, chain.project))
    unstrided = all(_setting(node, "strides") == [1, 1] for node in (chain.widen, chain.project))
    kernel, strides, pads = (_setting(chain.halve, name) for name in ("kernel_shape", "strides", "pads"))
    return pointwise and unstrided and (kernel, strides, pads) == ([3, 3], [2, 2], [0, 0, 2, 2])


def _setting(node: onnx.NodeProto, name: str) -> Any:
    values = (helper.get_attribute_value(each) for each in node.attribute if each.name == name)
    return next(values, None)


def _constants() -> list[onnx.TensorProto]:
    numbers = {
        "one": [1],
        "two": [2],
        "count": [BANDS],
        "axis": [_ROWS],
        "zero": [0],
        "firsts": range(BANDS),
        "lasts": range(1, BANDS + 1),
    }
    return [
        numpy_helper.from_array(np.array(list(values), dtype=np.int64), _PREFIX + name)
        for name, values in numbers.items()
    ]


def _bounds(source: str) -> list[onnx.NodeProto]:
    """Returns the nodes that compute each band's rows of the source, [begin, stop), and the rows it keeps."""
    return [
        helper.make_node("Shape", [source], [_PREFIX + "height"], start=_ROWS, end=_ROWS + 1),
        _node("Add", ("height", "one"), "above"),
        _node("Div", ("above", "two"), "rows"),
        _node("Mul", ("rows", "firsts"), "first_shares"),
        _node("Div", ("first_shares", "count"), "starts"),
        _node("Mul", ("rows", "lasts"), "last_shares"),
        _node("Div", ("last_shares", "count"), "ends"),
        _node("Sub", ("ends", "starts"), "lengths"),
        _node("Mul", ("starts", "two"), "begins"),
        _node("Mul", ("ends", "two"), "doubled"),
        _node("Add", ("doubled", "one"), "stops"),
        *(_split(f"{bound}s", bound) for bound in ("begin", "stop", "length")),
    ]


def _split(vector: str, each: str) -> onnx.NodeProto:
    outputs = [f"{_PREFIX}{each}_{band}" for band in range(BANDS)]
    return helper.make_node("Split", [_PREFIX + vector], outputs, axis=0, num_outputs=BANDS)


def _bands(chain: Chain) -> Iterator[onnx.NodeProto]:
    """Yields the nodes that compute the bands, and the one that joins them."""
    joined = []
    for band in range(BANDS):
        rows = f"{_PREFIX}rows_{band}"
        bounds = [f"{_PREFIX}begin_{band}", f"{_PREFIX}stop_{band}", _PREFIX + "axis"]
        yield helper.make_node("Slice", [chain.widen.input[0], *bounds], [rows], name=f"{rows}/Slice")
        for node in chain:
            yield _of_band(node, rows, band)
            rows = f"{node.output[0]}_{band}"
        joined.append(f"{_PREFIX}kept_{band}")
        bounds = [_PREFIX + "zero", f"{_PREFIX}length_{band}", _PREFIX + "axis"]
        yield helper.make_node("Slice", [rows, *bounds], joined[-1:], name=f"{joined[-1]}/Slice")
    yield helper.make_node("Concat", joined, chain.project.output, name=_PREFIX + "Concat", axis=_ROWS)


def _of_band(node: onnx.NodeProto, rows: str, band: int) -> onnx.NodeProto:
    """Returns the node that does to a band what this one did to the map; weights are shared."""
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.name = f"{node.name}_{band}"
    copy.input[0] = rows
    copy.output[0] = f"{node.output[0]}_{band}"
    return copy


def _node(operator: str, inputs: Sequence[str], output: str) -> onnx.NodeProto:
    names = [_PREFIX + name for name in inputs]
    return helper.make_node(operator, names, [_PREFIX + output], name=f"{_PREFIX}{output}/{operator}")


__all__ = ["BANDS", "band_widest_map"]
