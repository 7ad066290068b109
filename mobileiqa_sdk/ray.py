"""Scoring on a Ray cluster, or on a local one that is started for the purpose (the extra ``[ray]``).

`score_on_ray` is what ``mobileiqa score --engine ray`` runs. A task of Ray's is one archive, or a few photos.
A task that dies with its worker or its machine is run again elsewhere; its rows are taken once, when it is
done. `BatchScorer` is for pipelines of Ray Data::

    ray.data.read_parquet("s3://photos/").map_batches(BatchScorer(column="image"), num_cpus=1)
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ._packages import import_extra
from ._text import first_line
from .columns import BatchScorer, ScorerOptions
from .done import name_of
from .errors import InternalError, MobileIQAError, PhotoError
from .scorer import Scorer
from .sources.find import Source
from .sources.shard import Shard
from .streams import Scored, score_sources

__all__ = ["BatchScorer", "score_on_ray"]

PHOTOS_EACH = 32
"""Photos of one task, where they are files or URLs of their own: seconds of work, and few rows to lose."""

RETRIES = 5
"""How often a task is run again after its worker died, before its photos become errors."""

AHEAD = 2
"""Tasks that are submitted per task that can run: results are taken in order, and one may be slow."""


def score_on_ray(
    scorer: Scorer,
    sources: Iterable[Source],
    *,
    address: str | None = None,
    workers: int | None = None,
) -> Iterator[Scored]:
    """Yields the results of `score_sources`, in the same order, scored by Ray's workers.

    Scores are those of ``scorer`` bit for bit, on machines with the same CPU. Every machine needs
    mobileiqa-sdk, the model under the same name or path, and the photos under the same paths or URLs.

    Args:
        scorer: gives the model and its options; ``scorer.threads`` CPUs are asked of Ray for each task.
        sources: paths, URLs, archives and tables.
        address: of a cluster, such as ``auto`` or ``ray://head:10001``; None starts one on this machine, and
            stops it at the end. If the program is connected to Ray already, that connection is used.
        workers: tasks at a time; None is as many as the CPUs of the cluster have room for.

    Raises:
        ExtraMissing: ray is not installed.
        MobileIQAError: the cluster cannot be reached, or a worker cannot use the model.
    """
    ray = import_extra("ray", "ray")
    is_ours = not ray.is_initialized()
    if is_ours:
        _connect(ray, address)
    try:
        yield from _results(ray, ScorerOptions.of(scorer), sources, workers)
    finally:
        if is_ours:
            ray.shutdown()


def _connect(ray: Any, address: str | None) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would report to its makers
    os.environ.setdefault("RAY_raylet_start_wait_time_s", "120")  # a busy machine takes longer than 30 s
    local = {"include_dashboard": False} if address is None else {}
    try:
        ray.init(address or "local", log_to_driver=False, logging_level="ERROR", **local)
    except MemoryError:
        raise
    except Exception as error:  # Ray raises plain ones too
        action = "start Ray on this machine" if address is None else f"connect to Ray at {address}"
        raise MobileIQAError(f"cannot {action}: {first_line(error)}") from error


def _results(
    ray: Any, options: ScorerOptions, sources: Iterable[Source], workers: int | None
) -> Iterator[Scored]:
    task = ray.remote(score_task).options(
        num_cpus=options.threads, max_retries=RETRIES, retry_exceptions=False
    )
    count = workers or max(1, int(ray.cluster_resources().get("CPU", 1)) // options.threads)
    submitted: deque[tuple[Sequence[Source], Any]] = deque()
    for part in divided(sources):
        submitted.append((part, task.remote(options, part)))
        if len(submitted) >= AHEAD * count:
            yield from _taken(ray, *submitted.popleft())
    while submitted:
        yield from _taken(ray, *submitted.popleft())


def _taken(ray: Any, part: Sequence[Source], reference: Any) -> list[Scored]:
    try:
        results: list[Scored] = ray.get(reference)
    except ray.exceptions.RayTaskError as error:  # raised by the task, which is not run again
        if isinstance(error.cause, MobileIQAError):
            raise error.cause from None  # a model that cannot be used, a package that is missing
        raise
    except ray.exceptions.RayError:
        return [Scored(_lost(source), source) for source in part]
    return results


def _lost(source: Source) -> PhotoError:
    if isinstance(source, PhotoError):
        return source
    reason = f"the worker that read it died, {RETRIES + 1} times; score it alone, with more memory"
    return InternalError(name_of(source), reason)


def divided(sources: Iterable[Source]) -> Iterator[list[Source]]:
    """Yields what one task scores: an archive, or up to `PHOTOS_EACH` photos; in order."""
    photos: list[Source] = []
    for source in sources:
        if isinstance(source, Shard):
            if photos:
                yield photos
                photos = []
            yield [source]
            continue
        photos.append(source)
        if len(photos) == PHOTOS_EACH:
            yield photos
            photos = []
    if photos:
        yield photos


def score_task(options: ScorerOptions, sources: Sequence[Source]) -> list[Scored]:
    """Returns all results of some sources: what one task of Ray's does."""
    return list(score_sources(options.open(), sources, workers=1))
