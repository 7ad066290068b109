"""Jobs of small students for the formats' tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from mobileiqa_export.formats import Job
from mobileiqa_export.precisions import FP32, Precision
from mobileiqa_export.rewrite import rewrite
from mobileiqa_export.student import StudentConfig
from mobileiqa_sdk.contract import Golden, GoldenCase, InputSpec, ModelContract, ModelInfo, OutputSpec

from .conftest import SMALL, TINY, filled
from .formulas import formula_image

CONFIGS = {
    "tiny": TINY,
    "small": SMALL,
    # Just large enough that an attention's matrix becomes integers.
    "attentive": StudentConfig(grid=7, width=8, hidden=8, views=2, input_size=(96, 128)),
}


@cache
def network(name: str) -> nn.Module:
    """A rewritten student. It is shared: do not change it."""
    return rewrite(filled(CONFIGS[name]).eval(), CONFIGS[name]).network


def photos(name: str, seeds: Iterable[int] = range(4)) -> list[NDArray[np.uint8]]:
    """Images of a student's size, uint8 RGB [H, W, 3]."""
    return [formula_image(*CONFIGS[name].input_size, seed) for seed in seeds]


def contract(size: tuple[int, int], opinions: int = 1, precision: Precision = FP32) -> ModelContract:
    """Returns a contract whose golden values nobody reads."""
    return ModelContract(
        ModelInfo("tiny", "1.2", "a student", "Apache-2.0", "0" * 64),
        InputSpec(*size),
        (OutputSpec("opinions" if opinions > 1 else "score", size=opinions),),
        precision.for_contract,
        Golden(60, 80, 0.1, (GoldenCase("0" * 64, 0.5),)),
    )


def contract_of(name: str, precision: Precision = FP32) -> ModelContract:
    """Returns the contract of a student."""
    return contract(CONFIGS[name].input_size, CONFIGS[name].opinions, precision)


def job(name: str, precision: Precision, folder: Path, **changes: object) -> Job:
    """Returns a job for a student in a new folder."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Job(network(name), contract_of(name, precision), precision, folder, photos(name))
    return replace(made, **changes)  # type: ignore[arg-type]
