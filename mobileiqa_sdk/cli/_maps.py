"""`mobileiqa score --map`: where the pictures go, and the photos as they are mapped beside their scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import NamedTuple

import click

from .._refusal import out_of_memory
from ..errors import PhotoError, PictureUnsupported
from ..parallel import in_order
from ..photo import Photo, describe
from ..scorer import Scorer
from ..sources.find import Source
from ..streams import Scored
from ..where import QualityMap
from ..where.measure import finest_setting
from ..where.quality_map import PICTURE_FORMATS, picture_format
from ._types import check_output


class Mapped(NamedTuple):
    """A result, and the map of its photo; None for a photo without a score."""

    scored: Scored
    quality: QualityMap | None


class Maps:
    """Where maps are written: one file for one photo, or a folder for several.

    A file that is named for one photo is replaced. In a folder nothing is ever overwritten: where a file has
    the name and another content, `` (2)`` is added to it.

    Args:
        target: the file, or the folder, which is made when the first map is written.
        sources: the photos. A folder that exists is a folder for one photo too.
        kept: the file that keeps the rows and is continued; None prints them.
        engine: what runs the work.

    Raises:
        click.UsageError: photos that cannot be mapped, a file of another kind of picture, or a file in the
            place of the folder.
    """

    def __init__(
        self, target: Path, sources: Sequence[Photo | Source], *, kept: str | None, engine: str
    ) -> None:
        _check_sources(sources, kept, engine)
        self._target = target
        self._is_folder = len(sources) > 1 or target.is_dir()
        if self._is_folder:
            is_picture = target.suffix.lower() in PICTURE_FORMATS and not target.is_dir()
            if is_picture or target.is_file():
                raise click.UsageError(f"--map {target}: several photos need a folder, and this is a file")
            return
        try:
            picture_format(target)
        except PictureUnsupported as error:
            raise click.UsageError(f"--map {error}; or name a folder that exists") from error
        check_output("--map", target)

    def drawn(
        self, results: Iterable[Scored], scorer: Scorer, sources: Sequence[Photo | Source], workers: int
    ) -> Iterator[Mapped]:
        """Passes results on, and writes the map of each photo that has a score.

        A photo that can be scored and not mapped becomes an error.

        Raises:
            ContractUnsupported: the model takes photos at fixed sizes only; at the first photo.
            OSError: a map cannot be written.
        """
        finest_setting(scorer.contract)
        maps = in_order(lambda source: _attempt(scorer, source), sources, workers)
        for scored, quality in zip(results, maps, strict=False):
            if isinstance(scored.result, PhotoError) or quality is None:
                yield Mapped(scored, None)
            elif isinstance(quality, PhotoError):
                yield Mapped(replace(scored, result=quality), None)
            else:
                self._write(quality)
                yield Mapped(scored, quality)

    def _write(self, quality: QualityMap) -> None:
        """Writes the picture of a map.

        Raises:
            OSError: it cannot be written; no part of it is left.
        """
        if not self._is_folder:
            quality.save(self._target)
            return
        self._target.mkdir(parents=True, exist_ok=True)
        data = quality.encoded("map.png")
        for path in _names(self._target, quality.photo):
            try:
                _write_new(path, data)
                return
            except FileExistsError:
                if path.is_file() and path.read_bytes() == data:
                    return


def _names(folder: Path, photo: str) -> Iterator[Path]:
    stem = Path(photo).stem
    yield folder / f"{stem}.map.png"
    for number in count(2):
        yield folder / f"{stem} ({number}).map.png"


def _write_new(path: Path, data: bytes) -> None:
    """Writes a file that is not there yet, or none."""
    with open(path, "xb") as file:
        try:
            file.write(data)
            file.flush()
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise


def _check_sources(sources: Sequence[Photo | Source], kept: str | None, engine: str) -> None:
    if kept is not None:
        raise click.UsageError(
            "--map excludes --resume and --parquet: it maps photos that are scored just now"
        )
    if engine != "local":
        raise click.UsageError("--map works in this process, without --engine")
    if not all(isinstance(source, (str, PhotoError)) for source in sources):
        raise click.UsageError(
            "--map needs files: standard input, archives, tables and URLs cannot be read again"
        )


def _attempt(scorer: Scorer, source: Photo | Source) -> QualityMap | PhotoError | None:
    """Returns the map of a photo, or why there is none; None for an error in place of one."""
    if not isinstance(source, str):
        return None
    try:
        return scorer.map(source)
    except PhotoError as error:
        return error
    except MemoryError:
        return out_of_memory(describe(source))
