"""A page to look at: every photo with its score, in one HTML file that works offline."""

from __future__ import annotations

from .view import View, views_of
from .writer import PageWriter

__all__ = ["PageWriter", "View", "views_of"]
