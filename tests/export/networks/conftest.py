from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mobileiqa_export.networks import Description

from .. import standins


@pytest.fixture
def describe() -> Callable[..., Description]:
    """A description of small images; keywords are dotted keys with ``__`` for the dot."""

    def make(**values: Any) -> Description:
        given = {key.replace("__", "."): value for key, value in values.items()}
        base = {"arch.factory": f"{standins.FILE}:nima", "input.size": [65, 97]}
        ends = {} if "output.bins" in given else {"output.worst": 0.0, "output.best": 1.0}
        return Description.of({**base, **ends, **given}, "test")

    return make
