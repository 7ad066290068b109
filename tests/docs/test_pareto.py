"""The points of docs/plots/pareto.png are those of the tables."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_points_are_the_rows_of_the_tables() -> None:
    pytest.importorskip("mobileiqa_bench")
    text = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    points = runpy.run_path(str(ROOT / "docs" / "make_pareto.py"))["points"]()
    assert len(points) > 4
    assert {point.label for point in points} >= {"as trained, PyTorch eager", "ONNX fp32"}
    for point in points:
        assert f"| {point.label} | {point.time:.0f} ms |" in text
        assert 0.9 < point.srcc <= 1
        assert 1e7 < point.size < 4e8
