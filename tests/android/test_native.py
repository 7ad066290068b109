"""The libraries for the APK: what they need, export and how they are laid out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from . import toolbox

NATIVE = re.compile(r"\bstatic native \S+ (\w+)\(")


@pytest.fixture(scope="module", params=["arm64-v8a", "x86_64"])
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    toolbox.need("clang-14", "ld.lld-14", "readelf", "javac")
    toolbox.need_onnxruntime("onnxruntime-android")
    folder = tmp_path_factory.mktemp(request.param)
    toolbox.build_native(request.param, folder)
    return folder / "libmobileiqa.so"


def readelf(*arguments: object) -> str:
    return toolbox.run("readelf", *arguments)


def test_pages_of_16_kilobytes(library: Path) -> None:
    segments = [
        line.split() for line in readelf("-lW", library).splitlines() if line.strip().startswith("LOAD")
    ]
    assert segments
    assert {int(words[-1], 16) for words in segments} == {0x4000}


def test_nothing_is_both_writable_and_executable(library: Path) -> None:
    headers = readelf("-lW", library)
    assert "RWE" not in headers
    assert "GNU_STACK" in headers
    assert "GNU_RELRO" in headers


def test_overflows_and_hijacked_jumps_end_the_process(library: Path) -> None:
    """As the NDK builds; on ARM the linker keeps the note only if all parts of a library have it."""
    symbols = readelf("--dyn-syms", "-W", library)
    assert re.search(r"UND __stack_chk_fail$", symbols, re.MULTILINE)
    assert re.search(r"UND __vsnprintf_chk$", symbols, re.MULTILINE), "_FORTIFY_SOURCE"
    if "AArch64" in readelf("-h", library):
        assert "AArch64 feature: BTI, PAC" in readelf("-nW", library)
        assert "AARCH64_BTI_PLT" in readelf("-dW", library)


def test_it_needs_what_every_phone_has_and_the_apk_brings(library: Path) -> None:
    dynamic = readelf("-d", library)
    assert re.findall(r"NEEDED.*\[(.*)\]", dynamic) == ["libonnxruntime.so", "libc.so"]
    assert re.findall(r"SONAME.*\[(.*)\]", dynamic) == ["libmobileiqa.so"]
    assert "TEXTREL" not in dynamic


def test_it_exports_what_java_declares_and_nothing_else(library: Path) -> None:
    symbols = [line.split() for line in readelf("--dyn-syms", "-W", library).splitlines()]
    exported = {
        words[-1] for words in symbols if len(words) == 8 and words[4] == "GLOBAL" and words[6] != "UND"
    }
    declared = NATIVE.findall((toolbox.CORE / "Model.java").read_text())
    assert len(declared) == 8
    assert exported == {f"Java_ai_mobileiqa_core_Model_{name}" for name in declared}


def test_it_holds_no_path_of_this_machine(library: Path) -> None:
    assert str(toolbox.DEMO).encode() not in library.read_bytes()


def test_it_looks_up_no_java_class_by_name(library: Path) -> None:
    """Names change in an app whose code is shrunk."""
    data = library.read_bytes()
    assert b"ai/mobileiqa" not in data
    assert b"java/lang" not in data


def test_building_again_gives_the_same_bytes(library: Path, tmp_path: Path) -> None:
    for abi in ("arm64-v8a", "x86_64"):
        toolbox.build_native(abi, tmp_path / abi)
    again = {(tmp_path / abi / "libmobileiqa.so").read_bytes() for abi in ("arm64-v8a", "x86_64")}
    assert library.read_bytes() in again
