from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.shards import SHARD, Chosen, Shards


def test_rows_of_many_files_are_read_in_place(tmp_path: Path) -> None:
    shards = Shards(tmp_path / "rows", {"of": "numbers"}, "features")
    count = 2 * SHARD + 3
    assert shards.fill(count, lambda rows: np.array(rows)) == count
    rows = shards.rows()
    assert len(rows) == count
    assert [int(row) for row in rows] == shards.read().tolist() == list(range(count))
    assert rows[-1] == count - 1
    with pytest.raises(IndexError):
        rows[count]


def test_chosen_rows_come_in_the_order_of_their_numbers() -> None:
    chosen = Chosen("abcd", np.array([3, 0, 3]))
    assert len(chosen) == 3
    assert list(chosen) == ["d", "a", "d"]
