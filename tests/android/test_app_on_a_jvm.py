"""The app's activities, layouts and texts on a JVM, with the real model: android_demo/tests/phone's AppTest.

Its android.* is a sketch of Android, so this says nothing about how screens look or what a phone's decoder
does. It says that the app's own code does what it should when phones are turned, photos are bad and memory is
short.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
import skimage
from PIL import Image, ImageFilter

from mobileiqa_sdk import Scorer, library
from mobileiqa_sdk.contract import METADATA_KEY

from . import toolbox

MAIN = toolbox.DEMO / "app/src/main"
PHONE = toolbox.DEMO / "tests/phone"
TEST = PHONE / "ai/mobileiqa/demo/AppTest.java"
FRAMEWORK = Path("/usr/share/android-framework-res/framework-res.apk")
ANDROID_JAR = toolbox.CACHE / "bullseye/usr/share/java/com.android.android-23.jar"
NAMES = re.findall(r"@Test\s+public void (\w+)", TEST.read_text())
"""Every test of AppTest."""


def photos(folder: Path) -> list[str]:
    """Writes the photos; gives the names of those that have a score."""
    folder.mkdir()
    cat = Image.open(Path(skimage.data_dir) / "chelsea.png").convert("RGB")
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
    scored = sorted(path.name for path in folder.iterdir())
    cat.save(folder / "cut.jpg")
    (folder / "cut.jpg").write_bytes((folder / "cut.jpg").read_bytes()[:-2000])
    cat.resize((20, 40)).save(folder / "tiny.png")
    (folder / "text.txt").write_text("no picture")
    return scored


def assets(folder: Path, model: Path) -> Path:
    (folder / "mobileiqa-small").mkdir(parents=True)
    shutil.copy(model, folder / "mobileiqa-small/model.onnx")
    for name in ("MODEL_CARD.md", "LICENSE", "THIRD_PARTY.txt"):
        (folder / name).write_text(f"{name}\n\nSecond paragraph,\nof two lines.\n")
    return folder


def promising(model: Path, score: float, target: Path) -> Path:
    """A copy of the model whose contract promises another score of the golden image."""
    proto = onnx.load(model)
    values = json.loads({entry.key: entry.value for entry in proto.metadata_props}[METADATA_KEY])
    values["golden"]["score"] = score
    onnx.helper.set_model_props(proto, {METADATA_KEY: json.dumps(values)})
    onnx.save(proto, target)
    return target


def resource_class(folder: Path) -> Path:
    """R.java, as the build makes it."""
    manifest = (
        (MAIN / "AndroidManifest.xml")
        .read_text()
        .replace("<manifest ", '<manifest package="ai.mobileiqa.demo" ')
    )
    (folder / "AndroidManifest.xml").write_text(manifest)
    toolbox.run("aapt2", "compile", "--dir", MAIN / "res", "-o", folder / "resources.zip")
    toolbox.run(
        "aapt2",
        "link",
        "-o",
        folder / "base.apk",
        "--manifest",
        folder / "AndroidManifest.xml",
        "-I",
        FRAMEWORK,
        "--java",
        folder / "gen",
        "--min-sdk-version",
        "24",
        folder / "resources.zip",
    )
    return folder / "gen"


def compile_app(folder: Path) -> list[Path]:
    """The app against Android's own stubs, as in the APK; then the sketch of Android, and the tests."""
    sources = [*(MAIN / "java").rglob("*.java"), *resource_class(folder).rglob("*.java")]
    app, phone = folder / "app", folder / "phone"
    toolbox.run(
        "javac", "-source", "8", "-target", "8", "-nowarn", "-bootclasspath", ANDROID_JAR, "-d", app, *sources
    )
    path = [phone, app, *toolbox.JUNIT]
    stubs = ":".join(map(str, [app, *toolbox.JUNIT, ANDROID_JAR]))
    toolbox.run("javac", "-nowarn", "-cp", stubs, "-d", phone, *PHONE.rglob("*.java"))
    return [*path, ANDROID_JAR]


@pytest.fixture(scope="module")
def outcome(host_library: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What JUnit says."""
    toolbox.need("aapt2", "java", "javac")
    toolbox.need_onnxruntime("bullseye")
    for needed in (FRAMEWORK, *toolbox.JUNIT):
        if not needed.exists():
            pytest.skip(f"{needed} is not there; android_demo/toolchain.sh and debian.sh install it")
    folder = tmp_path_factory.mktemp("app")
    path = compile_app(folder)
    model = library.find(None)
    off = promising(model, 0.9, folder / "off.onnx")
    scored = photos(folder / "photos")
    scorer = Scorer(threads=1)
    values = {
        "phone": folder / "data",
        "res": MAIN / "res",
        "photos": folder / "photos",
        "assets": assets(folder / "right", model),
        "right": folder / "right",
        "off": assets(folder / "wrong", off),
        "second": model,
        "scored": ",".join(scored),
        "score.second": scorer.score(folder / "photos/good.png"),
        "java.library.path": host_library,
        "java.awt.headless": "true",
        **{f"score.{name}": scorer.score(folder / "photos" / name) for name in scored},
    }
    command = ["java", "-Xmx1g", "-Xcheck:jni", *(f"-D{key}={value}" for key, value in values.items())]
    command += ["-cp", ":".join(map(str, path)), "org.junit.runner.JUnitCore", "ai.mobileiqa.demo.AppTest"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
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
