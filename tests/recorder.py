"""Progress that keeps what it receives."""

from __future__ import annotations


class Recorder:
    """Keeps steps and warnings, in order."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.warnings: list[str] = []

    def step(self, text: str) -> None:
        """Keeps a step."""
        self.steps.append(text)

    def warn(self, text: str) -> None:
        """Keeps a warning."""
        self.warnings.append(text)
