from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import app, toolbox
from .toolbox import Jvm


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The core's classes and Bridge."""
    toolbox.need("javac", "java")
    folder = tmp_path_factory.mktemp("classes")
    toolbox.compile_java(folder, toolbox.CORE, toolbox.DEMO / "tests/java")
    return folder


@pytest.fixture(scope="session")
def host_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the C++ layer for this machine."""
    toolbox.need("clang-14", "ld.lld-14")
    toolbox.need_onnxruntime("onnxruntime-android")
    folder = tmp_path_factory.mktemp("native")
    toolbox.build_native("host", folder)
    return folder


@pytest.fixture(scope="session")
def pure(classes: Path) -> Iterator[Jvm]:
    """A JVM without the native library."""
    jvm = Jvm(classes)
    yield jvm
    jvm.close()


@pytest.fixture(scope="module")
def jvm(classes: Path, host_library: Path) -> Iterator[Jvm]:
    """A JVM with the native library, which checks every call of JNI."""
    jvm = Jvm(classes, host_library)
    yield jvm
    jvm.close()


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders of two builds of the app from the same sources; the second is not signed."""
    app.need_tools()
    first = app.build(tmp_path_factory.mktemp("first"))
    return first, app.build(tmp_path_factory.mktemp("second"), "--unsigned")
