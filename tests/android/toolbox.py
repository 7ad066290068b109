"""Builds the demo's pure and native parts for this machine, and calls them in a JVM."""

from __future__ import annotations

import base64
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

DEMO = Path(__file__).parents[2] / "android_demo"
LIBRARY = DEMO / "mobileiqa"
CORE = LIBRARY / "src/main/java/ai/mobileiqa/core"
JUNIT = [Path("/usr/share/java/junit4.jar"), Path("/usr/share/java/hamcrest-core.jar")]
CACHE = Path(os.environ.get("MOBILEIQA_ANDROID_CACHE", DEMO / ".cache"))
ADDRESS_SPACE = 10 << 30
"""Bytes that the JVM may ask for: a damaged model must not take the machine's memory with it."""

Values = dict[str, Any]


def need(*tools: str) -> None:
    """Skip the test where a program is missing."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed; android_demo/toolchain.sh installs it")


def need_onnxruntime(folder: str) -> None:
    """Skip the test where toolchain.sh has not unpacked an onnxruntime."""
    if not (CACHE / folder / ".made-of").exists():
        pytest.skip(f"{CACHE / folder} is not there; android_demo/toolchain.sh makes it")


def compile_java(folder: Path, *sources: Path, classpath: list[Path] | None = None) -> None:
    """Java 8, its library included, without a warning."""
    files = [str(file) for source in sources for file in sorted(source.rglob("*.java"))]
    path = ["-cp", os.pathsep.join(map(str, classpath))] if classpath else []
    run("javac", "--release", "8", "-Xlint:all,-options", "-Werror", "-d", folder, *path, *files)


def build_native(target: str, folder: Path) -> None:
    """See android_demo/native.sh."""
    run(DEMO / "native.sh", target, folder)


def run(*command: object) -> str:
    """What a program that must not fail prints."""
    environment = {**os.environ, "PYTHON": sys.executable}
    result = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, check=False, env=environment
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


class JavaError(Exception):
    """An exception of Java's: `name` is its class, without the package."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


class Jvm:
    """One JVM with the core's classes, called by `android_demo/tests/java`'s Bridge."""

    def __init__(
        self, classes: Path, libraries: Path | None = None, environment: dict[str, str] | None = None
    ) -> None:
        options = [f"-Djava.library.path={libraries}", "-Xcheck:jni"] if libraries else []
        self._process = subprocess.Popen(
            # The heap is small, so that its reserve leaves address space to onnxruntime.
            ["java", "-Xmx1g", "-XX:+UseSerialGC", *options, "-cp", classes, "ai.mobileiqa.core.Bridge"],  # noqa: S607
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE)),
        )
        self.noise: list[str] = []

    def call(self, op: str, **arguments: object) -> Any:
        """What Java answers. Raises JavaError; fails the test where the JVM is gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"op": op, **arguments}) + "\n")
        self._process.stdin.flush()
        while line := self._process.stdout.readline():
            if not line.startswith("{"):  # -Xcheck:jni complains here
                self.noise.append(line)
                continue
            reply = json.loads(line)
            if "error" in reply:
                raise JavaError(reply["error"], reply["message"])
            return reply["answer"]
        pytest.fail(f"the JVM ended with {self._process.wait()}: {''.join(self.noise)}")

    def close(self) -> None:
        """End the process; it must do so in good order."""
        self._process.communicate(timeout=60)
        assert self._process.returncode == 0
        assert not self.noise


def base64_of(data: bytes) -> str:
    """As Bridge takes bytes."""
    return base64.b64encode(data).decode()


def picture(pixels: np.ndarray) -> Values:
    """An array [height, width, 3] as Bridge's arguments."""
    return {"width": pixels.shape[1], "height": pixels.shape[0], "rgb": base64_of(pixels.tobytes())}


def array(answer: Values) -> np.ndarray:
    """Bridge's picture as an array [height, width, 3]."""
    data = np.frombuffer(base64.b64decode(answer["rgb"]), np.uint8)
    return data.reshape(answer["height"], answer["width"], 3)


def saved(image: Image.Image, folder: Path) -> Values:
    """A picture as Bridge's arguments, its bytes in a file: photos are large."""
    path = folder / "pixels.rgb"
    path.write_bytes(image.tobytes())
    return {"width": image.width, "height": image.height, "rgb_path": str(path)}
