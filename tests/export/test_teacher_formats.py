"""A teacher of an eighth of the published widths in every format: the scores of the network as trained."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import nn

from mobileiqa_bench.fidelity.scoring import open_artifact
from mobileiqa_export.formats import FORMATS, Job, save
from mobileiqa_export.precisions import PRECISIONS
from mobileiqa_export.reference import as_trained
from mobileiqa_export.rewrite import rewrite

from .conftest import SMALL_TEACHER, filled_teacher
from .formulas import formula_image
from .jobs import contract

DRIFT = {"fp32": 1e-5, "fp16": 1e-3, "int8-weights": 1e-2}


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return rewrite(filled_teacher(), SMALL_TEACHER).network


@pytest.mark.parametrize("precision", DRIFT)
@pytest.mark.parametrize("file_format", sorted(FORMATS))
def test_scores_are_those_of_the_network_as_trained(
    file_format: str, precision: str, network: nn.Module, tmp_path: Path
) -> None:
    size = SMALL_TEACHER.input_size
    images = [formula_image(*size, seed) for seed in (1, 3)]
    chosen = PRECISIONS[precision]
    path = save(file_format, Job(network, contract(size, precision=chosen), chosen, tmp_path, images))
    runner = open_artifact(path, threads=1)
    expected = [as_trained(filled_teacher(), SMALL_TEACHER)(image) for image in images]
    assert abs(expected[0] - expected[1]) > 0.005
    assert [runner.run(image) for image in images] == pytest.approx(expected, abs=DRIFT[precision])
