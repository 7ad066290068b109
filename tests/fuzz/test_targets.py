"""A short search on each target; `python -m tests.fuzz` is the long one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobileiqa_sdk import InternalError, ModelError, PhotoError
from tests.fuzz.damage import damaged
from tests.fuzz.targets import TARGETS, Target, check


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_taken(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    assert all(check(target, seed, tmp_path) for seed in target.seeds())


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_is_taken_or_refused(name: str, tmp_path: Path, data: st.DataObject) -> None:
    target = TARGETS[name]
    check(target, data.draw(damaged(target.seeds())), tmp_path)


@pytest.mark.parametrize("error", [PhotoError("a.jpg", "damaged"), ModelError("damaged")])
def test_named_errors_are_refusals(error: Exception, tmp_path: Path) -> None:
    assert not check(Target(_raising(error), list), b"", tmp_path)


@pytest.mark.parametrize("error", [ValueError("damaged"), InternalError("a.jpg", "failed")])
def test_other_errors_are_bugs(error: Exception, tmp_path: Path) -> None:
    with pytest.raises(type(error)):
        check(Target(_raising(error), list), b"", tmp_path)


def _raising(error: Exception) -> Callable[[bytes, Path], None]:
    def read(data: bytes, folder: Path) -> None:
        raise error

    return read
