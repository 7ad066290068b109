"""coremltools, without what it logs when it is imported: that this is no Mac, and that torch is newer."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any


def load(name: str) -> Any:
    """A module of coremltools, or one that it brings along; typed as Any, for it has no types.

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
