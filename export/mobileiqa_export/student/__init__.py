"""The student networks, compatible with the published checkpoints key by key."""

from .backbone import BACKBONES, normalise
from .checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from .config import StudentConfig
from .student import AttentionStudent, MomentStudent, Observation, Student, build_student

__all__ = [
    "BACKBONES",
    "AttentionStudent",
    "Checkpoint",
    "MomentStudent",
    "Observation",
    "Student",
    "StudentConfig",
    "build_student",
    "load_checkpoint",
    "normalise",
    "save_checkpoint",
]
