"""What is said of a network, in TOML and on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobileiqa_export.errors import DescriptionInvalid
from mobileiqa_export.networks import Description, combined, parse_pair, read_toml
from mobileiqa_export.networks.keys import KEYS

WHOLE = """
[arch]
factory = "net.py:build"
checkpoint = "weights/net.pth"

[arch.kwargs]
width = 24

[model]
name = "ours"
version = "2"
family = "NIMA"
licence = "MIT"

[input]
size = [224, 320]
channels = "BGR"
range = [-1, 1]
mean = [0.1, 0.2, 0.3]
std = 0.5

[output]
select = "score"
activation = "softmax"
bins = [1, 2, 3, 4, 5]
worst = 5
best = 1
"""
LEAST = {"arch.factory": "net:build", "input.size": [64, 96], "output.worst": 0, "output.best": 100}


def test_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_text(WHOLE)
    actual = Description.of(read_toml(path), "net.toml")
    assert actual.factory == f"{tmp_path / 'net.py'}:build"
    assert actual.checkpoint == tmp_path / "weights/net.pth"
    assert actual.kwargs == {"width": 24}
    assert (actual.name, actual.version, actual.family, actual.license) == ("ours", "2", "NIMA", "MIT")
    assert actual.size == (224, 320)
    assert actual.input.channels == "BGR"
    assert (actual.output.select, actual.output.activation) == ("score", "softmax")
    assert (actual.output.bins, actual.output.worst, actual.output.best) == ((1, 2, 3, 4, 5), 5, 1)


def test_a_file_that_an_editor_on_windows_wrote(tmp_path: Path) -> None:
    (tmp_path / "net.toml").write_bytes(b'\xef\xbb\xbf[arch]\r\nfactory = "net:build"\r\n')
    assert read_toml(tmp_path / "net.toml") == {"arch.factory": "net:build"}


def test_files_in_the_folder_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    lines = ['arch.checkpoint = "~/net.pth"', 'arch.factory = "~/nets.py:net"']
    expected = {
        "arch.checkpoint": str(tmp_path / "home" / "net.pth"),
        "arch.factory": f"{tmp_path / 'home' / 'nets.py'}:net",
    }
    (tmp_path / "net.toml").write_text("\n".join(lines))
    assert read_toml(tmp_path / "net.toml") == combined(map(parse_pair, lines)) == expected


def test_the_document(tmp_path: Path) -> None:
    """The example that people copy."""
    page = (Path(__file__).parents[3] / "docs" / "other-networks.md").read_text(encoding="utf-8")
    (tmp_path / "nima.toml").write_text(page.partition("```toml\n")[2].partition("```")[0])
    actual = Description.of(read_toml(tmp_path / "nima.toml"), "nima.toml")
    assert (actual.size, actual.name, actual.output.best) == ((224, 224), "nima", 10)
    for key in KEYS:
        name = key.rpartition(".")[2]
        assert f"`{key}`" in page or f"`.{name}`" in page or f"{name} =" in page or f"[{key}]" in page, key


def test_the_least(tmp_path: Path) -> None:
    actual = Description.of(LEAST, "-")
    assert (actual.checkpoint, actual.name, actual.kwargs) == (None, None, {})
    assert (actual.version, actual.license) == ("0", "unknown")
    assert (actual.input.shift, actual.input.scale) == ((0,), (1 / 255,))


def test_modules_are_not_looked_for_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "net.toml").write_text('arch.factory = "package.net:build"')
    assert read_toml(tmp_path / "net.toml") == {"arch.factory": "package.net:build"}


@given(st.floats(-2, 0), st.floats(0.5, 300), st.floats(-3, 3), st.floats(0.01, 4), st.integers(0, 255))
def test_two_ways_to_say_the_same(low: float, width: float, mean: float, std: float, pixel: int) -> None:
    """Range, mean and deviation; scale and offset: both are what people's transforms compute."""
    expected = (pixel / 255 * width + low - mean) / std
    scale, offset = width / 255 / std, (low - mean) / std
    for said in (
        {"input.range": [low, low + width], "input.mean": mean, "input.std": [std]},
        {"input.scale": scale, "input.offset": [offset]},
    ):
        actual = Description.of(LEAST | said, "-").input
        np.testing.assert_allclose(
            (pixel - actual.shift[0]) * actual.scale[0], expected, rtol=1e-6, atol=1e-6
        )


