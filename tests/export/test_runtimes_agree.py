"""The bundled student: the same photographs give the same scores, whatever runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage
from numpy.typing import NDArray

from mobileiqa_bench.fidelity.scoring import open_artifact
from mobileiqa_export.checkpoint import load_student
from mobileiqa_export.formats import FORMATS, Job, save
from mobileiqa_export.precisions import PRECISIONS
from mobileiqa_export.reference import as_trained
from mobileiqa_export.rewrite import rewrite
from mobileiqa_sdk.contract import Golden, GoldenCase, InputSpec, ModelContract, ModelInfo, OutputSpec
from mobileiqa_sdk.fit import Setting
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.resample import resize

CHECKPOINT = Path(__file__).parents[2] / "training" / "checkpoints" / "mobileiqa-small-0.4.safetensors"
PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "retina.jpg")
TOLERANCES = {"fp32": 1e-4, "fp16": 5e-3}


def input_spec() -> InputSpec:
    settings = tuple(Setting(*setting) for setting in load_student(CHECKPOINT).config.settings)
    return InputSpec(fit="keep-aspect", settings=settings)


@pytest.fixture(scope="module")
def pictures() -> list[NDArray[np.uint8]]:
    spec = input_spec()
    photos = [read_photo(Path(skimage.data_dir, name)) for name in PHOTOGRAPHS]
    return [resize(photo, *spec.size_for(photo.height, photo.width)) for photo in photos]


@pytest.fixture(scope="module")
def in_pytorch(pictures: list[NDArray[np.uint8]]) -> list[float]:
    """As trained, before any rewrite."""
    loaded = load_student(CHECKPOINT)
    run = as_trained(loaded.network, loaded.config)
    return [run(picture) for picture in pictures]


@pytest.mark.parametrize("precision", TOLERANCES)
def test_runtimes_agree(
    precision: str, pictures: list[NDArray[np.uint8]], in_pytorch: list[float], tmp_path: Path
) -> None:
    """onnxruntime, LiteRT and the executor of Core ML programs, each with each other and with PyTorch."""
    loaded = load_student(CHECKPOINT)
    network = rewrite(loaded.network, loaded.config).network
    contract = ModelContract(
        ModelInfo("small", "0", "test", "Apache-2.0", loaded.sha256),
        input_spec(),
        (OutputSpec("opinions", size=loaded.config.opinions),),
        PRECISIONS[precision].for_contract,
        Golden(60, 80, 1e-4, tuple(GoldenCase("0" * 64, 0.5, setting=name) for name in ("fast", "high"))),
    )
    scores = {"PyTorch": in_pytorch}
    for file_format in FORMATS:
        (tmp_path / file_format).mkdir()
        runner = open_artifact(
            save(file_format, Job(network, contract, PRECISIONS[precision], tmp_path / file_format)),
            threads=1,
        )
        scores[file_format] = [runner.run(picture) for picture in pictures]
    assert len(scores) == 4
    table = np.array(list(scores.values()))
    assert np.ptp(table[0]) > 0.1, "photographs that all score the same show nothing"
    apart = np.ptp(table, axis=0)
    assert apart.max() <= TOLERANCES[precision], dict(zip(PHOTOGRAPHS, apart, strict=True))
