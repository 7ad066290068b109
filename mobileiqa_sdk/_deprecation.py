"""Names that were renamed in public: the old one keeps working for a while and says so."""

from __future__ import annotations

import warnings
from typing import Any


def warn_renamed(old: str, new: str, *, removed_in: str, stacklevel: int = 2) -> None:
    """Emits a DeprecationWarning that names the successor and the version that removes the old name.

    Args:
        old: for example ``ModelInfo.licence``.
        new: for example ``license``.
        removed_in: a version of mobileiqa-sdk.
        stacklevel: 2 blames the caller of the function that calls this one.
    """
    message = f"{old} is now called {new}; the old name will be removed in mobileiqa-sdk {removed_in}"
    warnings.warn(message, DeprecationWarning, stacklevel=stacklevel + 1)


def renamed(old: str, new: str, *, removed_in: str) -> Any:
    """Returns a read-only property for a class: the value of ``new``, with a DeprecationWarning."""

    def get(instance: object) -> Any:
        warn_renamed(old, new, removed_in=removed_in)
        return getattr(instance, new)

    return property(get, doc=f"Deprecated: use ``{new}``.")
