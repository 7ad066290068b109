"""The student networks, compatible with the published checkpoints key by key."""

from ..blocks.observation import Observation
from ..blocks.statistics import normalise
from .backbones import BACKBONES
from .config import StudentConfig
from .student import AttentionStudent, MomentStudent, Student, build_student

__all__ = [
    "BACKBONES",
    "AttentionStudent",
    "MomentStudent",
    "Observation",
    "Student",
    "StudentConfig",
    "build_student",
    "normalise",
]
