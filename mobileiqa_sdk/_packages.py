"""Imports packages that an extra installs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .errors import ExtraMissing


def import_extra(module: str, extra: str) -> Any:
    """Returns a module of another package.

    Args:
        module: its full name.
        extra: of mobileiqa-sdk that installs the package.

    Raises:
        ExtraMissing: the package is not installed, or cannot be imported.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ExtraMissing(f'{package} is not installed; pip install "mobileiqa-sdk[{extra}]"') from error
