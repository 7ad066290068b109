"""Bytes that no one would write, made from bytes that somebody did."""

from __future__ import annotations

from hypothesis import strategies as st


def damaged(seeds: list[bytes]) -> st.SearchStrategy[bytes]:
    """Returns a strategy of seeds with bytes replaced, removed or inserted, or with their end cut off."""
    return st.sampled_from(seeds).flatmap(_edited) | st.binary(max_size=64)


def _edited(seed: bytes) -> st.SearchStrategy[bytes]:
    place = st.integers(0, len(seed))
    edit = st.tuples(place, st.sampled_from([0, 1, 1, 2, 8, 64]), st.binary(max_size=8))
    edits = st.lists(edit, max_size=4).map(lambda edits: _apply(seed, edits))
    return st.tuples(edits, place, st.booleans()).map(lambda made: made[0][: made[1]] if made[2] else made[0])


def _apply(seed: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for place, removed, inserted in edits:
        seed = seed[:place] + inserted + seed[place + removed :]
    return seed
