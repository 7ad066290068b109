"""What the code of a network may do when it is imported, built and run, and what is said of the rest."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from mobileiqa_export.errors import FactoryFailed, NetworkUnfit
from mobileiqa_export.networks import Description, NetworkSource
from mobileiqa_export.networks.factory import build
from mobileiqa_export.reference import on_pixels
from mobileiqa_export.subject import Subject
from mobileiqa_sdk.progress import SILENT

HEAD = """
import sys
import torch
from torch import nn

class Base(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.c = nn.Conv2d(3, 8, 3, 2)
        self.f = nn.Linear(8, 1)
    def forward(self, x):
        return torch.sigmoid(self.f(torch.relu(self.c(x)).mean((2, 3))) * 6)
"""

Describe = Callable[..., Description]


@pytest.fixture
def load(tmp_path: Path, describe: Describe) -> Callable[[str], Subject]:
    """Writes a module whose ``Net`` is a network, and loads it."""

    def make(code: str) -> Subject:
        (tmp_path / "some_net.py").write_text(HEAD + code)
        return NetworkSource(describe(arch__factory=f"{tmp_path / 'some_net.py'}:Net")).load(SILENT)

    return make


def _picture(value: int = 3) -> Any:
    return ((torch.arange(65 * 97 * 3) * value) % 256).to(torch.uint8).view(65, 97, 3).numpy()


FINE = {
    "computed with a graph": """
class Net(Base):
    def __init__(self):
        super().__init__()
        self.text = nn.Linear(4, 8)(torch.ones(1, 4))
    def forward(self, x):
        return torch.sigmoid((self.c(x).mean((2, 3)) * self.text).sum(1))
""",
    "half": """
class Net(Base):
    def forward(self, x):
        return super().forward(x).half()
""",
    "double": """
class Net(Base):
    def forward(self, x):
        return super().forward(x).double()
""",
    "moves a part": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Base()
    def forward(self, x):
        return self.body.to(x.device)(x)
""",
    "moves a hidden part": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = [Base()]
    def forward(self, x):
        return self.parts[0].to(x)(x)
""",
    "extra state": """
class Net(Base):
    def get_extra_state(self):
        return {"version": 3}
    def set_extra_state(self, state):
        pass
""",
    "always trains": """
class Net(Base):
    def __init__(self):
        super().__init__()
        self.c = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8))
    def train(self, mode=True):
        return super().train()
""",
    "parses arguments": """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=3)
args = parser.parse_args()
Net = Base
""",
    "a hook on a norm": """
class Net(Base):
    def __init__(self):
        super().__init__()
        self.kept = []
        self.n = nn.BatchNorm2d(8)
        self.n.register_forward_hook(_keep)
    def forward(self, x):
        return torch.sigmoid(self.f(self.n(self.c(x)).mean((2, 3))) + self.n.seen.mean())
def _keep(module, inputs, output):
    module.seen = output
""",
    "a weight that is used again": """
class Net(Base):
    def __init__(self):
        super().__init__()
        self.n = nn.BatchNorm2d(8)
        self.n.running_var.fill_(3.0)
    def forward(self, x):
        again = nn.functional.conv2d(x, self.c.weight).mean((2, 3))
        return torch.sigmoid(self.f(self.n(self.c(x)).mean((2, 3)) + again))
""",
}


@pytest.mark.parametrize("kind", FINE)
def test_ordinary_code(kind: str, load: Callable[[str], Subject], monkeypatch: pytest.MonkeyPatch) -> None:
    """It loads, scores more than once, and the rewritten network answers the same."""
    monkeypatch.setattr(sys, "argv", ["mobileiqa", "export", "--arch", "x:y"])
    subject = load(FINE[kind])
    pixels = _picture()
    first = subject.reference(pixels)
    assert subject.reference(pixels) == first
    rewritten = subject.rewrite(SILENT)
    assert abs(on_pixels(rewritten.network)(pixels) - first) <= 1e-6
    assert not any(module.training for module in rewritten.network.modules())
    with torch.inference_mode():
        assert rewritten.network(torch.from_numpy(pixels)[None]).dtype == torch.float32
    assert sys.argv == ["mobileiqa", "export", "--arch", "x:y"]


UNFIT = {
    "TorchScript": (
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = torch.jit.script(Base())
    def forward(self, x):
        return self.part(x)
""",
        "part is TorchScript",
    ),
    "lazy": (
        """
class Net(Base):
    def __init__(self):
        super().__init__()
        self.f = nn.LazyLinear(1)
""",
        "f is a lazy layer",
    ),
    "lazy norm": (
        """
class Net(Base):
    def __init__(self):
        super().__init__()
        self.n = nn.LazyBatchNorm2d(affine=False)
""",
        "n is a lazy layer",
    ),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_code_that_is_named(kind: str, load: Callable[[str], Subject]) -> None:
    code, word = UNFIT[kind]
    with pytest.raises(NetworkUnfit, match=word):
        load(code)


def test_a_hook_that_writes_into_the_original(load: Callable[[str], Subject]) -> None:
    """The copy that is exported would answer with features of another image."""
    with pytest.raises(NetworkUnfit, match=r"hooks on network\.c or"):
        load(
            """
class Net(Base):
    def __init__(self):
        super().__init__()
        self.seen = {}
        def keep(module, inputs, output):
            self.seen["early"] = output
        self.c.register_forward_hook(keep)
    def forward(self, x):
        late = super().forward(x)
        return late * 0.5 + torch.sigmoid(self.seen["early"].mean((1, 2, 3)) * 30)[:, None] * 0.5
"""
        ).rewrite(SILENT)


@pytest.mark.parametrize("where", ["import", "call"])
def test_code_that_ends_the_program(where: str, tmp_path: Path) -> None:
    code = (
        "import sys\nsys.exit('no GPU')"
        if where == "import"
        else "def net():\n    raise SystemExit('no GPU')"
    )
    (tmp_path / "ends.py").write_text(code)
    with pytest.raises(FactoryFailed, match="no GPU"):
        build(f"{tmp_path / 'ends.py'}:net", {})


def test_what_it_prints_goes_to_stderr(
    load: Callable[[str], Subject], capsys: pytest.CaptureFixture[str]
) -> None:
    subject = load(
        """
print("at import")
class Net(Base):
    def __init__(self):
        super().__init__()
        print("when built")
    def forward(self, x):
        print("when run")
        return super().forward(x)
"""
    )
    subject.reference(_picture())
    captured = capsys.readouterr()
    assert captured.out == ""
    assert all(line in captured.err for line in ("at import", "when built", "when run"))


def test_the_folder_does_not_shadow_what_is_installed(tmp_path: Path) -> None:
    """A module beside the network is found while it is imported, and by nobody else afterwards."""
    (tmp_path / "beside_it.py").write_text("WIDTH = 3")
    (tmp_path / "shadowing.py").write_text(HEAD + "import beside_it\nNet = Base\n")
    before = list(sys.path)
    build(f"{tmp_path / 'shadowing.py'}:Net", {})
    assert "beside_it" in sys.modules
    assert sys.path == before


def test_a_move_that_changes_something_is_made() -> None:
    from mobileiqa_export.networks.user_code import user_code

    layer = nn.Linear(2, 1)
    with user_code():
        assert layer.to(torch.float32) is layer
        assert layer.to(torch.ones(1)).weight.dtype == torch.float32
        assert layer.to(torch.float64).weight.dtype == torch.float64
    assert layer.to(torch.float16).weight.dtype == torch.float16