def test_ends_that_go_without_saying() -> None:
    least = {"arch.factory": "net:build", "input.size": [64, 96]}
    bins = Description.of(least | {"output.bins": [1, 5, 10]}, "-").output
    assert (bins.worst, bins.best) == (1, 10)
    sigmoid = Description.of(least | {"output.activation": "sigmoid"}, "-").output
    assert (sigmoid.worst, sigmoid.best) == (0, 1)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"arch.factory": None}, "arch.factory .*None"),
        ({"input.size": [64]}, r"input.size .*\[height, width\].* 32 "),
        ({"input.size": [64, 9000]}, "input.size"),
        ({"input.size": [64, 96.5]}, "input.size"),
        ({"input.size": "64x96"}, "input.size"),
        ({"input.sise": [64, 96]}, r"input.sise.*input\.size"),
        ({"weather": "fine"}, "weather.*arch.factory, "),
        ({"input.channels": "CMYK"}, "input.channels .*RGB, BGR, L.*'CMYK'"),
        ({"input.mean": ["a"]}, "input.mean"),
        ({"input.mean": []}, "input.mean"),
        ({"input.mean": [0.1, 0.2]}, "RGB.* 2 means"),
        ({"input.mean": [0.1, 0.2, 0.3], "input.std": [1, 2]}, " 3 and 2 "),
        ({"input.mean": [0.1, 0.2, 0.3], "input.channels": "L"}, "L.* 3 "),
        ({"input.std": 0}, "input.std"),
        ({"input.scale": float("nan")}, "input.scale"),
        ({"input.scale": 1, "input.mean": 0}, "input.scale .*input.mean"),
        ({"input.range": [1, 0]}, "input.range"),
        ({"output.select": 1.5}, "output.select"),
        ({"output.activation": "tanh"}, "none, sigmoid, softmax"),
        ({"output.activation": "softmax"}, "output.bins"),
        ({"output.worst": 100}, "100"),
        ({"output.worst": True}, "output.worst .*True"),
        ({"arch.kwargs": 3}, "arch.kwargs"),
        ({"model.name": ""}, "model.name"),
    ],
)
def test_what_makes_no_sense(values: dict[str, Any], said: str) -> None:
    with pytest.raises(DescriptionInvalid, match=f"net.toml: .*{said}"):
        Description.of(LEAST | values, "net.toml")


@pytest.mark.parametrize("key", ["arch.factory", "input.size", "output.worst", "output.best"])
def test_what_must_be_said(key: str) -> None:
    with pytest.raises(DescriptionInvalid, match=f"{key}.* missing"):
        Description.of({k: v for k, v in LEAST.items() if k != key}, "net.toml")


def test_files_that_are_no_description(tmp_path: Path) -> None:
    with pytest.raises(DescriptionInvalid, match=r"none\.toml"):
        read_toml(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("input.size = [")
    with pytest.raises(DescriptionInvalid, match=r"bad\.toml"):
        read_toml(tmp_path / "bad.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(DescriptionInvalid, match=r"bytes\.toml"):
        read_toml(tmp_path / "bytes.toml")
    with pytest.raises(DescriptionInvalid, match=r"input\.size"):
        parse_pair("input.size")


@given(st.text())
def test_any_line(line: str) -> None:
    with pytest.raises(DescriptionInvalid):  # none holds all that must be said
        Description.of(combined([parse_pair(line)]), "--config")


def test_later_parts_win_key_by_key() -> None:
    lines = (
        "input.size = [64, 96]",
        "arch.kwargs.a = 1",
        "arch.kwargs.b = 2",
        "arch.kwargs.a = 3",
        "input.size = 4",
    )
    assert combined(map(parse_pair, lines)) == {"input.size": 4, "arch.kwargs": {"a": 3, "b": 2}}
