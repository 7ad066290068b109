"""Replaces operators that exporters lack or handle badly by others, while a network runs.

Each substitute returns what the original returns, up to rounding of floats. :mod:`.table` lists them.
"""

from .mode import Substitutes
from .table import NAMES

__all__ = ["NAMES", "Substitutes"]
