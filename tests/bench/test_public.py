"""The declared API."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mobileiqa_bench


@pytest.mark.parametrize("name", mobileiqa_bench.__all__)
def test_every_name_is_there(name: str) -> None:
    value = getattr(mobileiqa_bench, name)
    assert value.__name__ == name
    assert value.__module__.startswith("mobileiqa_bench.")
    assert name in dir(mobileiqa_bench)
    assert value.__doc__


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError):
        mobileiqa_bench.measured  # type: ignore[attr-defined] # noqa: B018 - the access is the test


@pytest.mark.parametrize("module", ["numpy", "scipy", "mobileiqa_bench.benchmark"])
def test_importing_it_loads_nothing(module: str) -> None:
    code = f"import sys, mobileiqa_bench; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
