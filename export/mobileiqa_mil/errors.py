"""Errors of executing a Core ML program."""

from __future__ import annotations

from mobileiqa_sdk.errors import ModelError


class OperatorUnknown(ModelError):
    """A Core ML program has an operation, or calls one in a way, that cannot be executed off a Mac."""
