"""The bundled model names the right fault, and knows photographs, on pictures that it did not learn from."""

from __future__ import annotations

from pathlib import Path

import pytest
import skimage

from mobileiqa_bench.evaluation.fault_answers import ask_about_faults
from mobileiqa_bench.evaluation.fault_proof import RATIO_GOAL, RISING_GOAL, FaultProof, prove_faults
from mobileiqa_bench.evaluation.faults import FAULTS
from mobileiqa_sdk import Scorer
from training.no_photos import KINDS, picture

PHOTOGRAPHS = [
    Path(skimage.data_dir, name)
    for name in ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")
]
KNOWN = 200
"""Seeds from here on drew nothing that the model learned from."""


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer(threads=1)


@pytest.fixture(scope="module")
def proof(scorer: Scorer) -> FaultProof:
    return prove_faults(ask_about_faults(scorer, PHOTOGRAPHS[:4]).answers, resamples=100)


def test_it_answers_every_fault(scorer: Scorer) -> None:
    assert scorer.contract.faults == tuple(FAULTS)


def test_severity_rises_with_strength(proof: FaultProof) -> None:
    assert proof.rising.value >= RISING_GOAL
    for name, figures in proof.faults.items():
        assert figures.severities[5] > 0.6 > 0.25 > figures.severities[0], name


def test_a_fault_is_told_from_none(proof: FaultProof) -> None:
    for name, figures in proof.faults.items():
        assert min(area.value for area in figures.auc[2:]) >= 0.95, name
        assert figures.worst[4] == 1, name


def test_other_faults_do_not_move_it(proof: FaultProof) -> None:
    assert min(figures.ratio for figures in proof.faults.values()) >= RATIO_GOAL


def test_photographs_are_photographs(scorer: Scorer) -> None:
    for path in PHOTOGRAPHS:
        assert scorer.assess(path).is_photograph, path.name


def test_most_drawn_pictures_are_none(scorer: Scorer) -> None:
    taken = [
        f"{kind} {seed}"
        for kind in KINDS
        for seed in range(KNOWN, KNOWN + 2)
        if scorer.assess(picture(kind, seed)).is_photograph
    ]
    assert len(taken) <= 0.05 * 2 * len(KINDS), taken
