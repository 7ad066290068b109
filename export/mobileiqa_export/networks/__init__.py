"""Networks other than MobileIQA students: any module that maps an image to one score."""

from .description import Description
from .source import NetworkSource
from .toml_values import combined, parse_pair, read_toml

__all__ = ["Description", "NetworkSource", "combined", "parse_pair", "read_toml"]
