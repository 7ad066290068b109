"""Imports coremltools without its warnings: not a Mac, a newer torch than it was tested with."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mobileiqa_sdk._noise import logs_of_others_off


def load(name: str) -> Any:
    """Imports a module of coremltools or of its dependencies; returned as Any, because they have no types.

    Raises:
        ImportError: coremltools is not installed.
    """
    with logs_of_others_off():
        return import_module(name)
