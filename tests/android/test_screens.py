"""The app's screens, drawn by Android's own layout code, as somebody last saw them and fit for people.

`android_demo/screens.sh` builds that code. With the environment variable MOBILEIQA_NEW_SCREENS, the pictures
of today's screens are put into `tests/android/screens` and `docs/screens`: look at each of them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobileiqa_sdk import Scorer

from . import app, toolbox
from .pictures import save_pictures

GOLDEN = Path(__file__).parent / "screens"
DOCS = toolbox.DEMO.parent / "docs/screens"
MAKES_NEW = bool(os.environ.get("MOBILEIQA_NEW_SCREENS"))
SCALE = 4
IN_DOCS = {
    "score": "score_done",
    "reason": "score_reason",
    "compare": "compare_done",
    "score_land": "score_land",
}
"""Pictures in `docs/screens`, a third of the screens' sizes."""
NAMES = re.findall(r"^(\w+);", (app.SCREENS / "screens.txt").read_text(), re.MULTILINE)
Rendered = tuple[Path, dict[str, list[str]]]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """A folder with a picture of every screen, and the faults that Audit saw on each."""
    app.need_tools()
    folder = tmp_path_factory.mktemp("screens")
    framework = app.layoutlib()
    sources = [
        app.resource_class(folder),
        toolbox.LIBRARY / "src/annotations",
        toolbox.LIBRARY / "src/main/java",
        app.MAIN / "java",
        app.SCREENS / "java/ai",
    ]
    app.ecj(folder / "app", framework, *sources)
    model = Scorer(threads=1).contract.model
    values = {
        "java.awt.headless": "true",
        "platform": toolbox.CACHE / "layoutlib/platform",
        "res": app.MAIN / "res",
        "document": app.SCREENS / "document.md",
        "samples": folder,
        "model": f"{model.name} {model.version}",
    }
    save_pictures(folder)
    defined = [f"-D{key}={value}" for key, value in values.items()]
    path = ":".join(map(str, [folder / "app", *framework]))
    started = ("java", "-Xmx1500m", *defined, "-cp", path, "ai.mobileiqa.demo.Render")
    printed = toolbox.run(*started, app.SCREENS / "screens.txt", folder)
    faults: dict[str, list[str]] = {}
    for line in printed.splitlines():
        if line.startswith("  "):
            list(faults.values())[-1].append(line.strip())
        else:
            faults[line] = []
    if MAKES_NEW:
        for name, screen in IN_DOCS.items():
            shrunk = Image.open(folder / f"{screen}.png").convert("RGB").reduce(3)
            shrunk.save(DOCS / f"{name}.webp", quality=85, method=6)
    return folder, faults


def small(path: Path) -> Image.Image:
    """A picture at 1/4 of its size: what people would see, in a file of a few kilobytes."""
    return Image.open(path).convert("RGB").reduce(SCALE)


@pytest.mark.parametrize("name", NAMES)
def test_it_looks_as_it_did(rendered: Rendered, name: str) -> None:
    actual = small(rendered[0] / f"{name}.png")
    golden = GOLDEN / f"{name}.webp"
    if MAKES_NEW:
        actual.save(golden, lossless=True, method=6)
    expected = Image.open(golden).convert("RGB")
    assert actual.size == expected.size
    distance = np.abs(np.asarray(actual, int) - np.asarray(expected, int)).max(axis=2)
    assert np.mean(distance > 16) < 0.001, f"{rendered[0] / name}.png is not {golden}"


@pytest.mark.parametrize("name", NAMES)
def test_people_can_read_and_hit_everything(rendered: Rendered, name: str) -> None:
    assert rendered[1][name] == []


def test_every_kind_of_screen_is_there() -> None:
    specs = [line.split(";") for line in (app.SCREENS / "screens.txt").read_text().splitlines()[1:]]
    assert {"day", "night"} == {spec[5] for spec in specs}
    assert {"en", "de", "ar"} == {spec[6] for spec in specs}
    assert {"ltr", "rtl"} == {spec[7] for spec in specs}
    assert {"1", "2"} == {spec[8] for spec in specs}
    shown = {spec[1].split("_")[0] for spec in specs}
    assert shown == {"score", "compare", "benchmark", "about", "document"}
    widths = {int(spec[2]) * 160 // int(spec[4]) for spec in specs}
    assert {320, 360, 640, 800, 1280} == widths
