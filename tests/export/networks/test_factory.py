"""``module:function`` to a network."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from mobileiqa_export.errors import FactoryFailed
from mobileiqa_export.networks.factory import build, is_file, stem

torch.compile(nn.Identity())  # imports what it needs before a test's own sys.modules

CODE = """
import torch
from torch import nn
from helper_beside import WIDTH

class Net(nn.Module):
    def __init__(self, width=WIDTH):
        super().__init__()
        self.fc = nn.Linear(width, 1)

def half():
    return Net().half()

def parallel():
    return nn.DataParallel(Net())

def broken(**kwargs):
    raise ValueError("no such backbone\\nat all")

def nothing():
    return {"state_dict": 1}

made = Net(5)
class Zoo:
    net = Net

def wrapped_inside():
    shared = torch.compile(nn.Conv2d(3, 3, 1))
    inner = nn.Sequential(shared, nn.DataParallel(torch.compile(nn.Conv2d(3, 2, 1))))
    in_place = nn.Conv2d(2, 2, 1)
    in_place.compile()
    return nn.Sequential(shared, torch.compile(inner), in_place)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a module, a file beside it and a package."""
    (tmp_path / "arch_net.py").write_text(CODE)
    (tmp_path / "helper_beside.py").write_text("WIDTH = 3")
    (tmp_path / "arch_package").mkdir()
    (tmp_path / "arch_package" / "__init__.py").touch()
    (tmp_path / "arch_package" / "inner.py").write_text(CODE)
    (tmp_path / "needs.py").write_text("import no_such_package")
    (tmp_path / "wrong.py").write_text("1 +")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return tmp_path


@pytest.mark.parametrize("place", ["arch_net", "arch_net.py", "./arch_net.py", "arch_package.inner"])
def test_places(place: str, folder: Path) -> None:
    network = build(f"{place}:Net", {"width": 7})
    assert isinstance(network, nn.Module)
    assert network.get_parameter("fc.weight").shape == (1, 7)
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())


def test_files_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert build(f"{folder / 'arch_net.py'}:Net", {}).get_parameter("fc.weight").shape == (1, 3)


@pytest.mark.usefixtures("folder")
def test_what_is_made_is_float_and_bare() -> None:
    assert build("arch_net:half", {}).get_parameter("fc.weight").dtype == torch.float32
    assert type(build("arch_net:parallel", {})).__name__ == "Net"
    assert build("arch_net:made", {}).get_parameter("fc.weight").shape == (1, 5)
    assert build("arch_net:Zoo.net", {}).get_parameter("fc.weight").shape == (1, 3)


@pytest.mark.usefixtures("folder")
def test_parts_are_taken_out_of_wrappers() -> None:
    network = build("arch_net:wrapped_inside", {})
    kinds = {type(module).__name__ for module in network.modules()}
    assert kinds == {"Sequential", "Conv2d"}
    assert all(module._compiled_call_impl is None for module in network.modules())
    assert list(network.state_dict()) == [
        f"{part}.{name}" for part in ("0", "1.0", "1.1", "2") for name in ("weight", "bias")
    ]
    assert network.get_submodule("0") is network.get_submodule("1.0")  # what was shared stays shared


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("arch_net", "'arch_net'.*module:function"),
        ("arch_net:", "'arch_net:'"),
        ("no_such:Net", "module no_such"),
        ("arch_package.no_such:Net", "arch_package.no_such"),
        ("no_such.py:Net", "no_such.py"),
        ("needs:Net", "no_such_package"),
        ("wrong.py:Net", "SyntaxError: "),
        ("arch_net:net", r"net .*arch_net\.py.*Net, half, parallel, broken, nothing"),
        ("arch_net:broken", r"ValueError: no such backbone .arch_net.py, line 18."),
        ("arch_net:Net.forward", "Net.forward"),
        ("arch_net:nothing", "dict.*torch.nn.Module"),
    ],
)
def test_what_makes_no_network(factory: str, said: str) -> None:
    with pytest.raises(FactoryFailed, match=said):
        build(factory, {})


@pytest.mark.usefixtures("folder")
def test_other_arguments_than_it_takes() -> None:
    with pytest.raises(FactoryFailed, match="'depth'"):
        build("arch_net:Net", {"depth": 3})


def test_names() -> None:
    assert [stem(f) for f in ("a.b:c", "b:c", "x/y.py:c")] == ["b", "b", "y"]
    assert [is_file(f) for f in ("a.b:c", "x/y.py:c")] == [False, True]
