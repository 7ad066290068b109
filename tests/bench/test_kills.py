"""A batch that is killed at random has every row once: the small version of docs/columns.md's figure."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobileiqa_bench import kills

pytest.importorskip("pyarrow")


def test_a_killed_batch_has_every_row_once() -> None:
    report = kills.run(rows=6000, kills=2, longest=0.3, seed=1)
    assert {name: report[name] for name in ("rows", "lost", "doubled", "wrong")} == {
        "rows": 6000,
        "lost": 0,
        "doubled": 0,
        "wrong": 0,
    }


def test_the_shards_hold_what_is_expected(tmp_path: Path) -> None:
    scores = kills.write_shards(tmp_path, 25)
    assert len(scores) == 25
    assert scores[f"{tmp_path / '3.tar'}/00000013.jpg"] == kills.stand_in(bytes([13, 0, 0, 0]))
