"""Which artifacts are asked for: cells of formats times precisions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .errors import ExportError
from .formats import FORMATS
from .precisions import PRECISIONS

ALL = "all"
ALIASES = {alias: precision.name for precision in PRECISIONS.values() for alias in precision.aliases}


class Cell(NamedTuple):
    """One artifact of the matrix."""

    form: str
    precision: str

    def __str__(self) -> str:
        return f"{self.form} {self.precision}"

    def folder(self, name: str) -> str:
        """The name of its folder for a model of this name, safe as a file name."""
        safe = re.sub(r"[^\w.-]+", "-", name).strip(".-") or "model"
        return f"{safe}-{self.form}-{self.precision}"


def cells(formats: Sequence[str], precisions: Sequence[str]) -> list[Cell]:
    """The cells of formats and precisions, each of which may be ``all``; fp32 first within a format.

    Raises:
        ExportError: an unknown name, nothing asked for, or a cell asked for by both its names that the
            format does not offer.
    """
    forms = _chosen(formats, list(FORMATS), "format")
    wanted = _chosen([ALIASES.get(name, name) for name in precisions], list(PRECISIONS), "precision")
    chosen = []
    for form in forms:
        for precision in sorted(wanted, key=list(PRECISIONS).index):
            offered = [each.name for each in FORMATS[form].precisions]
            if precision in offered:
                chosen.append(Cell(form, precision))
            elif ALL not in formats and ALL not in precisions:
                raise ExportError(f"{form} has no {precision}; it has {', '.join(offered)}")
    if not chosen:
        raise ExportError(f"no format offers {', '.join(wanted)}; leave out --precision to see fp32")
    return chosen


def _chosen(names: Sequence[str], known: list[str], what: str) -> list[str]:
    if not names:
        raise ExportError(f"name at least one {what}: {', '.join(known)} or {ALL}")
    for name in names:
        if name not in known and name != ALL:
            also = [*known, *(ALIASES if what == "precision" else ()), ALL]
            raise ExportError(f"no {what} is called {name!r}; there is {', '.join(also)}")
    return known if ALL in names else list(dict.fromkeys(names))
