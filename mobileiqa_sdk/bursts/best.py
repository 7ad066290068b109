"""Photos in, bursts out, the best photo of each first: the one place that joins the parts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from .._refusal import named_errors
from ..errors import PhotoError
from ..parallel import default_workers, in_order
from ..photo import open_photo
from ..scorer import Assessment, Scorer
from .capture import Capture, read_capture
from .grouping import GAP, group
from .looks import SIDE, Look, look_of
from .measures import measure
from .preference import preferences
from .reasons import Evidence, Reason, reasons_for


@dataclass(frozen=True)
class Frame:
    """One photo of a burst.

    Attributes:
        assessment: what the model thinks of it.
        taken: when, in local time by the camera's clock; None if the photo does not say.
        reasons: why it is not the best; empty for the best, and for one that is as good.
    """

    assessment: Assessment
    taken: datetime | None
    reasons: tuple[Reason, ...] = ()

    @property
    def photo(self) -> str:
        """The path."""
        return self.assessment.photo


@dataclass(frozen=True)
class Burst:
    """Photos of one scene that were taken together; one photo by itself is a burst, too.

    Attributes:
        frames: the best first; at least one.
    """

    frames: tuple[Frame, ...]

    @property
    def best(self) -> Frame:
        """The photo to keep."""
        return self.frames[0]

    @property
    def others(self) -> tuple[Frame, ...]:
        """The photos that are not the best, with the reasons; empty for a photo by itself."""
        return self.frames[1:]


class Seen(NamedTuple):
    """A photo that was scored, what it looks like, and what its file says."""

    assessment: Assessment
    look: Look
    capture: Capture


def best_of_bursts(
    scorer: Scorer,
    photos: Iterable[str | os.PathLike[str] | PhotoError],
    *,
    gap: float = GAP,
    file_times: bool = False,
    workers: int | None = None,
    on_photo: Callable[[], None] = lambda: None,
) -> list[Burst | PhotoError]:
    """Groups photos that were taken together, and names the best of each group and why the others lost.

    The order within a burst is that of the scores, corrected by a second look at the photos' own pixels. It
    is a suggestion; docs/bursts.md says how often people agree with it. Eyes are not judged.

    Args:
        scorer: with one thread, photos are read side by side.
        photos: paths, such as :func:`mobileiqa_sdk.find_photos` yields; a path given twice counts once.
        gap: most seconds between one photo and the next of a burst.
        file_times: for photos without a time of capture, take the time when the file was last changed.
        workers: photos at a time; None is as many as the CPUs have room for.
        on_photo: called after each photo that was scored or is an error.

    Returns:
        The bursts in the order of their first photos, then the errors of photos that cannot be scored.

    Raises:
        ContractMismatch: the model misbehaves.

    >>> best_of_bursts(Scorer(threads=1), ["missing.jpg"])
    [PhotoNotFound('missing.jpg: no such file')]
    """
    distinct = list(dict.fromkeys(p if isinstance(p, PhotoError) else os.fsdecode(p) for p in photos))
    workers = default_workers(scorer.threads) if workers is None else workers
    seen: list[Seen] = []
    errors: list[PhotoError] = []
    for result in in_order(partial(_see, scorer, file_times), distinct, workers):
        if isinstance(result, PhotoError):
            errors.append(result)
        else:
            seen.append(result)
        on_photo()
    return [*rank_bursts(seen, gap=gap, workers=workers), *errors]


def rank_bursts(seen: Sequence[Seen], *, gap: float = GAP, workers: int = 1) -> list[Burst | PhotoError]:
    """Returns what :func:`best_of_bursts` does, for photos that were scored before."""
    groups = group([one.look for one in seen], [one.capture.taken for one in seen], gap=gap)
    errors: list[PhotoError] = []
    bursts: list[Burst] = []
    for members in groups:
        photos_of_one = [seen[number] for number in members]
        if len(members) == 1:  # nothing to compare it with, so it is not read again
            (one,) = photos_of_one
            bursts.append(Burst((Frame(one.assessment, one.capture.taken),)))
            continue
        looked_at = look_again(photos_of_one, workers)
        errors += (result for result in looked_at if isinstance(result, PhotoError))
        evidence = [result for result in looked_at if isinstance(result, Evidence)]
        if evidence:
            bursts.append(_ranked(evidence))
    return [*bursts, *errors]


def _see(scorer: Scorer, file_times: bool, photo: str | PhotoError) -> Seen | PhotoError:
    (result,) = scorer.score_many([photo], workers=1)
    if isinstance(result, PhotoError):
        return result
    try:
        capture = read_capture(result.photo, file_time=file_times)
        return Seen(result, read_look(result.photo), capture)
    except PhotoError as error:  # the file was changed meanwhile
        return error


def read_look(path: str) -> Look:
    """Returns what the photo of a file looks like.

    Raises:
        PhotoError: it cannot be read.
    """
    with open_photo(path, fit=(SIDE, SIDE)) as (name, image), named_errors(name):
        return look_of(image)


def look_again(members: Sequence[Seen], workers: int) -> list[Evidence | PhotoError]:
    """Measures the photos of a burst, all at the size of the smallest."""
    smallest = min(one.capture.pixels for one in members)
    return list(in_order(partial(_evidence, smallest), members, workers))


def _evidence(pixels: int, photo: Seen) -> Evidence | PhotoError:
    """Measures a photo that is shrunk, if it is larger, to about that many pixels."""
    assessment, _, (taken, own_pixels) = photo
    try:
        with open_photo(assessment.photo) as (name, image), named_errors(name):
            scale = min(1.0, (pixels / (image.width * image.height)) ** 0.5)
            size = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
            return Evidence(assessment, taken, own_pixels, measure(image, size))
    except PhotoError as error:  # the file was changed meanwhile
        return error


def _ranked(burst: Sequence[Evidence]) -> Burst:
    preference = preferences(burst)
    order = sorted(range(len(burst)), key=lambda number: -preference[number])
    best = burst[order[0]]
    frames = [Frame(best.assessment, best.taken)]
    for photo in (burst[number] for number in order[1:]):
        frames.append(Frame(photo.assessment, photo.taken, reasons_for(photo, best)))
    return Burst(tuple(frames))
