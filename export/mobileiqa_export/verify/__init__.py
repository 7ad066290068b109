"""Proof that an artifact answers what the reference network answers."""

from .parity import Parity, compare, reference_scores

__all__ = ["Parity", "compare", "reference_scores"]
