"""Surroundings in which the code of somebody's network runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any
from unittest import mock

import torch
from torch import nn

_MOVE = nn.Module.to


@contextmanager
def user_code() -> Iterator[None]:
    """Sends what the code prints to stderr, and lets ``module.to(...)`` that changes nothing do nothing.

    ``Module.to`` sets every parameter anew, which fails while a traced program refers to them.
    """
    with redirect_stdout(sys.stderr), mock.patch.object(nn.Module, "to", _move):
        yield


@contextmanager
def importing(folder: str) -> Iterator[None]:
    """In addition, lets modules be imported from a folder, and hides this program's arguments.

    The folder is the first place to look in, as with ``python -m``, but only inside this context: it does not
    shadow installed packages that are imported later. Tensors are made without gradients.
    """
    path, arguments = sys.path, sys.argv
    sys.path, sys.argv = [folder, *path], arguments[:1]
    try:
        with user_code(), torch.no_grad():
            yield
    finally:
        sys.path, sys.argv = path, arguments


def _move(module: nn.Module, *args: Any, **kwargs: Any) -> nn.Module:
    device, dtype, *_ = torch._C._nn._parse_to(*args, **kwargs)  # as nn.Module.to itself reads them
    for tensor in (*module.parameters(), *module.buffers()):
        converts = dtype is not None and tensor.is_floating_point() and tensor.dtype != dtype
        if converts or (device is not None and tensor.device != device):
            return _MOVE(module, *args, **kwargs)
    return module
