"""What the code of a network may do when it is imported, built and run, and what is said of the rest."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from mobileiqa_export.errors import FactoryFailed, NetworkUnfit
from mobileiqa_export.networks import Description, NetworkSource
from mobileiqa_export.networks.factory import build
from mobileiqa_export.programs import program_of
from mobileiqa_export.reference import on_pixels
from mobileiqa_export.subject import Subject
from mobileiqa_sdk.progress import SILENT

HEAD = """
import os
import signal
import sys
import warnings
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
    "keeps what it makes": """
class Mask(nn.Module):
    def __init__(self):
        super().__init__()
        self.mask = torch.ones(1, 8, 1, 1)
    def forward(self, x):
        self.mask = self.mask.to(x.dtype) * 1
        return x * self.mask
class Net(Base):
    def __init__(self):
        super().__init__()
        self.parts = [Mask()]
    def forward(self, x):
        return torch.sigmoid(self.f(self.parts[0](torch.relu(self.c(x))).mean((2, 3))) * 6)
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
    first = subject.reference(pixels)["score"]
    assert subject.reference(pixels) == {"score": first}
    rewritten = subject.rewrite(SILENT)
    assert abs(on_pixels(rewritten.network)(pixels) - first) <= 1e-6
    assert not any(module.training for module in rewritten.network.modules())
    program = program_of(rewritten.network, torch.from_numpy(pixels)[None])
    assert abs(on_pixels(program.module())(pixels) - first) <= 1e-6
    assert abs(on_pixels(rewritten.network)(pixels) - first) <= 1e-6
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
    "meta": (
        """
class Net(Base):
    def __init__(self):
        super().__init__()
        self.f = nn.Linear(8, 1, device="meta")
""",
        "f has weights on the meta device",
    ),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_code_that_is_named(kind: str, load: Callable[[str], Subject]) -> None:
    code, word = UNFIT[kind]
    with pytest.raises(NetworkUnfit, match=word):
        load(code)


def test_a_hook_that_writes_into_the_original(load: Callable[[str], Subject]) -> None:
    """The copy that is exported would answer with features of another image."""
    with pytest.raises(NetworkUnfit, match=r"network\.c"):
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


CHANGES = {
    "default dtype": "torch.set_default_dtype(torch.float64)",
    "default device": "torch.set_default_device('cpu:0')",
    "threads": "torch.set_num_threads(3)",
    "gradients": "torch.set_grad_enabled(not torch.is_grad_enabled())",
    "deterministic": "torch.use_deterministic_algorithms(True)",
    "folder": "os.chdir('/')",
    "Ctrl-C": "signal.signal(signal.SIGINT, signal.SIG_IGN)",
    "SIGTERM": "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "stdout": "sys.stdout = io.StringIO()",
    "stderr": "sys.stderr = io.StringIO()",
    "warnings": "warnings.simplefilter('error')",
    "numpy": "numpy.seterr(all='raise')",
}
IMPORTS = "import io, os, signal, sys, warnings\nimport numpy, torch\n"


def _process_state() -> list[object]:
    return [
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.get_num_threads(),
        torch.is_grad_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        os.getcwd(),
        signal.getsignal(signal.SIGINT),
        signal.getsignal(signal.SIGTERM),
        sys.stdout,
        sys.stderr,
        list(warnings.filters),
        np.geterr(),
    ]


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("when", ["import", "run"])
def test_the_process_stays_as_it_was(
    kind: str, when: str, load: Callable[[str], Subject], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    before = _process_state()
    if when == "import":
        load(f"{IMPORTS}{CHANGES[kind]}\nNet = Base\n")
    else:
        subject = load(
            f"""{IMPORTS}
class Net(Base):
    def forward(self, x):
        y = super().forward(x)
        if not torch.compiler.is_exporting():
            {CHANGES[kind]}
        return y
"""
        )
        assert 0 <= subject.reference(_picture())["score"] <= 1
    assert _process_state() == before


@pytest.mark.parametrize("when", ["always", "on some images"])
def test_a_network_that_ends_the_program_when_it_runs(when: str, load: Callable[[str], Subject]) -> None:
    condition = "True" if when == "always" else "not torch.compiler.is_exporting() and x.mean() < 0.1"
    code = f"""
class Net(Base):
    def forward(self, x):
        if {condition}:
            sys.exit("no GPU")
        return super().forward(x)
"""
    with pytest.raises(NetworkUnfit, match="no GPU"):
        load(code).reference(_picture(0))


def test_a_network_that_fails_on_some_images(load: Callable[[str], Subject]) -> None:
    subject = load("""
class Net(Base):
    def forward(self, x):
        if not torch.compiler.is_exporting() and x.mean() < 0.1:
            raise ValueError("too dark")
        return super().forward(x)
""")
    assert 0 <= subject.reference(_picture())["score"] <= 1
    with pytest.raises(NetworkUnfit, match=r"too dark \(some_net\.py, line"):
        subject.reference(_picture(0))


def test_the_line_is_the_users_whatever_the_file_is_called(tmp_path: Path) -> None:
    path = tmp_path / "mobileiqa_export_net.py"
    path.write_text("def net():\n    raise ValueError('no')\n")
    with pytest.raises(FactoryFailed, match=r"no \(mobileiqa_export_net\.py, line 2\)"):
        build(f"{path}:net", {})


def test_a_module_named_like_one_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its path it is the user's; by its name it is ours, whose file the error names."""
    (tmp_path / "mobileiqa_sdk.py").write_text(HEAD + "Net = Base\n")
    assert isinstance(build(f"{tmp_path / 'mobileiqa_sdk.py'}:Net", {}), nn.Module)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FactoryFailed, match="__init__"):
        build("mobileiqa_sdk:Net", {})
