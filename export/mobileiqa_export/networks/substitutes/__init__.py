"""Replaces operators that exporters lack or handle badly by others, while a network runs.

Each gives what the original gives, to float rounding. :mod:`.table` lists them.
"""

from .mode import Substitutes
from .table import NAMES

__all__ = ["NAMES", "Substitutes"]
