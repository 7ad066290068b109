"""The bundled student: the same photographs give the same scores, whatever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import skimage
from numpy.typing import NDArray

from mobileiqa_bench.fidelity.scoring import open_artifact
from mobileiqa_export.formats import FORMATS, Job, save
from mobileiqa_export.precisions import PRECISIONS
from mobileiqa_export.subject import StudentSource, Subject
from mobileiqa_sdk.contract import Golden, GoldenCase, ModelContract
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.progress import SILENT
from mobileiqa_sdk.resample import resize

CHECKPOINT = Path(__file__).parents[2] / "training" / "checkpoints" / "mobileiqa-small.safetensors"
PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "retina.jpg")
TOLERANCES = {"fp32": 1e-4, "fp16": 5e-3}


@pytest.fixture(scope="module")
def subject() -> Subject:
    return StudentSource(CHECKPOINT).load(SILENT)


@pytest.fixture(scope="module")
def pictures(subject: Subject) -> list[NDArray[np.uint8]]:
    photos = [read_photo(Path(skimage.data_dir, name)) for name in PHOTOGRAPHS]
    return [resize(photo, *subject.input.size_for(photo.height, photo.width)) for photo in photos]


@pytest.fixture(scope="module")
def in_pytorch(subject: Subject, pictures: list[NDArray[np.uint8]]) -> list[Mapping[str, float]]:
    """All answers before any rewrite, on this very size of photo."""
    return [subject.reference(picture) for picture in pictures]


@pytest.mark.parametrize("precision", TOLERANCES)
def test_runtimes_agree(
    precision: str,
    subject: Subject,
    pictures: list[NDArray[np.uint8]],
    in_pytorch: list[Mapping[str, float]],
    tmp_path: Path,
) -> None:
    """onnxruntime, LiteRT and the executor of Core ML programs, each with each other and with PyTorch."""
    severities = (0.5,) * 8
    cases = tuple(GoldenCase("0" * 64, 0.5, severities, 0.5, setting) for setting in ("fast", "high"))
    contract = ModelContract(
        subject.model,
        subject.input,
        subject.outputs,
        PRECISIONS[precision].for_contract,
        Golden(60, 80, 1e-4, cases),
    )
    network = subject.rewrite(SILENT).network
    answers = {"PyTorch": in_pytorch}
    for file_format in FORMATS:
        (tmp_path / file_format).mkdir()
        runner = open_artifact(
            save(file_format, Job(network, contract, PRECISIONS[precision], tmp_path / file_format)),
            threads=1,
        )
        answers[file_format] = [runner.predict(picture).values for picture in pictures]
    assert len(answers) == 4
    names = list(in_pytorch[0])
    assert {"score", "photo", "faults.defocus"} <= set(names)
    table = np.array([[[values[name] for name in names] for values in rows] for rows in answers.values()])
    assert np.ptp(table[0], axis=0).max() > 0.1, "photographs that all get the same answers show nothing"
    apart = np.ptp(table, axis=0).max(axis=0)
    assert apart.max() <= TOLERANCES[precision], dict(zip(names, apart, strict=True))
