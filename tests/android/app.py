"""Builds the app: as an APK, and as classes that a JVM runs on Android's own, which screens.sh has built."""

from __future__ import annotations

import os
import subprocess
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from . import toolbox

MAIN = toolbox.DEMO / "app/src/main"
PHONE = toolbox.DEMO / "tests/phone"
SCREENS = toolbox.DEMO / "tests/screens"
ECJ = Path("/usr/share/java/eclipse-jdt-core.jar")
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


def layoutlib() -> list[str]:
    """The class path of Android's own framework, as screens.sh has built it."""
    toolbox.need_onnxruntime("layoutlib")
    path = toolbox.run("bash", toolbox.DEMO / "screens.sh", "--classpath").strip()
    return [*path.split(":"), str(ANDROID_JAR)]  # the framework as built lacks MediaStore and the like


def ecj(target: Path, classpath: Iterable[object], *sources: Path) -> None:
    """Compiles against the framework, whose java.* packages javac would not take."""
    compiler = ("java", "-cp", ECJ, "org.eclipse.jdt.internal.compiler.batch.Main")
    options = ("-proc:none", "-nowarn", "-1.8", "-encoding", "UTF-8", "-d", target)
    toolbox.run(*compiler, *options, "-cp", ":".join(map(str, classpath)), *sources)


def compile_phone(app: Path, folder: Path) -> Path:
    """A phone with the app, and the tests of it, to stand before the app on a class path."""
    target = folder / "phone"
    resources = SCREENS / "java/ai/mobileiqa/demo"
    sources = (PHONE, resources / "Framework.java", resources / "AppResources.java")
    ecj(target, [app, *toolbox.JUNIT, *layoutlib()], *sources)
    return target


def compile_bare_phone(folder: Path) -> Path:
    """A phone without an app, for tests of the library."""
    target = folder / "phone"
    sources = (PHONE / "android/graphics", PHONE / "android/os", PHONE / "ai/mobileiqa/phone")
    ecj(target, layoutlib(), *sources, PHONE / "android/app/PhoneContext.java")
    return target


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
