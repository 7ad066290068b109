"""The program that a network is traced to before it is converted."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram

from mobileiqa_sdk._noise import quiet

from .blame import Trail, described
from .errors import ExportError, NetworkUnfit
from .rewrite.modules import sharing_weights


def program_of(network: nn.Module, example: Tensor, dynamic_shapes: Any = None) -> ExportedProgram:
    """Returns the program that PyTorch traces a copy of a network to.

    Args:
        network: in eval mode.
        example: its input.
        dynamic_shapes: which sides of the input are free, as :func:`torch.export.export` takes them.

    Raises:
        NetworkUnfit: the network cannot be traced; the error names the module and the operator.
    """
    try:
        return _traced(sharing_weights(network), example, dynamic_shapes)
    except (ExportError, MemoryError):
        raise
    except Exception as error:  # any module may raise anything
        raise NetworkUnfit(
            f"{_failing_part(network, example, dynamic_shapes)} prevents the network's export: "
            f"{described(error)}; rewrite that code so that its steps do not depend on the values in an image"
        ) from error


def _traced(network: nn.Module, example: Tensor, dynamic_shapes: Any) -> ExportedProgram:
    with quiet(), torch.inference_mode():
        return torch.export.export(network, (example,), dynamic_shapes=dynamic_shapes, strict=False)


def _failing_part(network: nn.Module, example: Tensor, dynamic_shapes: Any) -> str:
    """Returns the module and the operator that a trace fails in, by a second one that is watched.

    The first is not: some modules of PyTorch take another path when their calls are watched.
    """
    watched = sharing_weights(network)
    with Trail(watched) as trail:
        try:
            _traced(watched, example, dynamic_shapes)
        except Exception:
            return str(trail)
    return "the network itself"
