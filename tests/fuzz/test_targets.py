"""A short search on each target; `python -m tests.fuzz` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobileiqa_sdk import ModelError, PhotoError
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


@pytest.mark.parametrize(
    ("error", "passes"),
    [(PhotoError("a.jpg", "damaged"), True), (ModelError("damaged"), True), (ValueError("damaged"), False)],
)
def test_only_named_errors_are_refusals(error: Exception, passes: bool, tmp_path: Path) -> None:
    def read(data: bytes, folder: Path) -> None:
        raise error

    target = Target(read, list)
    if passes:
        assert not check(target, b"", tmp_path)
    else:
        with pytest.raises(type(error)):
            check(target, b"", tmp_path)
