"""Nothing that a benchmark imports writes an identifier to the home folder or opens a connection."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from mobileiqa_bench import engines

from ..fresh_home import environment
from ..sdk import artifacts

ENGINE = "mobileiqa_bench.engines.openvino"


def test_openvinos_telemetry_is_never_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With packages in the place of OpenVINO and its telemetry, so that neither has to be installed."""
    for name in ("openvino", "openvino_telemetry"):
        (tmp_path / name).mkdir()
    (tmp_path / "openvino_telemetry" / "__init__.py").write_text("")
    (tmp_path / "openvino" / "__init__.py").write_text(
        "try:\n    import openvino_telemetry\n    sends = True\nexcept ImportError:\n    sends = False\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with monkeypatch.context() as patch:
        for name in [name for name in sys.modules if is_replaced(name)]:
            patch.delitem(sys.modules, name)
        sends = import_module(ENGINE).openvino.sends
        for name in [name for name in sys.modules if is_replaced(name)]:
            del sys.modules[name]
    assert sends is False


def is_replaced(module: str) -> bool:
    return module.partition(".")[0] in ("openvino", "openvino_telemetry") or module == ENGINE


# What Python announces of sockets, and all processes; native code would have to write its identifier.
WATCH = """
import sys
from pathlib import Path
events = []
def hook(event, arguments):
    if event.startswith("socket.") or event == "subprocess.Popen":
        events.append((event, arguments))
sys.addaudithook(hook)
from mobileiqa_bench import engines
from mobileiqa_sdk.golden import golden_image
engines.load(sys.argv[1], Path(sys.argv[2]), 1, None).assess(golden_image())
sys.exit(str(events) if events else 0)
"""


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_an_engine_leaves_no_file_in_a_fresh_home(engine: str, tmp_path: Path) -> None:
    if find_spec(engines.named(engine).needs) is None:
        pytest.skip(f"{engine} is not installed")
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", WATCH, engine, str(artifacts.save(tmp_path / "model"))],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [str(path) for path in home.rglob("*")] == []


DRAW = """
import matplotlib
from mobileiqa_bench.figures import load_matplotlib
load_matplotlib()
from matplotlib.figure import Figure
Figure().text(0, 0, "a").get_window_extent()
print(matplotlib.get_cachedir())
"""


@pytest.mark.parametrize("has_list", [False, True])
def test_matplotlib_stores_its_list_of_fonts_only_where_there_is_one(has_list: bool, tmp_path: Path) -> None:
    if has_list:
        (tmp_path / "fontlist-v1.json").write_text("{}")
    environment = {**os.environ, "MPLCONFIGDIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", DRAW], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path)), done.stderr
    assert len(list(tmp_path.iterdir())) == (2 if has_list else 0)
