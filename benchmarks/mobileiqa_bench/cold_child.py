"""One measurement in one fresh process: ``python -m mobileiqa_bench.cold_child KIND ARGUMENT...``.

Started by :mod:`mobileiqa_bench.cold`, which reads what it prints. Nothing but `sys` and `time` may be
imported up here: what this process has not imported yet is what is measured.
"""

from __future__ import annotations

import sys
from time import perf_counter

TYPE_CHECKING = False  # type checkers know this name; typing itself must not be imported yet
if TYPE_CHECKING:
    from collections.abc import Callable


def measure_import(statement: str) -> None:
    """Prints the seconds that an import statement takes."""
    started = perf_counter()
    exec(statement, {})  # noqa: S102 - a statement of cold.py
    print(perf_counter() - started)


def measure_first(photo: str, runs: str) -> None:
    """Prints the seconds of the import and of the first score in one line, then those of warm scores.

    The first score imports the runtime, loads the model, and imports the photo's decoder.
    """
    started = perf_counter()
    from mobileiqa_sdk import score

    imported = perf_counter()
    score(photo)
    print(imported - started, perf_counter() - imported, flush=True)
    for _ in range(int(runs)):
        started = perf_counter()
        score(photo)
        print(perf_counter() - started)


def measure_decode(photo: str, runs: str) -> None:
    """Prints the seconds of Pillow's decoding at full size and of a warm score, one pair per line."""
    from PIL import Image

    from mobileiqa_sdk import score

    for run in range(int(runs) + 1):
        started = perf_counter()
        with Image.open(photo) as image:
            image.load()
        decoded = perf_counter()
        score(photo)
        if run:  # the first is warm-up
            print(decoded - started, perf_counter() - decoded)


def measure_folder(model: str, workers: str, repeat: str, *photos: str) -> None:
    """Scores the photos ``repeat`` times over: prints "ready" when warm, waits for a line, then prints the
    figures.

    They are seconds, the peak of resident memory in bytes (0 if the system does not report it), and the
    scores.
    """
    from mobileiqa_sdk import Assessment, Scorer

    scorer = Scorer(model or None, threads=1)
    list(scorer.score_many(photos[: int(workers)], workers=int(workers)))
    print("ready", flush=True)
    sys.stdin.readline()
    started = perf_counter()
    results = list(scorer.score_many(list(photos) * int(repeat), workers=int(workers)))
    seconds = perf_counter() - started
    print(seconds, _peak_bytes(), *(one.score for one in results if isinstance(one, Assessment)))


def _peak_bytes() -> int:
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            return next(1024 * int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return 0


KINDS: dict[str, Callable[..., None]] = {
    "import": measure_import,
    "first": measure_first,
    "decode": measure_decode,
    "folder": measure_folder,
}

if __name__ == "__main__":
    if "numpy" in sys.modules or "mobileiqa_sdk" in sys.modules:
        sys.exit("this process has imported before the measurement what is measured")
    KINDS[sys.argv[1]](*sys.argv[2:])
