"""docs/benchmark.md names every key of the file and every flag."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_type_hints, is_typeddict

import pytest

from mobileiqa_bench import environment, flags, schema

PAGE = (Path(__file__).parents[2] / "docs" / "benchmark.md").read_text(encoding="utf-8")
QUOTED = set(re.findall(r"`\.?(?:[\w-]+\.)?([\w-]+)`", PAGE))


@pytest.mark.parametrize("name", [name for name, kind in vars(schema).items() if is_typeddict(kind)])
def test_every_key_is_documented(name: str) -> None:
    assert get_type_hints(getattr(schema, name)).keys() <= QUOTED


def test_every_key_of_the_environment_is_documented() -> None:
    assert environment.environment().keys() <= QUOTED


def test_every_flag_is_documented() -> None:
    source = Path(flags.__file__).read_text(encoding="utf-8")
    raised = set(re.findall(r'f"([a-z-]+): ', source))
    assert len(raised) > 8
    table = set(re.findall(r"^\| `([a-z-]+)` \| ", PAGE, flags=re.MULTILINE))
    assert raised <= table
