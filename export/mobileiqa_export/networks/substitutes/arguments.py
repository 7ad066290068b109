"""Arguments as torch's functions take them."""

from __future__ import annotations

from typing import Any


def pair(value: Any) -> tuple[Any, ...]:
    """Returns the two values of an argument that may be one for both axes."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)
