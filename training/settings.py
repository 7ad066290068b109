"""Settings dataclasses from the command line: ``--set name=value``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

import click
import msgspec

T = TypeVar("T")


def settings_from(kind: type[T], changes: Sequence[str], *, hint: str = "--set", **defaults: object) -> T:
    """Builds a settings dataclass from ``name=value`` texts.

    Numbers, lists, ``true`` and ``false`` are written as in JSON, words without quotes.

    Args:
        kind: a dataclass in which every field has a default.
        changes: the texts. The last one wins where a name is repeated.
        hint: the option's name, for errors.
        defaults: values that replace the dataclass's own defaults, by field name.

    Raises:
        click.BadParameter: there is no such field, or the value has another type.
    """
    values: dict[str, Any] = dict(defaults)
    default_of = {field.name: field.default for field in fields(kind)}  # type: ignore[arg-type] # a dataclass
    for change in changes:
        name, _, text = change.partition("=")
        if name not in default_of:
            raise click.BadParameter(
                f"there is no setting {name!r}; choose from {', '.join(default_of)}", param_hint=hint
            )
        values[name] = text if isinstance(default_of[name], str) else _json_or_text(text)
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise click.BadParameter(str(error), param_hint=hint) from error


def _json_or_text(text: str) -> Any:
    """Returns the JSON value of a text, also of Python's ``True``; the text itself if it is not JSON."""
    try:
        return msgspec.json.decode(text.lower())
    except msgspec.DecodeError:
        return text
