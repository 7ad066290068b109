"""Settings dataclasses on the command line: ``--set name=value``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import click


def parsed(settings: type[Any], changes: Sequence[str]) -> dict[str, Any]:
    """Values of ``name=value`` texts, each of the type of the dataclass's default.

    Lists and numbers are written as JSON, words without quotes.

    Raises:
        click.BadParameter: no such field, or a value of another type.
    """
    kinds = {field.name: type(field.default) for field in fields(settings)}
    values: dict[str, Any] = {}
    for change in changes:
        name, _, text = change.partition("=")
        if name not in kinds:
            raise click.BadParameter(f"{name!r} is no setting; known: {', '.join(kinds)}", param_hint="--set")
        try:
            value = text if kinds[name] is str else json.loads(text.lower())
        except ValueError as error:
            raise click.BadParameter(f"{change!r}: {error}", param_hint="--set") from error
        if kinds[name] is float and type(value) is int:
            value = float(value)
        if kinds[name] is tuple and isinstance(value, list):
            value = tuple(tuple(item) if isinstance(item, list) else item for item in value)
        if type(value) is not kinds[name]:
            raise click.BadParameter(
                f"{change!r}: {name} is {kinds[name].__name__}, not {type(value).__name__}",
                param_hint="--set",
            )
        values[name] = value
    return values
