"""Imports coremltools without its warnings: not a Mac, a newer torch than it was tested with."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any


def load(name: str) -> Any:
    """Imports a module of coremltools or of its dependencies; returned as Any, because they have no types.

    Raises:
        ImportError: coremltools is not installed.
    """
    log = logging.getLogger("coremltools")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        return import_module(name)
    finally:
        log.setLevel(level)
