"""The APK: what is in it, how it is aligned, and that a second build gives the same bytes."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import struct
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from . import toolbox

ABIS = {"arm64-v8a": 183, "x86_64": 62}  # ELF's e_machine
LIBRARIES = {"libmobileiqa.so", "libonnxruntime.so"}
MODEL = toolbox.DEMO.parent / "mobileiqa_sdk/models/mobileiqa-small/model.onnx"


def load_apk_py() -> ModuleType:
    spec = importlib.util.spec_from_file_location("apk", toolbox.DEMO / "apk.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


apk = load_apk_py()


def elf(align: int = 0x4000, address: int = 0x4000, offset: int = 0) -> bytes:
    """An ELF file with one loadable segment, by the gABI."""
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 3, 183, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return head + struct.pack("<IIQQQQQQ", 1, 5, offset, address, address, 64, 64, align)


def folder_of(tmp_path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "folder"


FILES = {
    "lib/arm64-v8a/liba.so": elf(),
    "lib/x86_64/liblonger.so": elf(0x10000, 0x30000) + bytes(777),
    "assets/model.onnx": b"onnx" * 1001,
    "resources.arsc": b"table",
    "AndroidManifest.xml": b"manifest",
    "z.txt": b"z" * 10_000,
}


def test_packing_aligns_and_repeats(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, FILES)
    apk.pack(folder, tmp_path / "one.apk")
    for path in folder.rglob("*"):
        os.utime(path, (10**9, 10**9))
    apk.pack(folder, tmp_path / "two.apk")
    assert (tmp_path / "one.apk").read_bytes() == (tmp_path / "two.apk").read_bytes()
    assert apk.faults(tmp_path / "one.apk") == []
    with zipfile.ZipFile(tmp_path / "one.apk") as archive:
        assert archive.namelist() == sorted(FILES)
        assert {name: archive.read(name) for name in FILES} == FILES
        assert archive.getinfo("z.txt").compress_type == zipfile.ZIP_DEFLATED
    assert "assets/model.onnx" in apk.listing(tmp_path / "one.apk")


def test_faults_are_found(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.apk", "w") as archive:
        archive.writestr("lib/arm64-v8a/liba.so", elf())
        archive.writestr("lib/arm64-v8a/libb.so", elf(), zipfile.ZIP_DEFLATED)
        archive.writestr("lib/arm64-v8a/libc.so", b"no library")
        archive.writestr("lib/arm64-v8a/libd.so", elf(0x1000))
    actual = "\n".join(apk.faults(tmp_path / "bad.apk"))
    assert "liba.so is not aligned to 16384" in actual
    assert "libb.so is compressed" in actual
    assert "libc.so: is no 64-bit little-endian ELF file" in actual
    assert "libd.so: its segment at 0x4000 is aligned to 4096, not to 16384" in actual


@pytest.mark.parametrize(
    ("align", "address", "offset"), [(0x1000, 0x4000, 0), (0, 0, 0), (0x4000, 0x5000, 0)]
)
def test_elf_faults(align: int, address: int, offset: int) -> None:
    assert apk.elf_faults(elf(align, address, offset))
    assert not apk.elf_faults(elf())


@pytest.fixture(scope="module")
def signed(builds: tuple[Path, Path]) -> Path:
    return builds[0] / "mobileiqa-demo.apk"


def test_a_second_build_gives_the_same_bytes(builds: tuple[Path, Path]) -> None:
    first, second = (
        hashlib.sha256((folder / "mobileiqa-demo-unsigned.apk").read_bytes()).hexdigest() for folder in builds
    )
    assert first == second


def test_android_finds_the_attributes_that_debian_s_framework_does_not_know(signed: Path) -> None:
    tree = toolbox.run("aapt2", "dump", "xmltree", signed, "--file", "AndroidManifest.xml")
    for name, number in (("dataExtractionRules", "0x0101063e"), ("localeConfig", "0x0101065b")):
        assert re.search(rf":{name}\({number}\)=@0x7f", tree)


def test_signing_adds_a_signature_and_nothing_else(builds: tuple[Path, Path], signed: Path) -> None:
    with (
        zipfile.ZipFile(builds[0] / "mobileiqa-demo-unsigned.apk") as before,
        zipfile.ZipFile(signed) as after,
    ):
        assert after.namelist() == before.namelist()
        assert all(after.read(name) == before.read(name) for name in before.namelist())
    report = toolbox.run("apksigner", "verify", "--verbose", "--min-sdk-version", "24", signed)
    assert "Verified using v2 scheme (APK Signature Scheme v2): true" in report


def test_it_holds_the_libraries_of_both_processors_and_the_model(signed: Path) -> None:
    with zipfile.ZipFile(signed) as archive:
        for abi, machine in ABIS.items():
            for library in LIBRARIES:
                data = archive.read(f"lib/{abi}/{library}")
                assert struct.unpack_from("<H", data, 18) == (machine,)
        libraries = {name for name in archive.namelist() if name.startswith("lib/")}
        assert libraries == {f"lib/{abi}/{library}" for abi in ABIS for library in LIBRARIES}
        assert archive.read("assets/mobileiqa-small/model.onnx") == MODEL.read_bytes()
        for text in ("MODEL_CARD.md", "LICENSE", "THIRD_PARTY.txt"):
            assert archive.read(f"assets/mobileiqa/{text}").decode(
                "utf-8", errors="strict" if text != "THIRD_PARTY.txt" else "replace"
            )


def test_it_is_aligned_to_pages_of_16_kb(signed: Path) -> None:
    assert apk.faults(signed) == []
    toolbox.run("zipalign", "-c", "-p", "4", signed)


def test_the_manifest_as_android_reads_it(signed: Path) -> None:
    badging = toolbox.run("aapt2", "dump", "badging", signed)
    assert "package: name='ai.mobileiqa.demo'" in badging
    assert "sdkVersion:'24'" in badging
    assert "targetSdkVersion:'36'" in badging
    assert "application-debuggable" in badging
    assert "launchable-activity: name='ai.mobileiqa.demo.ScoreActivity'" in badging
    assert "native-code: 'arm64-v8a' 'x86_64'" in badging
    assert "uses-permission" not in badging
    assert "application-label-de:" in badging
    tree = toolbox.run("aapt2", "dump", "xmltree", "--file", "AndroidManifest.xml", signed)
    assert re.search(r"extractNativeLibs\S*=false", tree)


def test_the_dex_file_is_sound_and_takes_android_7(signed: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(signed) as archive:
        dex = archive.read("classes.dex")
    assert dex[:7] in (b"dex\n035", b"dex\n037"), "Android 7 reads no later format"
    (tmp_path / "classes.dex").write_bytes(dex)
    listing = toolbox.run("dexdump", "-c", tmp_path / "classes.dex") + toolbox.run(
        "dexdump", tmp_path / "classes.dex"
    )
    for name in ("ScoreActivity", "CompareActivity", "BenchmarkActivity", "AboutActivity", "Outbox"):
        assert f"'Lai/mobileiqa/demo/{name};'" in listing
    classes = set(re.findall(r"Class descriptor\s+: '(L[^']+;)'", listing))
    assert all(name.startswith("Lai/mobileiqa/") for name in classes), "no code of others is in it"
