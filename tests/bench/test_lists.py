"""Options that take several values, whether commas or repeated options part them."""

from __future__ import annotations

from ast import literal_eval

import click
import pytest
from click.testing import CliRunner

from mobileiqa_bench.lists import list_option


@click.command()
@list_option("--name", "names", known=("a", "b", "c"), default=("c",))
@list_option("--word", "words")
@list_option("--number", "numbers", numbers_to=64)
def command(**options: tuple[str | int, ...]) -> None:
    click.echo(repr(options))


def parsed(*arguments: str) -> object:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return literal_eval(result.output)


def test_without_the_option() -> None:
    assert parsed() == {"names": ("c",), "words": (), "numbers": ()}


def test_values_are_joined_in_order_and_once_each() -> None:
    expected = {"names": ("b", "a"), "words": ("x", "y"), "numbers": (4, 1)}
    repeated = ("--name", "b", "--name", "a", "--word", "x", "--word", "y", "--number", "4", "--number", "1")
    assert parsed(*repeated) == expected
    assert parsed("--name", "b,a", "--word", "x,y", "--number", "4,1") == expected
    assert parsed(
        "--name", "b, a,b", "--word", "x", "--word", "y,x", "--number", "4,", "--number", "1,4"
    ) == (expected)


@pytest.mark.parametrize(
    "arguments",
    [("--name", "d"), ("--name", "a", "--name", "d,b"), ("--name", ","), ("--word", "")]
    + [("--number", text) for text in ("0", "65", "-1", "two", "1.5", "", "9" * 5000)],
)
def test_others_are_refused(arguments: tuple[str, ...]) -> None:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert arguments[0] in result.output


def test_the_largest_number() -> None:
    assert parsed("--number", "64,1") == {"names": ("c",), "words": (), "numbers": (64, 1)}
