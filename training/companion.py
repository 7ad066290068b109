"""Gives a student a companion: another student, whose opinions of the same photo stand beside its own."""

from __future__ import annotations

from dataclasses import replace

from mobileiqa_export.student import MomentStudent, StudentConfig

from .errors import TrainingError


def with_companion(
    student: MomentStudent, config: StudentConfig, companion: MomentStudent, companion_config: StudentConfig
) -> tuple[MomentStudent, StudentConfig]:
    """Returns a student whose opinions are its own and those of the companion, and its config.

    Args:
        student: which stays as it is; a companion that it has is replaced.
        config: of the student.
        companion: another student, which stays as it is too and takes photos of the same sizes.
        companion_config: of the companion.

    Raises:
        TrainingError: the companion answers more than opinions, or normalises pixels differently.
    """
    try:
        grown_config = replace(config, companion=replace(companion_config, settings=config.settings))
    except ValueError as error:
        raise TrainingError(str(error)) from error
    own = {name: values for name, values in student.state_dict().items() if not name.startswith("companion.")}
    second = {f"companion.{name}": values for name, values in companion.state_dict().items()}
    grown = MomentStudent(grown_config).eval()
    grown.load_state_dict(own | second)
    return grown, grown_config
