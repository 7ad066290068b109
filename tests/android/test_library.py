"""The library's AAR: what is in it, and an app that is compiled against it alone, shrunk and run."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import skimage

from mobileiqa_sdk import Scorer, band, library

from . import app, toolbox

EXAMPLE = toolbox.DEMO / "tests/library/com/example"
PHOTO = Path(skimage.__file__).parent / "data/chelsea.png"
KOTLIN = Path("/usr/share/java/kotlin-stdlib.jar")
Run = Callable[[list[Path], str], list[str]]
VERSION = re.search(
    r"^demo\.versionName=(.+)$", (toolbox.DEMO / "gradle.properties").read_text(), re.MULTILINE
)
RULES = """
-libraryjars {android}
-printmapping {mapping}
-dontnote
-dontwarn kotlin.**
-keep class com.example.*Example {{ public *; }}
"""
"""What an app says for itself; all that concerns the library is in the AAR."""


@pytest.fixture(scope="module")
def aar(builds: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked AAR."""
    assert VERSION is not None
    folder = tmp_path_factory.mktemp("aar")
    with zipfile.ZipFile(builds[0] / f"mobileiqa-{VERSION[1]}.aar") as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return app.compile_bare_phone(tmp_path_factory.mktemp("bare"))


def recipe() -> str:
    """The lines for Java, which are the same in all documents."""
    root = toolbox.DEMO.parent
    pages = (root / "README.md", root / "docs" / "android.md", toolbox.DEMO / "README.md")
    blocks = [
        re.findall(r"^```java\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE) for page in pages
    ]
    assert blocks == [blocks[0]] * 3
    (lines,) = blocks[0]
    return lines


def test_a_second_build_gives_the_same_aar(builds: tuple[Path, Path]) -> None:
    first, second = (next(folder.glob("mobileiqa-*.aar")).read_bytes() for folder in builds)
    assert first == second


def test_it_holds_what_gradle_looks_for(aar: Path) -> None:
    names = {path.relative_to(aar).as_posix() for path in aar.rglob("*") if path.is_file()}
    assert names == {
        "AndroidManifest.xml",
        "META-INF/com/android/build/gradle/aar-metadata.properties",
        "R.txt",
        "assets/mobileiqa-small/model.onnx",
        *(f"assets/mobileiqa/{text}" for text in ("LICENSE", "MODEL_CARD.md", "THIRD_PARTY.txt")),
        "classes.jar",
        *(
            f"jni/{abi}/{library}"
            for abi in ("arm64-v8a", "x86_64")
            for library in ("libmobileiqa.so", "libonnxruntime.so")
        ),
        "proguard.txt",
    }
    manifest = (aar / "AndroidManifest.xml").read_text()
    assert 'package="ai.mobileiqa"' in manifest
    assert 'android:minSdkVersion="24"' in manifest


def test_its_classes_are_the_library_s_alone(aar: Path) -> None:
    """Classes of other libraries would clash with those of the app's own dependencies."""
    with zipfile.ZipFile(aar / "classes.jar") as archive:
        assert {name.rpartition("/")[0] for name in archive.namelist()} == {
            "ai/mobileiqa",
            "ai/mobileiqa/core",
        }


def methods(listing: str) -> list[tuple[str, str, str]]:
    """Name, descriptor and annotations of each public method that `javap -v` lists."""
    blocks = re.findall(
        r"^  public [^\n]*?(\w+)\([^\n]*\n    descriptor: (\S+)\n    flags: ([^\n]*)\n(.*?)(?=^  \S|^\})",
        listing,
        re.MULTILINE | re.DOTALL,
    )
    return [(name, descriptor, body) for name, descriptor, flags, body in blocks if "SYNTHETIC" not in flags]


@pytest.mark.parametrize("name", ["QualityScorer", "ScorerOptions", "Photo", "Provided"])
def test_every_public_method_says_what_may_be_null(aar: Path, name: str) -> None:
    listing = toolbox.run("javap", "-v", "-public", "-cp", aar / "classes.jar", f"ai.mobileiqa.{name}")
    listed = methods(listing)
    assert listed
    for method, descriptor, body in listed:
        taken, returned = descriptor[1:].split(")")
        parameters = re.findall(r"\[*(?:L[^;]+;|[A-Z])", taken)
        own, _, annotated = body.partition("RuntimeInvisibleParameterAnnotations:")
        for i, parameter in enumerate(parameters):
            known = re.search(rf"parameter {i}:\s+0: #\d+\(\)\s+org.jetbrains.annotations.N", annotated)
            assert known or len(parameter) == 1, f"{method}: may parameter {i} be null?"
        known = "org.jetbrains.annotations.N" in own + annotated.partition("RuntimeInvisibleAnnotations:")[2]
        assert known or len(returned) == 1, f"may the answer of {method} be null?"


def test_everything_public_has_javadoc(tmp_path: Path) -> None:
    toolbox.need("javac")
    toolbox.need_onnxruntime("bullseye")
    sources = toolbox.LIBRARY / "src"
    files = [*(sources / "main/java").rglob("*.java"), *(sources / "annotations").rglob("*.java")]
    options = "-source 8 -target 8 -Xmaxwarns 9999 -bootclasspath".split()
    done = subprocess.run(
        list(
            map(
                str,
                [
                    "javac",
                    "-Xlint:-options",
                    "-Xdoclint:all/public",
                    *options,
                    app.ANDROID_JAR,
                    "-d",
                    tmp_path,
                    *files,
                ],
            )
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    report = done.stdout + done.stderr
    assert "warning: no @param" in report, "it was not looked for"
    assert done.returncode == 0, report
    silent = [line for line in report.splitlines() if "no comment" in line]
    assert silent == []


@pytest.fixture(scope="module")
def run_shrunk(aar: Path, phone: Path, host_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Shrinks an app with the library, and gives the lines that it prints."""
    toolbox.need("proguard")

    def run(program: list[Path], example: str) -> list[str]:
        folder = tmp_path_factory.mktemp("shrunk")
        shrunk, mapping, bad = folder / "shrunk.jar", folder / "mapping.txt", folder / "bad.onnx"
        jars = [f"-injars {path}(!META-INF/**)" for path in [aar / "classes.jar", *program]]
        rules = RULES.format(android=app.ANDROID_JAR, mapping=mapping)
        (folder / "app.pro").write_text("\n".join([*jars, f"-outjars {shrunk}", rules]))
        toolbox.run("proguard", f"@{folder / 'app.pro'}", f"@{aar / 'proguard.txt'}")
        assert not re.search(r"^(\S+ContractReader) -> \1:", mapping.read_text(), re.MULTILINE), "not renamed"
        bad.write_bytes(b"not a model")
        start = folder / "start"
        app.ecj(start, [program[0], phone, *app.layoutlib()], EXAMPLE / "Start.java")
        values = {
            "assets": aar / "assets",
            "phone": folder / "phone",
            "platform": toolbox.CACHE / "layoutlib/platform",
            "java.library.path": host_library,
            "java.awt.headless": "true",
        }
        options = [f"-D{key}={value}" for key, value in values.items()]
        path = ":".join(map(str, [start, phone, shrunk, *app.layoutlib()]))
        arguments = (PHOTO, library.find(None), bad, example)
        return toolbox.run(
            "java", "-Xcheck:jni", *options, "-cp", path, "com.example.Start", *arguments
        ).splitlines()

    return run


@pytest.fixture(scope="module")
def example(aar: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with README's recipe, compiled against Android and the AAR alone."""
    folder = tmp_path_factory.mktemp("example")
    text = (EXAMPLE / "Example.java").read_text()
    assert len(text.splitlines()) < 40
    (folder / "Example.java").write_text(text.replace("//recipe\n", recipe()))
    options = ("-nowarn", "-source", "8", "-target", "8", "-Xlint:-options", "-d", folder / "classes")
    path = ("-bootclasspath", app.ANDROID_JAR, "-cp", aar / "classes.jar")
    toolbox.run("javac", *options, *path, folder / "Example.java")
    return folder / "classes"


def check(lines: list[str]) -> None:
    score = Scorer(threads=1).score(PHOTO)
    assert float(lines[0]) == pytest.approx(score, abs=1e-5)
    assert lines[1:3] == [band(score).upper(), "GONE"]
    assert lines[3].startswith("bad.onnx: ")


def test_a_shrunk_app_scores(run_shrunk: Run, example: Path) -> None:
    check(run_shrunk([example], "com.example.Example"))


def test_a_shrunk_app_in_kotlin_scores(run_shrunk: Run, aar: Path, example: Path, tmp_path: Path) -> None:
    if shutil.which("kotlinc") is None or not KOTLIN.exists():
        pytest.skip("kotlinc is not installed: apt-get install kotlin")
    path = f"{aar / 'classes.jar'}:{app.ANDROID_JAR}"
    toolbox.run(
        "kotlinc", "-no-jdk", "-jvm-target", "1.8", "-cp", path, "-d", tmp_path, EXAMPLE / "Example.kt"
    )
    check(run_shrunk([example, tmp_path, KOTLIN.resolve()], "com.example.KotlinExample"))
