"""Opens many damaged TFLite artifacts; a process of its own, since native code may end it.

Prints how many were refused and how many still scored.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2]))

from mobileiqa_sdk import ModelError, Scorer
from tests.sdk import tflite_artifacts

PHOTO = np.full((60, 80, 3), 128, np.uint8)
INTACT = tflite_artifacts.model()
seen: Counter[str] = Counter()
edits = st.tuples(
    st.integers(0, len(INTACT)), st.sampled_from([0, 1, 1, 1, 4, 40]), st.binary(min_size=1, max_size=4)
)


@settings(deadline=None, max_examples=300, derandomize=True, database=None)
@given(st.lists(edits, min_size=1, max_size=4))
def damaged(changes: list[tuple[int, int, bytes]]) -> None:
    data = bytearray(INTACT)
    for start, length, put in changes:
        data[start : start + length] = put
    path = tflite_artifacts.save(Path(sys.argv[1]), bytes(data))
    try:
        score = Scorer(path, threads=1).score(PHOTO)
    except ModelError:
        seen["refused"] += 1
    else:
        seen["worked"] += 1
        assert 0 <= score <= 1


damaged()
print(seen["refused"], seen["worked"])
