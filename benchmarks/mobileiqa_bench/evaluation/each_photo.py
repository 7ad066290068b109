"""Asks a model something about each photo; one that cannot be scored does not end it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from mobileiqa_sdk.errors import MobileIQAError

from ..errors import PhotosMissing
from .errors import NothingScored

Answered = TypeVar("Answered")

_QUOTED = 3
"""Reasons quoted when no photo could be scored."""


def asked_each(
    photos: Iterable[str | Path], ask: Callable[[str], Answered], purpose: str, unread: Mapping[str, str]
) -> tuple[list[Answered], dict[str, str]]:
    """Returns what is answered about each photo, and by path the reasons for those without an answer.

    Args:
        photos: paths.
        ask: what to do with one.
        purpose: of the photos, for the error.
        unread: reasons that are known already; they come first.

    Raises:
        PhotosMissing: no photos were given.
        NothingScored: there is no answer about any of them.
    """
    answered: list[Answered] = []
    errors = dict(unread)
    for path in map(str, photos):
        try:
            answered.append(ask(path))
        except MobileIQAError as error:
            errors[path] = getattr(error, "reason", str(error))
    if not errors and not answered:
        raise PhotosMissing(f"no photos given {purpose}; give some")
    if not answered:
        reasons = "; ".join(f"{photo}: {error}" for photo, error in list(errors.items())[:_QUOTED])
        raise NothingScored(f"none of {len(errors)} photos could be scored: {reasons}; give other photos")
    return answered, errors
