"""Errors of executing a Core ML program."""

from __future__ import annotations

from mobileiqa_sdk.errors import ModelError


class OperatorUnknown(ModelError):
    """A Core ML program has an operation, or a mode of one, that the built-in executor does not implement."""
