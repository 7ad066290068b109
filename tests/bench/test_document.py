"""docs/benchmark.md names every key of the file and every flag."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from mobileiqa_bench import environment, flags, schema

PAGE = (Path(__file__).parents[2] / "docs" / "benchmark.md").read_text(encoding="utf-8")
QUOTED = set(re.findall(r"`\.?(?:[\w-]+\.)?([\w-]+)`", PAGE))


PARTS = [
    part
    for name, part in vars(schema).items()
    if isinstance(part, type) and issubclass(part, msgspec.Struct) and not name.startswith("_")
]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_key_is_documented(part: type[msgspec.Struct]) -> None:
    keys = {field.encode_name for field in msgspec.structs.fields(part)}
    assert keys
    assert keys <= QUOTED


def test_every_key_of_the_environment_is_documented() -> None:
    assert environment.read_environment().keys() <= QUOTED


def test_every_flag_is_documented() -> None:
    source = Path(flags.__file__).read_text(encoding="utf-8")
    raised = set(re.findall(r'f"([a-z-]+): ', source))
    assert len(raised) > 8
    table = set(re.findall(r"^\| `([a-z-]+)` \| ", PAGE, flags=re.MULTILINE))
    assert raised <= table
