"""The measurements of :mod:`mobileiqa_bench.cold`: each in a fresh process, taking turns within a round."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from .errors import ColdError
from .processes import Child
from .stats import paired_ratio

BASELINE = "import numpy, PIL.Image"
IMPORTS = (BASELINE, "import mobileiqa_sdk", "from mobileiqa_sdk import Scorer, score")
WARM_RUNS = 9
PHOTOS_EACH = 24
"""Least photos for each worker. With fewer, waiting for the last worker would dominate."""
Figures = dict[str, Any]


def measure_imports(rounds: int) -> list[Figures]:
    """Returns seconds of each of `IMPORTS`, one value for each round, and their ratios to the first."""
    values: dict[str, list[float]] = {statement: [] for statement in IMPORTS}
    for _ in range(rounds):
        for statement in IMPORTS:
            values[statement].append(float(_run("import", statement)))
    return [
        {"what": statement, "seconds": seconds, "ratio": _ratio(seconds, values[BASELINE])}
        for statement, seconds in values.items()
    ]


def measure_first(photos: dict[str, str], rounds: int) -> list[Figures]:
    """Returns seconds of the first and of a warm score of each photo, by the bundled model.

    ``process`` is the time from starting Python to the first score, ``first`` that of the call alone, after
    ``import``.
    """
    rows: list[Figures] = [
        {"what": name, "import": [], "process": [], "first": [], "warm": []} for name in photos
    ]
    for _ in range(rounds):
        for row, photo in zip(rows, photos.values(), strict=True):
            started = perf_counter()
            with _start("first", photo, str(WARM_RUNS)) as child:
                line = child.line()
                row["process"].append(perf_counter() - started)
                imported, first = map(float, line.split())
                row["import"].append(imported)
                row["first"].append(first)
                row["warm"].append(median(map(float, child.finish().split())))
    for row in rows:
        row["ratio"] = _ratio(row["first"], row["warm"])
        row["process_ratio"] = _ratio(row["process"], row["warm"])
    return rows


def measure_decode(photos: Sequence[str], rounds: int) -> list[Figures]:
    """Returns seconds of a warm score of each photo, and of Pillow decoding the file at full size."""
    rows: list[Figures] = [
        {"what": Path(photo).name, "bytes": Path(photo).stat().st_size, "decode": [], "score": []}
        for photo in photos
    ]
    for _ in range(rounds):
        for row, photo in zip(rows, photos, strict=True):
            pairs = [line.split() for line in _run("decode", photo, str(WARM_RUNS)).splitlines()]
            for key, values in zip(("decode", "score"), zip(*pairs, strict=True), strict=True):
                row[key].append(median(map(float, values)))
    for row in rows:
        row["ratio"] = _ratio(row["score"], row["decode"])
    return rows


def measure_folder(photos: Sequence[str], counts: Sequence[int], model: str, rounds: int) -> list[Figures]:
    """Returns photos per second and peak bytes of one worker, of several, and of as many processes.

    ``of_one`` is the speed of n divided by n times that of one worker; 1 means that n share nothing.
    ``memory_of_one`` likewise.

    Raises:
        ColdError: the scores depend on the number of workers.
    """
    plans = [("workers", 1)] + [(kind, n) for n in counts if n > 1 for kind in ("workers", "processes")]
    rows: list[Figures] = [
        {"what": kind, "count": n, "photos_per_second": [], "peak_bytes": []} for kind, n in plans
    ]
    expected: list[str] = []
    for _ in range(rounds):
        for row in rows:
            n = row["count"]
            processes, workers = (n, 1) if row["what"] == "processes" else (1, n)
            speed, peak, scores = _folder(photos, processes, workers, model)
            row["photos_per_second"].append(speed)
            row["peak_bytes"].append(peak)
            expected = expected or scores
            if scores != expected:
                raise ColdError(
                    f"{n} {row['what']} give scores that differ from those of one worker; please report it"
                )
    one = rows[0]
    for row in rows:
        for key, ratio in (("photos_per_second", "of_one"), ("peak_bytes", "memory_of_one")):
            base = [row["count"] * value for value in one[key]]
            row[ratio] = _ratio(row[key], base) if all(base) else None
    return rows


def _folder(photos: Sequence[str], processes: int, workers: int, model: str) -> tuple[float, int, list[str]]:
    """Returns photos per second, peak bytes and scores; every worker gets the same number of photos."""
    passes = -(-PHOTOS_EACH // len(photos))
    arguments = ("folder", model, str(workers), str(workers * passes), *photos)
    with ExitStack() as stack:
        children = [stack.enter_context(_start(*arguments)) for _ in range(processes)]
        for child in children:
            child.wait_for("ready")
        for child in children:
            child.tell("go")
        answers = [child.finish().split() for child in children]
    done = sum(len(words) - 2 for words in answers)
    if done != processes * workers * passes * len(photos):
        raise ColdError("a photo cannot be scored; `mobileiqa score` says which; leave it out")
    seconds, peak = max(float(words[0]) for words in answers), sum(int(words[1]) for words in answers)
    return done / seconds, peak, answers[0][2 : 2 + len(photos)]


def _run(*arguments: str) -> str:
    with _start(*arguments) as child:
        return child.finish()


def _start(*arguments: str) -> Child:
    return Child("mobileiqa_bench.cold_child", *arguments)


def _ratio(values: Sequence[float], baseline: Sequence[float]) -> Figures:
    return paired_ratio(values, baseline)._asdict()
