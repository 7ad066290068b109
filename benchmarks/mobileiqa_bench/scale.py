"""``python -m mobileiqa_bench.scale``: photos per second and memory by engine, source and number of workers.

The same photos come from a folder, from a tar archive and from a server on loopback that speaks S3 (moto), to
this SDK alone and to Ray. Each combination runs in a fresh process, the combinations in turn in every round,
and two workers are compared with twice one, Ray with this SDK alone. Scores must be equal bit for bit
in all of them.

Needs the extras ``[bench]``, ``[ray]`` and ``[cloud]``, and moto's server.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import click

from mobileiqa_sdk.errors import MobileIQAError, PhotoError
from mobileiqa_sdk.ray import score_on_ray
from mobileiqa_sdk.scorer import Scorer
from mobileiqa_sdk.sources.find import find_sources
from mobileiqa_sdk.streams import Scored, score_sources

from .tables import write_table

ENGINES = ("local", "ray")
SOURCES = ("folder", "tar", "s3")
WORKERS = (1, 2)
_INTERVAL = 0.05  # seconds between two looks at the memory
_CHILD = """
import json, sys
from mobileiqa_bench.scale import measured
print(json.dumps(measured(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
"""


def measured(engine: str, source: str, workers: int) -> dict[str, Any]:
    """Returns seconds, peak bytes of this process and its children, and the scores, of one combination.

    The model is loaded, the listing done and Ray started before the clock is.
    """
    scorer = Scorer(threads=1)
    sources = list(find_sources(source))
    with _peak_memory() as peak, _ray_started(engine, workers):
        if engine == "ray":  # every worker loads the model
            list(score_on_ray(scorer, sources[:1] * workers, workers=workers))
        started = time.perf_counter()
        if engine == "ray":
            results = list(score_on_ray(scorer, sources, workers=workers))
        else:
            results = list(score_sources(scorer, sources, workers=workers))
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "peak_bytes": peak[0], "scores": [_score(one) for one in results]}


def _score(scored: Scored) -> float:
    if isinstance(scored.result, PhotoError):
        raise MobileIQAError(str(scored.result))
    return scored.result.score


@contextmanager
def _ray_started(engine: str, workers: int) -> Iterator[None]:
    if engine != "ray":
        yield
        return
    import ray

    # A busy machine takes longer than 30 seconds to start.
    os.environ.update({"RAY_USAGE_STATS_ENABLED": "0", "RAY_raylet_start_wait_time_s": "120"})
    ray.init("local", num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _peak_memory() -> Iterator[list[int]]:
    """Gives the most that this process and its children held together, looked at every 50 ms."""
    import psutil

    me, peak, ended = psutil.Process(), [0], threading.Event()

    def watch() -> None:
        while not ended.wait(_INTERVAL):
            peak[0] = max(peak[0], sum(map(_resident, [me, *me.children(recursive=True)])))

    def _resident(process: Any) -> int:
        try:
            return int(process.memory_info().rss)
        except psutil.Error:  # it has ended
            return 0

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def _in_fresh_process(engine: str, source: str, workers: int) -> dict[str, Any]:
    command = [sys.executable, "-c", _CHILD, engine, source, str(workers)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own code
    if done.returncode != 0:
        raise click.ClickException(f"{engine}, {source}: {done.stderr.strip().splitlines()[-1]}")
    values: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return values


@contextmanager
def _places(photo: Path, count: int) -> Iterator[dict[str, str]]:
    """Puts copies of a photo into a folder, a tar archive and a bucket; gives the name of each."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    with tempfile.TemporaryDirectory() as scratch:
        try:
            folder = Path(scratch, "photos")
            folder.mkdir()
            host, port = server.get_host_and_port()
            credentials = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
            os.environ.update(credentials, AWS_ENDPOINT_URL=f"http://{host}:{port}")
            import s3fs

            store = s3fs.S3FileSystem()
            store.mkdir("photos")
            with tarfile.open(Path(scratch, "photos.tar"), "w") as archive:
                for number in range(count):
                    copy = shutil.copy(photo, folder / f"{number:06}{photo.suffix}")
                    archive.add(copy, Path(copy).name)
                    store.pipe_file(f"photos/{Path(copy).name}", photo.read_bytes())
            yield {"folder": str(folder), "tar": str(Path(scratch, "photos.tar")), "s3": "s3://photos/"}
        finally:
            server.stop()


def run(photo: Path, count: int, rounds: int) -> dict[str, Any]:
    """Returns the figures of all combinations; see the module."""
    runs: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    with _places(photo, count) as names:
        for _ in range(rounds):
            for engine, source, workers in product(ENGINES, SOURCES, WORKERS):
                figures = _in_fresh_process(engine, names[source], workers)
                runs.setdefault((engine, source, workers), []).append(figures)
    scores = {tuple(one["scores"]) for figures in runs.values() for one in figures}
    if len(scores) != 1:
        raise click.ClickException("scores differ between engines, sources or numbers of workers")
    rows = [_row(key, figures, runs) for key, figures in runs.items()]
    return {"photo": photo.name, "count": count, "rounds": rounds, "load": os.getloadavg()[0], "rows": rows}


def _row(
    key: tuple[str, str, int],
    figures: list[dict[str, Any]],
    runs: dict[tuple[str, str, int], list[dict[str, Any]]],
) -> dict[str, Any]:
    engine, source, workers = key
    count = len(figures[0]["scores"])
    ones = runs[engine, source, 1]
    local = runs["local", source, workers]
    return {
        "engine": engine,
        "source": source,
        "workers": workers,
        "photos_per_second": median(count / one["seconds"] for one in figures),
        "of_so_many_times_one": median(
            o["seconds"] / (workers * f["seconds"]) for f, o in zip(figures, ones, strict=True)
        ),
        "peak_bytes": median(one["peak_bytes"] for one in figures),
        "milliseconds_a_photo_over_local": median(
            1000 * (f["seconds"] - o["seconds"]) / count for f, o in zip(figures, local, strict=True)
        ),
    }


def _markdown(report: dict[str, Any]) -> str:
    header = ("engine", "source", "workers", "photos/s", "to n x one", "peak memory", "over local, a photo")
    rows = [
        (
            *(row["engine"], row["source"], str(row["workers"]), f"{row['photos_per_second']:.1f}"),
            *(f"{row['of_so_many_times_one']:.2f}", f"{row['peak_bytes'] / 1e6:.0f} MB"),
            f"{row['milliseconds_a_photo_over_local']:.1f} ms",
        )
        for row in report["rows"]
    ]
    return f"{write_table(header, rows, 'llrrrrr')}\n\nLoad at the end: {report['load']:.1f}."


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("photo", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--count", default=100, show_default=True, type=click.IntRange(min=2), help="Copies of PHOTO.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def main(photo: Path, count: int, rounds: int, as_json: bool) -> None:
    """Measure engines, sources and workers on copies of PHOTO."""
    report = run(photo, count, rounds)
    click.echo(json.dumps(report, indent=2) if as_json else _markdown(report))


if __name__ == "__main__":
    main()
