"""Does an artifact keep its contract on this machine?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from PIL import Image

from .golden import golden_image
from .resample import resize
from .scorer import Scorer


@dataclass(frozen=True)
class Replay:
    """The golden image, scored here.

    Attributes:
        resize_exact: whether resizing gave the promised bytes.
        expected, found: scores in [0, 1].
        tolerance: largest allowed distance of the two.
    """

    resize_exact: bool
    expected: float
    found: float
    tolerance: float

    @property
    def difference(self) -> float:
        """|found - expected|."""
        return abs(self.found - self.expected)

    @property
    def passed(self) -> bool:
        """Resizing is exact and the score within tolerance."""
        return self.resize_exact and self.difference <= self.tolerance


def replay_golden(scorer: Scorer) -> Replay:
    """Make the contract's golden image, take it the way of every photo, and compare."""
    spec, golden = scorer.contract.input, scorer.contract.golden
    image = golden_image(golden.height, golden.width)
    pixels = resize(Image.fromarray(image), *spec.size)
    exact = hashlib.sha256(pixels.tobytes()).hexdigest() == golden.input_sha256
    return Replay(exact, golden.score, scorer.score(image), golden.tolerance)
