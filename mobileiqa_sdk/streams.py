"""Scores photos, and the members of archives and tables, as one stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

from ._budget import Budget
from ._refusal import out_of_memory
from .errors import PhotoError, PhotoNotFound, PhotoUnreadable
from .gallery import Row, as_row
from .parallel import check_count, default_workers, in_order
from .photo import Photo
from .scorer import Assessment, Scorer
from .sources.find import Source
from .sources.member import Member, ShardUnreadable
from .sources.shard import Shard
from .sources.store import StoredPhoto

BYTES_AHEAD = 1 << 30
"""Bytes of members that are read and not scored yet; a longer one is read alone."""

Result = Assessment | PhotoError


@dataclass(frozen=True)
class Scored:
    """A result, and where it is from.

    Attributes:
        result: of the photo; its ``photo`` is the path of the row. For an archive that cannot be read to its
            end, an error that names the archive.
        source: the path, URL or error that was scored; of a member, its archive.
        is_last: the result is that of the last member of its archive, and all others precede it.
    """

    result: Result
    source: Photo | Source
    is_last: bool = False

    def plain_row(self) -> Row:
        """Returns the row of `mobileiqa_sdk.gallery.as_row`."""
        return as_row(self.result)

    def row(self) -> Row:
        """Returns the plain row; of a member or an archive, with ``shard`` and ``shard_end`` too."""
        row = self.plain_row()
        if isinstance(self.source, Shard):
            row |= {"shard": self.source.name, "shard_end": self.is_last}
        return row


def score_sources(
    scorer: Scorer, sources: Iterable[Photo | Source], *, workers: int | None = None
) -> Iterator[Scored]:
    """Yields the results of photos, and of all photos in archives and tables, in order.

    At most ``2 * workers`` photos are read ahead, and of archives at most `BYTES_AHEAD`. A member's score is
    that of the same bytes in a file. An archive that is damaged gives the results of the members before the
    damage, then an error that names the archive; the other sources go on.

    Args:
        scorer: what scores them.
        sources: see :func:`mobileiqa_sdk.sources.find_sources`; other photos than paths may be among them.
        workers: see :meth:`Scorer.score_many`.

    Raises:
        ExtraMissing: a URL or a table needs a package that is not installed.
    """
    count = default_workers(scorer.threads) if workers is None else check_count("workers", workers)
    tasks = _tasks(sources, Budget(BYTES_AHEAD))
    return _marked(in_order(lambda task: task.score(scorer), tasks, count))


def _tasks(sources: Iterable[Photo | Source], ahead: Budget) -> Iterator[_Task]:
    for source in sources:
        if isinstance(source, Shard):
            yield from _tasks_of_shard(source, ahead)
        elif isinstance(source, StoredPhoto):
            yield _Task(source, source.url, source.read)
        else:
            yield _Task(source, None, _returning(source))


def _tasks_of_shard(shard: Shard, ahead: Budget) -> Iterator[_Task]:
    is_empty = not shard.skip
    try:
        for member in shard.members():
            is_empty = False
            yield _read(shard, member, ahead)
    except ShardUnreadable as error:
        yield _failed(shard, PhotoUnreadable(shard.name, str(error)))
    except FileNotFoundError:
        yield _failed(shard, PhotoNotFound(shard.name, "no such file"))
    except MemoryError:
        yield _failed(shard, out_of_memory(shard.name))
    else:
        if is_empty:
            yield _failed(shard, PhotoNotFound(shard.name, "no photos in it"))


def _read(shard: Shard, member: Member, ahead: Budget) -> _Task:
    """Returns the task for a member, whose bytes count in the budget until it is scored."""
    held = ExitStack()
    held.enter_context(ahead.part(member.size))
    try:
        photo = member.read()
    except BaseException:
        held.close()
        raise
    return _Task(shard, member.path, _returning(photo), held)


def _failed(shard: Shard, error: PhotoError) -> _Task:
    return _Task(shard, None, _returning(error), ends_shard=True)


@dataclass
class _Task:
    """One photo to score.

    Attributes:
        source: what it is from.
        path: of its row; None is the name that the photo has by itself.
        photo: returns it, or an error.
        held: is closed when it is scored.
        ends_shard: it stands for a whole archive.
    """

    source: Photo | Source
    path: str | None
    photo: Callable[[], Photo | PhotoError]
    held: ExitStack | None = None
    ends_shard: bool = False

    def score(self, scorer: Scorer) -> tuple[_Task, Result]:
        """Returns the task, without what it holds, and its result."""
        try:
            (result,) = scorer.score_many([self.photo()], workers=1)
        finally:
            if self.held is not None:
                self.held.close()
        if self.path is not None:
            result = _renamed(result, self.path)
        return replace(self, photo=_nothing, held=None), result


def _returning(photo: Photo | PhotoError) -> Callable[[], Photo | PhotoError]:
    return lambda: photo


def _nothing() -> Photo:
    return b""


def _renamed(result: Result, path: str) -> Result:
    if isinstance(result, Assessment):
        return replace(result, photo=path)
    return type(result)(path, result.reason)


def _marked(results: Iterable[tuple[_Task, Result]]) -> Iterator[Scored]:
    """Yields the results, one behind, so that the last member of an archive is known to be the last."""
    held: Scored | None = None
    for task, result in results:
        if held is not None:
            yield replace(held, is_last=held.source is not task.source)
            held = None
        if not isinstance(task.source, Shard) or task.ends_shard:
            yield Scored(result, task.source)
        else:
            held = Scored(result, task.source)
    if held is not None:
        yield replace(held, is_last=True)
