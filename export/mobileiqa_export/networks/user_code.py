"""Sets up and restores the process around the code of a user's network."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import nn

from .._vendor import PARSE_TO

_parse_to: Any = PARSE_TO.load()
_MOVE = nn.Module.to
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def user_code() -> Iterator[None]:
    """Sends what the code prints to stderr, and undoes what it changes in the process.

    ``module.to(...)`` that would change nothing is skipped: ``Module.to`` sets every parameter anew, which
    fails while a traced program refers to them.
    """
    with (
        restored(),
        redirect_stdout(sys.stderr),
        mock.patch.object(nn.Module, "to", _move),
    ):
        yield


@contextmanager
def importing(folder: str) -> Iterator[None]:
    """Does what :func:`user_code` does, lets modules be imported from a folder, and hides this program's
    arguments.

    The folder is searched first, as with ``python -m``, but only inside this context: it does not
    shadow installed packages that are imported later. Tensors are made without gradients.
    """
    path, arguments = sys.path, sys.argv
    sys.path, sys.argv = [folder, *path], arguments[:1]
    try:
        with user_code(), torch.no_grad():
            yield
    finally:
        sys.path, sys.argv = path, arguments


@contextmanager
def restored() -> Iterator[None]:
    """Restores the state of the process that training code often changes and the export relies on.

    That is the working folder, the handlers of Ctrl-C and SIGTERM, stdout and stderr, the filters of
    warnings, numpy's treatment of floating-point errors, and torch's default dtype and device, threads,
    gradient mode and deterministic mode.
    """
    with _torch_restored(), _signals_restored(), _folder_restored(), warnings.catch_warnings(), np.errstate():
        stdout, stderr = sys.stdout, sys.stderr
        try:
            yield
        finally:
            sys.stdout, sys.stderr = stdout, stderr


@contextmanager
def _torch_restored() -> Iterator[None]:
    # Only what differs is set: a tracer would record the call.
    settings: tuple[tuple[Callable[[], Any], Callable[[Any], object]], ...] = (
        (torch.get_default_dtype, torch.set_default_dtype),
        (torch.get_default_device, torch.set_default_device),
        (torch.get_num_threads, torch.set_num_threads),
        (torch.is_grad_enabled, torch.set_grad_enabled),
        (torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms),
    )
    before = [get() for get, _ in settings]
    try:
        yield
    finally:
        for (get, change), value in zip(settings, before, strict=True):
            if get() != value:
                change(value)


@contextmanager
def _signals_restored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # others cannot change handlers
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None and signal.getsignal(number) != handler:
                signal.signal(number, handler)


@contextmanager
def _folder_restored() -> Iterator[None]:
    try:
        folder = os.getcwd()
    except OSError:  # it was deleted
        yield
        return
    try:
        yield
    finally:
        with suppress(OSError):
            if os.getcwd() != folder:
                os.chdir(folder)


def _move(module: nn.Module, *args: Any, **kwargs: Any) -> nn.Module:
    device, dtype, *_ = _parse_to(*args, **kwargs)  # as nn.Module.to itself reads them
    for tensor in (*module.parameters(), *module.buffers()):
        converts = dtype is not None and tensor.is_floating_point() and tensor.dtype != dtype
        if converts or (device is not None and tensor.device != device):
            return _MOVE(module, *args, **kwargs)
    return module
