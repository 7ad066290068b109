"""Networks that are no students of MobileIQA: any module that maps an image to one score."""

from .description import Description, combined, parse_pair, read_toml
from .source import NetworkSource

__all__ = ["Description", "NetworkSource", "combined", "parse_pair", "read_toml"]
