"""What a timing against another artifact says."""

from __future__ import annotations

import pytest

from mobileiqa_bench.fidelity.pages import timing_section
from mobileiqa_bench.fidelity.timing import Timing


@pytest.mark.parametrize(
    ("ratio", "slower"),
    [
        ((1.03, 0.04, 4.89), None),
        ((1.02, 0.91, 1.05), None),
        ((0.98, 0.95, 1.0), None),
        ((1.2, 1.1, 1.3), True),
        ((0.8, 0.7, 0.99), False),
    ],
)
def test_an_interval_that_spans_one_says_nothing(
    ratio: tuple[float, float, float], slower: bool | None
) -> None:
    timing = Timing(ratio, (0.5, 0.5, 0.5), 12.0, 80.0, 2, 3)
    assert timing.slower is slower
    page = timing_section(timing, "fp32")
    assert ("**Slower" in page) is (slower is True)
    assert ("Faster than" in page) is (slower is False)
