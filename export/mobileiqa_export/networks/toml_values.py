"""A description's values, by dotted key, from files and lines of TOML."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import DescriptionInvalid
from .factory import is_file

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Values = dict[str, Any]


def read_toml(path: str | Path) -> Values:
    """Returns the values of a description by dotted key. Files that it names are relative to its folder.

    Raises:
        DescriptionInvalid: it cannot be read or is not valid TOML.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")  # some editors on Windows write a byte order mark
        values = dict(_flat(tomllib.loads(text)))
    except (OSError, UnicodeDecodeError) as error:
        raise DescriptionInvalid(f"{path}: cannot be read ({error})") from error
    except tomllib.TOMLDecodeError as error:
        raise DescriptionInvalid(f"{path}: is not valid TOML ({error})") from error
    return _located(values, Path(path).parent)


def parse_pair(text: str) -> Values:
    """Returns the values in one line of TOML, such as ``input.size = [224, 224]``.

    Raises:
        DescriptionInvalid: it is not valid TOML.
    """
    try:
        return _located(dict(_flat(tomllib.loads(text))), Path())
    except tomllib.TOMLDecodeError as error:
        raise DescriptionInvalid(
            f"{text!r} is neither a TOML file nor a line such as input.size = [224, 224] ({error})"
        ) from error


def combined(parts: Iterable[Values]) -> Values:
    """Returns one description made of several; later ones win, key by key."""
    merged: Values = {}
    for part in parts:
        old, new = merged.get("arch.kwargs"), part.get("arch.kwargs")
        both = {"arch.kwargs": {**old, **new}} if isinstance(old, dict) and isinstance(new, dict) else {}
        merged |= part | both
    return merged


def _located(values: Values, folder: Path) -> Values:
    """Returns the values with the files that they name in ``folder``, or in the user's where ``~`` is."""
    located = dict(values)
    for key in ("arch.checkpoint", "arch.factory"):
        name = values.get(key)
        if isinstance(name, str) and (key == "arch.checkpoint" or is_file(name)):
            located[key] = str(folder / os.path.expanduser(name))
    return located


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and name != "arch.kwargs":
            yield from _flat(value, f"{name}.")
        else:
            yield name, value
