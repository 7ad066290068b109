"""Pictures that are not photographs, drawn by code, for the head ``photo`` to learn from."""

from .kinds import KINDS, picture

__all__ = ["KINDS", "picture"]
