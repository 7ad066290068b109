"""The core's own JUnit tests, which Gradle runs too, without Gradle."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from . import toolbox

TESTS = toolbox.LIBRARY / "src/test/java"
CORE = TESTS / "ai/mobileiqa/core"


def test_junit(classes: Path, tmp_path: Path) -> None:
    for jar in toolbox.JUNIT:
        if not jar.exists():
            pytest.skip(f"{jar} is not installed; android_demo/toolchain.sh installs it")
    toolbox.compile_java(tmp_path, CORE, classpath=[classes, *toolbox.JUNIT])
    names = [
        ".".join(file.relative_to(TESTS).with_suffix("").parts) for file in sorted(CORE.glob("*Test.java"))
    ]
    path = os.pathsep.join(map(str, [classes, tmp_path, *toolbox.JUNIT]))
    printed = toolbox.run("java", "-cp", path, "org.junit.runner.JUnitCore", *names)
    actual = re.search(r"OK \((\d+) tests\)", printed)
    assert actual, printed
    assert int(actual[1]) == sum(file.read_text().count("@Test") for file in CORE.glob("*Test.java"))
