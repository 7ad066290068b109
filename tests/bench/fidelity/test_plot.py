"""The plot of a report: drawn in any environment, and never at the cost of the result."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from mobileiqa_bench import figures
from mobileiqa_bench.errors import PlotUnavailable
from mobileiqa_bench.fidelity.gate import ANY_PRECISION
from mobileiqa_bench.fidelity.images import ImageSet
from mobileiqa_bench.fidelity.plot import draw
from mobileiqa_bench.fidelity.verdict import Verdict, judge

from ...recorder import Recorder

REFERENCE, SCORES = [0.2, 0.5, 0.8], [0.21, 0.5, 0.79]
NAMES = ["a.png", "b.png", "a.png, noise 1 of 5"]
NOTEBOOK = "module://matplotlib_inline.backend_inline"
TEXTS = {"title": "tiny", "subtitle": "1 MB", "axes": ("PyTorch", "onnx")}


def verdict(scores: list[float | None]) -> Verdict:
    reference = [{"score": score} for score in REFERENCE]
    answers = [None if score is None else {"score": score} for score in scores]
    return judge(ImageSet("three", NAMES, [], []), reference, answers, ANY_PRECISION)


def test_it_is_drawn_the_same_again(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.png" for number in range(2)]
    for file in files:
        assert draw(file, verdict(SCORES), **TEXTS)
    assert files[0].read_bytes() == files[1].read_bytes()
    with Image.open(files[0]) as image:
        assert image.size == (1600, 900)


@pytest.mark.parametrize("backend", [NOTEBOOK, "nonsense", "TkAgg", ""])
def test_a_notebooks_backend_does_not_matter(backend: str, tmp_path: Path) -> None:
    code = (
        "import os\n"
        "from pathlib import Path\n"
        "from mobileiqa_bench.fidelity import Limits, judge\n"
        "from mobileiqa_bench.fidelity.images import ImageSet\n"
        "from mobileiqa_bench.fidelity.plot import draw\n"
        f"scores, file = [0.2, 0.5, 0.8], Path({str(tmp_path / 'a.png')!r})\n"
        "scores = [{'score': score} for score in scores]\n"
        "verdict = judge(ImageSet('', list('abc'), [], []), scores, scores, Limits(1, 1))\n"
        "assert draw(file, verdict, title='', subtitle='', axes=('', ''))\n"
        f"assert os.environ['MPLBACKEND'] == {backend!r}\n"
        "import sys\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    environment = {**os.environ, "MPLBACKEND": backend}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, env=environment)
    assert (tmp_path / "a.png").is_file()


def test_a_backend_that_is_installed_is_applied() -> None:
    code = (
        "from mobileiqa_bench.figures import load_matplotlib\n"
        "load_matplotlib()\n"
        "import matplotlib\n"
        "assert matplotlib.rcParams['backend'].lower() == 'svg', matplotlib.rcParams['backend']\n"
    )
    environment = {**os.environ, "MPLBACKEND": "svg"}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, env=environment)


def test_a_plot_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    progress = Recorder()
    file = tmp_path / "none" / "a.png"
    assert not draw(file, verdict(SCORES), **TEXTS, progress=progress)
    assert len(progress.warnings) == 1
    assert str(file) in progress.warnings[0]


def test_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(PlotUnavailable, match="matplotlib"):
        figures.load_matplotlib()
    assert not draw(tmp_path / "a.png", verdict(SCORES), **TEXTS)
    assert not (tmp_path / "a.png").exists()
