"""Which photos were taken together: by the time of capture and by looks, never by names.

- Photos with a time form runs, in which each follows the one before within a gap of some seconds. A group is
  of one run, and each of its photos looks like each other one: so the same place an hour later is another
  group, and so is the next thing that was photographed at once.
- A photo without a time, such as an edited copy that lost it, joins the group of the photo that it looks
  almost the same as.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from .looks import Look

GAP = 10.0
"""Seconds between one photo and the next that may be of the same group."""

LIKE = 0.6
"""Likeness of two thumbnails, at most 1, from which photos of one run show the same scene."""

ALMOST_THE_SAME = 0.75
"""The same for photos of which one has no time; the hashes must be near, too."""

NEAR = 10
"""Bits of 64 in which the hashes of such photos differ at most."""

_BLOCK = 512  # photos compared with all others at once
_NO_RUN = -1
_Links = dict[int, float]


def group(looks: Sequence[Look], times: Sequence[datetime | None], *, gap: float = GAP) -> list[list[int]]:
    """Returns the groups as rising numbers of photos, in the order of their first ones; most are of one.

    The time that it takes grows with the square of the number of photos: a second or two for 10,000.

    Args:
        looks: of each photo.
        times: of each photo; None where the time is not known.
        gap: most seconds between one photo of a run and the next.
    """
    links = _links(looks, _runs(times, gap))
    groups: list[list[int]] = []
    group_of: dict[int, int] = {}
    timed = sorted((time, number) for number, time in enumerate(times) if time is not None)
    untimed = [number for number, time in enumerate(times) if time is None]
    for number in [*(number for _, number in timed), *untimed]:
        chosen = _group_for(links[number], groups, group_of, whole=times[number] is not None)
        if chosen is None:
            chosen = len(groups)
            groups.append([])
        groups[chosen].append(number)
        group_of[number] = chosen
    return sorted(sorted(members) for members in groups)


def _runs(times: Sequence[datetime | None], gap: float) -> NDArray[np.int64]:
    """Returns the run of each photo, counted from 0; `_NO_RUN` without a time."""
    runs = np.full(len(times), _NO_RUN)
    run, last = 0, None
    for time, number in sorted((time, number) for number, time in enumerate(times) if time is not None):
        if last is not None and time - last > timedelta(seconds=gap):
            run += 1
        runs[number], last = run, time
    return runs


def _links(looks: Sequence[Look], runs: NDArray[np.int64]) -> dict[int, _Links]:
    """Returns, for each photo, how close those are, at most 1, that it may share a group with."""
    links: dict[int, _Links] = defaultdict(dict)
    for first, second, closeness in _linked(looks, runs):
        links[first][second] = closeness
    return links


def _linked(looks: Sequence[Look], runs: NDArray[np.int64]) -> Iterator[tuple[int, int, float]]:
    if not looks:
        return
    thumbnails = np.stack([look.thumbnail for look in looks])
    # With bits as +-1, the product is the equal bits minus the different ones.
    hashes = np.where(np.stack([look.hash for look in looks]), 1, -1).astype(np.float32)
    for start in range(0, len(looks), _BLOCK):
        rows = slice(start, start + _BLOCK)
        likeness = thumbnails[rows] @ thumbnails.T
        different = (64 - hashes[rows] @ hashes.T) / 2
        both_timed = (runs[rows, None] != _NO_RUN) & (runs != _NO_RUN)
        same_scene = (runs[rows, None] == runs) & (likeness >= LIKE)
        almost_the_same = (different <= NEAR) & (likeness >= ALMOST_THE_SAME)
        # An edit may change all colours, and leaves the hash.
        closeness = np.where(both_timed, likeness, 1 - different / 64)
        for row, other in np.argwhere(np.where(both_timed, same_scene, almost_the_same)):
            if start + row != other:
                yield start + int(row), int(other), float(closeness[row, other])


def _group_for(
    links: _Links, groups: Sequence[Sequence[int]], group_of: dict[int, int], *, whole: bool
) -> int | None:
    """Returns the group that a photo joins: the closest of those that it is linked to; None if none is.

    Args:
        links: of the photo.
        groups: so far.
        group_of: the group of each photo that has one.
        whole: whether the photo must be linked to the whole group, or to one of it.
    """
    linked: dict[int, list[float]] = defaultdict(list)
    for number, closeness in links.items():
        if number in group_of:
            linked[group_of[number]].append(closeness)
    closeness_of = {
        chosen: min(values) if whole else max(values)
        for chosen, values in linked.items()
        if not whole or len(values) == len(groups[chosen])
    }
    return max(closeness_of, key=lambda chosen: (closeness_of[chosen], -chosen), default=None)
