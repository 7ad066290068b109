"""Checks whether an artifact keeps its contract on this machine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from PIL import Image

from ._numbers import exceeds
from .contract import GoldenCase
from .golden import golden_image
from .resample import resize
from .runtimes.runtime import Prediction
from .scorer import Scorer


@dataclass(frozen=True)
class ReplayedCase:
    """The golden image with one setting, scored here.

    Attributes:
        setting: its name; empty for a model of one size.
        resize_exact: whether resizing gave the promised bytes.
        expected: the promised values by name: ``score``, ``photo`` and ``faults.NAME``, each in [0, 1].
        actual: the values computed here, with the same names.
    """

    setting: str
    resize_exact: bool
    expected: dict[str, float]
    actual: dict[str, float]

    @property
    def difference(self) -> float:
        """The largest |actual - expected| of any value."""
        return max(abs(self.actual[name] - value) for name, value in self.expected.items())


@dataclass(frozen=True)
class Replay:
    """The golden image, scored here with every setting.

    Attributes:
        cases: one for each setting, in the contract's order; one for a model of one size.
        tolerance: the largest allowed difference of any value.
    """

    cases: tuple[ReplayedCase, ...]
    tolerance: float

    @property
    def resize_exact(self) -> bool:
        """Whether resizing gave the promised bytes in every case."""
        return all(case.resize_exact for case in self.cases)

    @property
    def expected(self) -> float:
        """The promised score of the first case, in [0, 1]."""
        return self.cases[0].expected["score"]

    @property
    def actual(self) -> float:
        """The score of the first case here, in [0, 1]."""
        return self.cases[0].actual["score"]

    @property
    def difference(self) -> float:
        """The largest |actual - expected| of any value in any case."""
        return max(case.difference for case in self.cases)

    @property
    def passed(self) -> bool:
        """Whether resizing is exact and every value within tolerance."""
        return self.resize_exact and not exceeds(self.difference, self.tolerance)


def replay_golden(scorer: Scorer) -> Replay:
    """Makes the contract's golden image, scores it with every setting and compares every output.

    Raises:
        ContractMismatch: the model misbehaves.
    """
    golden = scorer.contract.golden
    image = Image.fromarray(golden_image(golden.height, golden.width))
    return Replay(tuple(_replayed(scorer, image, case) for case in golden.cases), golden.tolerance)


def _replayed(scorer: Scorer, image: Image.Image, case: GoldenCase) -> ReplayedCase:
    size = scorer.input_size(image.height, image.width, case.setting or None)
    pixels = resize(image, *size)
    exact = hashlib.sha256(pixels.tobytes()).hexdigest() == case.input_sha256
    faults = dict(zip(scorer.contract.faults, case.faults, strict=True))
    expected = Prediction(case.score, (case.score,), faults, case.photo)
    return ReplayedCase(case.setting, exact, expected.values, scorer.predict(pixels).values)
