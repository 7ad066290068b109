"""Core ML packages executed without a Mac: the stored program, operation by operation, on the CPU."""

from .session import CoreMLProgram

# As the registry of runtimes asks for it.
Session = CoreMLProgram

__all__ = ["CoreMLProgram", "Session"]
