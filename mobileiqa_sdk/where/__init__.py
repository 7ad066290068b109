"""Where a photo is good and where it is not: windows of it, their scores, and the picture of them."""

from .quality_map import QualityMap, Window

__all__ = ["QualityMap", "Window"]
