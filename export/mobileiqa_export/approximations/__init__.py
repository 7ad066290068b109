"""Approximations that an export may choose: not exact, but measured, limited, and named in the contract."""

from __future__ import annotations

from .choice import Approximated, Level, approximate
from .registry import APPROXIMATIONS, Approximation

__all__ = ["APPROXIMATIONS", "Approximated", "Approximation", "Level", "approximate"]
