"""All operators, one module for each family; importing the modules registers them."""

from . import (
    ops_activation,
    ops_compressed,
    ops_elementwise,
    ops_layout,
    ops_linear,
    ops_normalisation,
    ops_pooling,
    ops_reduction,
    ops_selection,
)
from .registry import OPERATORS

MODULES = (
    ops_activation,
    ops_compressed,
    ops_elementwise,
    ops_layout,
    ops_linear,
    ops_normalisation,
    ops_pooling,
    ops_reduction,
    ops_selection,
)

__all__ = ["MODULES", "OPERATORS"]
