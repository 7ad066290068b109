"""What a line at each score would reject."""

from __future__ import annotations

import pytest

from mobileiqa_bench.evaluation.thresholds import Threshold, measure_thresholds, threshold_table

SCORES = (0.20, 0.30, 0.50, 0.62, 0.70, 0.70)
MOS = (0.10, 0.39, 0.40, 0.60, 0.59, 0.90)


def test_shares_of_good_and_bad_photos() -> None:
    lines = {line.below: line for line in measure_thresholds(SCORES, MOS)}
    assert list(lines) == [round(0.2 + 0.05 * step, 2) for step in range(12)]
    assert lines[0.2] == (0.2, 0, 0, 0)  # a score on the line is kept
    assert lines[0.3] == (0.3, pytest.approx(1 / 6), 0, 0.5)
    assert lines[0.65] == (0.65, pytest.approx(4 / 6), 0.5, 1)
    assert lines[0.75] == (0.75, 1, 1, 1)


def test_without_good_or_bad_photos_there_is_no_share() -> None:
    (line, *_) = measure_thresholds([0.5, 0.5], [0.5, 0.45])
    assert (line.good_lost, line.bad_caught) == (None, None)
    assert threshold_table([Threshold(0.5, 0.25, None, 0.5)]).splitlines()[-1].split() == [
        "0.50",
        "25.0%",
        "-",
        "50.0%",
    ]


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_the_ends_of_the_scale(score: float) -> None:
    lines = measure_thresholds([score], [score])
    assert lines[0].rejected == 0
    assert all(line.rejected == 1 for line in lines[1:])
