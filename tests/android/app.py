"""Builds the app: as an APK, and as classes that a JVM runs against the sketch of Android in tests/phone."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from . import toolbox

MAIN = toolbox.DEMO / "app/src/main"
PHONE = toolbox.DEMO / "tests/phone"
FRAMEWORK = Path("/usr/share/android-framework-res/framework-res.apk")
ANDROID_JAR = toolbox.CACHE / "bullseye/usr/share/java/com.android.android-23.jar"
SYSTEM_PATH = "/usr/bin:/bin"
"""Where Debian's Python is the first one."""

_TOOLS = (
    "aapt2",
    "apksigner",
    "clang-14",
    "dexdump",
    "java",
    "javac",
    "keytool",
    "ld.lld-14",
    "unzip",
    "zipalign",
)


def need_tools() -> None:
    """Skip the test where something that builds the app is missing."""
    toolbox.need(*_TOOLS)
    toolbox.need_onnxruntime("onnxruntime-android")
    toolbox.need_onnxruntime("bullseye")
    for needed in (FRAMEWORK, Path("/usr/aarch64-linux-gnu/include"), *toolbox.JUNIT):
        if not needed.exists():
            pytest.skip(f"{needed} is not there; android_demo/toolchain.sh and debian.sh install it")


def build(folder: Path, *options: str) -> Path:
    """The folder with what build.sh makes, without fetching anything."""
    environment = {**os.environ, "MOBILEIQA_ANDROID_OUT": str(folder)}
    command = [str(toolbox.DEMO / "build.sh"), "--offline", *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def compile_app(folder: Path) -> Path:
    """The app's classes, compiled against Android's own stubs, as for the APK."""
    sources = [
        *(toolbox.LIBRARY / "src/annotations").rglob("*.java"),
        *(toolbox.LIBRARY / "src/main/java").rglob("*.java"),
        *(MAIN / "java").rglob("*.java"),
        *resource_class(folder).rglob("*.java"),
    ]
    target = folder / "app"
    options = ("-source", "8", "-target", "8", "-nowarn", "-bootclasspath", ANDROID_JAR)
    toolbox.run("javac", *options, "-d", target, *sources)
    return target


def compile_phone(app: Path, folder: Path) -> list[Path]:
    """The sketch of Android and the tests on it; gives what a class path needs beside the app."""
    stubs = ":".join(map(str, [app, *toolbox.JUNIT, ANDROID_JAR]))
    target = folder / "phone"
    toolbox.run("javac", "-nowarn", "-cp", stubs, "-d", target, *PHONE.rglob("*.java"))
    return [target, *toolbox.JUNIT, ANDROID_JAR]


def classes_in(apk: Path, folder: Path) -> Path:
    """The code of an APK, translated back for a JVM."""
    toolbox.need("enjarify")
    with zipfile.ZipFile(apk) as archive:
        dex = archive.extract("classes.dex", folder)
    command = ["enjarify", "--force", "--output", str(folder / "classes.jar"), dex]
    environment = {**os.environ, "PATH": SYSTEM_PATH}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ", 0 classes had errors" in done.stdout, done.stdout + done.stderr
    return folder / "classes.jar"


def resource_class(folder: Path) -> Path:
    """R.java, as the build makes it."""
    manifest = folder / "AndroidManifest.xml"
    text = (MAIN / manifest.name).read_text()
    manifest.write_text(text.replace("<manifest ", '<manifest package="ai.mobileiqa.demo" '))
    resources, target = folder / "resources.zip", folder / "gen"
    toolbox.run("aapt2", "compile", "--dir", MAIN / "res", "-o", resources)
    newer = folder / "newer.apk"
    toolbox.run("aapt2", "compile", "--dir", toolbox.DEMO / "newer/res", "-o", folder / "newer.zip")
    described = ("--manifest", toolbox.DEMO / "newer/AndroidManifest.xml")
    toolbox.run("aapt2", "link", "-o", newer, *described, folder / "newer.zip")
    options = (
        "-I",
        FRAMEWORK,
        "-I",
        newer,
        "--java",
        target,
        "--min-sdk-version",
        "24",
        "--manifest",
        manifest,
    )
    toolbox.run("aapt2", "link", "-o", folder / "base.apk", *options, resources)
    return target
