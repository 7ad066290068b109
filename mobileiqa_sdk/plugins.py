"""Extensions of the SDK by other packages, found by entry points.

The SDK names no package above it. ``mobileiqa_bench`` and ``mobileiqa_export`` register their commands and
runtimes in ``pyproject.toml`` exactly as a third party would::

    [project.entry-points."mobileiqa.commands"]
    export = "mobileiqa_export.cli:command"

Groups:
    mobileiqa.commands: click commands of ``mobileiqa``, by name.
    mobileiqa.runtimes: :class:`mobileiqa_sdk.runtimes.RuntimeEntry` objects, by name.
    mobileiqa.engines: engines and baselines of ``mobileiqa benchmark``, by name.
    mobileiqa.comparisons: ``against``, the function behind ``mobileiqa verify --against``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

COMMANDS = "mobileiqa.commands"
RUNTIMES = "mobileiqa.runtimes"
ENGINES = "mobileiqa.engines"
COMPARISONS = "mobileiqa.comparisons"


@cache
def registered(group: str) -> dict[str, EntryPoint]:
    """Returns the entry points of a group by name, sorted; none is imported.

    If several have the same name, the first that is found on ``sys.path`` counts.
    """
    from importlib.metadata import entry_points  # here: it takes longer to import than the rest of the SDK

    result: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        result.setdefault(point.name, point)
    return result
