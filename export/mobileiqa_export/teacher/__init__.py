"""The teacher network, compatible with the published checkpoints key by key."""

from .config import TeacherConfig
from .teacher import Teacher, build_teacher

__all__ = ["Teacher", "TeacherConfig", "build_teacher"]
