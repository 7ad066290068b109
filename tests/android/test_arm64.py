"""The C++ layer as a phone's processor runs it: qemu-aarch64 executes the machine code of the APK."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import skimage

from mobileiqa_sdk import Scorer, library
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.resample import resize

from ..sdk import artifacts
from . import toolbox

PHOTOS = [Path(skimage.__file__).parent / "data" / name for name in ("chelsea.png", "rocket.jpg")]
SMALL = 192, 128


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    toolbox.need("clang-14", "ld.lld-14", "qemu-aarch64-static", "javac")
    toolbox.need_onnxruntime("onnxruntime-android")
    toolbox.need_onnxruntime("qemu")
    folder = tmp_path_factory.mktemp("arm64")
    toolbox.build_native("qemu", folder)
    return folder / "score"


def emulated(program: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = ["qemu-aarch64-static", "-L", toolbox.CACHE / "qemu", program, *arguments]
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)


def test_it_is_a_program_for_arm64(program: Path) -> None:
    head = program.read_bytes()[:20]
    assert head[:4] == b"\x7fELF"
    assert int.from_bytes(head[18:20], "little") == 183  # EM_AARCH64


def test_photos_get_the_answers_of_python(program: Path, tmp_path: Path) -> None:
    scorer = Scorer(threads=1)
    contract = scorer.contract
    sizes = {output.name: output.size for output in contract.outputs}
    files: list[object] = []
    photos = [read_photo(path).resize(SMALL) for path in PHOTOS]  # qemu is slow
    for number, photo in enumerate(photos):
        size, file = scorer.input_size(photo.height, photo.width), tmp_path / f"{number}.rgb"
        file.write_bytes(resize(photo, *size).tobytes())
        files += [file, *size]
    promised = ",".join(f"{name}:{size}" for name, size in sizes.items())
    result = emulated(program, library.find(None), 0, 0, promised, *files)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stderr)["model"]["name"] == contract.model.name
    rows = np.array([line.split() for line in result.stdout.splitlines()], float)
    answers = np.split(rows, np.cumsum([*sizes.values()])[:-1], axis=1)
    for i, expected in enumerate(map(scorer.assess, photos)):
        actual = {name: values[i] for name, values in zip(sizes, answers, strict=True)}
        assert actual["opinions"].mean() == pytest.approx(expected.score, abs=1e-4)
        severities = [expected.faults[fault] for fault in contract.faults]
        assert actual["faults"] == pytest.approx(severities, abs=1e-3)
        assert actual["photo"] == pytest.approx(expected.photograph, abs=1e-3)


def test_a_model_that_lies_and_files_that_are_none(program: Path, tmp_path: Path) -> None:
    model = artifacts.save(tmp_path, artifacts.model())
    for arguments, message in [
        ((model, 49, 64, "opinions:1"), "[1, 49, 64, 3]"),
        (
            (model, 48, 64, "opinions:2"),
            "its contract promises an output of size 2, float, the model has another",
        ),
        ((__file__, 48, 64, "opinions:1"), "onnxruntime: "),
        ((tmp_path, 48, 64, "opinions:1"), "onnxruntime: "),
    ]:
        result = emulated(program, *arguments, tmp_path / "no.rgb", 48, 64)
        assert (result.returncode, result.stdout) == (1, "")
        assert message in result.stderr
