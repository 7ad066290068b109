"""The app's activities, layouts and texts on a JVM, with the real model: android_demo/tests/phone's AppTest.

They run on the framework of Android 6, built from its sources; what a phone's own decoder does is not said.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import skimage
from PIL import Image, ImageFilter

from mobileiqa_sdk import Scorer, library
from mobileiqa_sdk.contract import METADATA_KEY, ModelContract

from ..sdk import artifacts
from ..sdk.png_files import png_of
from . import app, test_heif, toolbox

P3 = (31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000)
TEST = app.PHONE / "ai/mobileiqa/demo/AppTest.java"
NAMES = re.findall(r"@Test\s+public void (\w+)", TEST.read_text())
"""Every test of AppTest."""


SEVERE = {"underexposure": 0.75, "noise": 0.25, "lens_flare": 1.0}
"""Faults and their severities for a white photo."""


def photos(folder: Path) -> list[str]:
    """Writes the photos; gives the names of those that have a score."""
    folder.mkdir()
    cat = Image.open(Path(skimage.__file__).parent / "data/chelsea.png").convert("RGB")
    cat.save(folder / "good.png")
    cat.filter(ImageFilter.GaussianBlur(6)).save(folder / "worse.png")
    for orientation in range(2, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        cat.save(folder / f"turned{orientation}.png", exif=exif)
    glass = cat.convert("RGBA")
    glass.putalpha(
        Image.fromarray(np.arange(cat.width * cat.height).reshape(cat.height, cat.width).astype(np.uint8))
    )
    glass.save(folder / "glass.png")
    cat.quantize(64).save(folder / "palette.png")
    described = (b"gAMA", (70_000).to_bytes(4, "big")), (b"cHRM", struct.pack(">8I", *P3))
    (folder / "described.png").write_bytes(png_of(np.asarray(cat), *described))
    scored = sorted(path.name for path in folder.iterdir())
    Image.new("RGB", (64, 48), "white").save(folder / "white.png")
    for name in ("large.jpg", "large.png"):
        cat.resize((2100, 1500)).save(folder / name)
    cat.save(folder / "cut.jpg")
    (folder / "cut.jpg").write_bytes((folder / "cut.jpg").read_bytes()[:-2000])
    cat.resize((20, 40)).save(folder / "tiny.png")
    (folder / "text.txt").write_text("no picture")
    part(cat).save(folder / "part.png")
    (folder / "part.heic").write_bytes(heic(cat, (folder / "good.png").read_bytes()))
    return scored


def part(whole: Image.Image) -> Image.Image:
    """What `heic` shows of a picture."""
    return whole.crop((15, 70, 415, 270)).transpose(Image.Transpose.ROTATE_90)


def heic(whole: Image.Image, png: bytes) -> bytes:
    """A file in which a phone would find coded pixels, and tests/phone finds a PNG."""
    size = test_heif.size(*whole.size)
    aperture = test_heif.aperture(400, 1, 200, 1, -10, 1, 20, 1)
    return test_heif.heif([size, aperture, test_heif.rotation(1)], [(1, [1, 2, 3])], data=png)


def assets(folder: Path, model: Path) -> Path:
    (folder / "mobileiqa-small").mkdir(parents=True)
    shutil.copy(model, folder / "mobileiqa-small/model.onnx")
    (folder / "mobileiqa").mkdir()
    for name in ("MODEL_CARD.md", "LICENSE", "THIRD_PARTY.txt"):
        (folder / "mobileiqa" / name).write_text(f"{name}\n\nSecond paragraph,\nof two lines.\n")
    return folder


def with_contract(model: Path, change: Callable[[dict[str, Any]], None], target: Path) -> Path:
    """A copy of the model with another contract."""
    proto = onnx.load(model)
    text = {entry.key: entry.value for entry in proto.metadata_props}[METADATA_KEY]
    values = json.loads(ModelContract.from_json(text, str(model)).to_json())
    change(values)
    onnx.helper.set_model_props(proto, {METADATA_KEY: json.dumps(values)})
    onnx.save(proto, target)
    return target


def promise_another_score(contract: dict[str, Any]) -> None:
    for case in contract["golden"]["cases"]:
        case["score"] = 0.9


def fail_verification(contract: dict[str, Any]) -> None:
    contract["verification"] = {"passed": False, "failures": ["it drifts"]}


@pytest.fixture(scope="module", params=["sources", "apk"])
def outcome(
    request: pytest.FixtureRequest,
    builds: tuple[Path, Path],
    host_library: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """What JUnit says of the app's classes, and of those in the APK."""
    folder = tmp_path_factory.mktemp("app")
    compiled = app.compile_app(folder)
    phone = app.compile_phone(compiled, folder)
    if request.param == "apk":
        compiled = app.classes_in(builds[0] / "mobileiqa-demo.apk", folder)
    # The phone goes first, for the few classes that it has in place of Android's.
    path = [phone, compiled, *toolbox.JUNIT, *app.layoutlib()]
    model = library.find(None)
    wrong = with_contract(model, promise_another_score, folder / "wrong.onnx")
    scored = photos(folder / "photos")
    scorer = Scorer(threads=1)
    free = artifacts.save(folder / "free", artifacts.free_model())
    values = {
        "phone": folder / "data",
        "platform": toolbox.CACHE / "layoutlib/platform",
        "res": app.MAIN / "res",
        "photos": folder / "photos",
        "assets": assets(folder / "right", model),
        "right": folder / "right",
        "off": assets(folder / "wrong", wrong),
        "second": model,
        "unverified": with_contract(model, fail_verification, folder / "unverified.onnx"),
        "scored": ",".join(scored),
        "spread": scorer.assess(folder / "photos/good.png").spread,
        "free": free,
        **{
            f"score.{name}": Scorer(free, resolution=name, threads=1).score(folder / "photos/good.png")
            for name in artifacts.SETTINGS
        },
        "faulty": artifacts.save(folder / "faulty", artifacts.free_model(faults=SEVERE)),
        "score.part.heic": scorer.score(folder / "photos/part.png"),
        "score.second": scorer.score(folder / "photos/good.png"),
        "java.library.path": host_library,
        "java.awt.headless": "true",
        "java.security.manager": "allow",  # for tests/phone's Disk
        **{f"score.{name}": scorer.score(folder / "photos" / name) for name in scored},
    }
    command = ["java", "-Xmx1g", *(f"-D{key}={value}" for key, value in values.items())]
    command += ["-cp", ":".join(map(str, path)), "org.junit.runner.JUnitCore", "ai.mobileiqa.demo.AppTest"]
    environment = {**os.environ, "EXTERNAL_STORAGE": str(folder)}  # as every process of Android has it
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1800, check=False)
    assert re.search(r"^(OK \(|Tests run: )", done.stdout, re.MULTILINE), done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_app(outcome: str, name: str) -> None:
    failure = re.search(rf"^\d+\) {name}\(.*?(?=^\d+\) |\Z)", outcome, re.MULTILINE | re.DOTALL)
    assert failure is None, failure and failure[0]


def test_all_were_run(outcome: str) -> None:
    run = re.search(r"OK \((\d+) tests\)|Tests run: (\d+)", outcome)
    assert run is not None
    assert int(run[1] or run[2]) == len(NAMES) > 30
