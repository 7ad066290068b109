"""Proof that an artifact answers what the reference network answers. All but ``reference`` without torch."""

from .drift import Drift, drift, failures
from .parity import Parity

__all__ = ["Drift", "Parity", "drift", "failures"]
