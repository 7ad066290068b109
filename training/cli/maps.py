"""The commands that train a student on cached maps: ``frozen-maps``, ``map-head`` and ``map-finetune``."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import click
import torch

from mobileiqa_export.checkpoint import LoadedStudent
from mobileiqa_export.student import MomentStudent, build_student

from ..arrays import Features, Floats, Rows
from ..evaluation import load_moment_student
from ..features import fingerprint
from ..frozen_cache import FrozenCache, frozen_weights
from ..frozen_maps import FrozenExtractor, FrozenPart, Records
from ..head import HeadSettings, train_head
from ..ladders import LadderSource, better_half, read_photographs
from ..map_finetune import MapFinetuneSettings, MapFinetuning, Mapped
from ..map_moments import backbone_of, cached_moments, whole_moments
from ..partition import Partition
from ..settings import settings_from
from ..shards import Chosen
from ..symmetry import symmetrized
from ..training_set import rated_photos
from .lite import save_student, threads_option
from .options import (
    EXISTING,
    NEW,
    STDERR,
    biq2021_option,
    changes_option,
    checkpoint_option,
    first_option,
    out_option,
    photographs_option,
    weights_of,
)

maps_option = click.option("--maps", required=True, type=NEW, help="Folder that `frozen-maps` fills.")
stages_option = click.option(
    "--stages", default=MapFinetuneSettings.frozen_stages, show_default=True, help="Frozen after the stem."
)


@click.command("frozen-maps")
@biq2021_option
@checkpoint_option
@photographs_option
@maps_option
@stages_option
@click.option("--ladders", default=1000, show_default=True, type=click.IntRange(0))
@click.option("--mirrored", is_flag=True, help="Of mirrored photos too, which doubles the 2.8 GB.")
def frozen_maps_command(
    biq2021: Path,
    checkpoint: Path,
    folders: tuple[Path, ...],
    maps: Path,
    stages: int,
    ladders: int,
    mirrored: bool,
) -> None:
    """Keep what a student's first stages give for rated photos and for ladders of faults.

    May be stopped and repeated at any time: finished files are kept.
    """
    student, loaded = load_moment_student(checkpoint)
    part = _frozen_part(loaded, stages)
    extract = FrozenExtractor(student, part)
    photos, mos, split = rated_photos(biq2021, HeadSettings.validation, HeadSettings.seed)
    paths = [photo.path for photo in photos]
    caches = _caches(maps, student, part)
    for name in ("plain", "mirrored") if mirrored else ("plain",):
        extracted = caches[name].fill_photos(paths, name == "mirrored", extract, STDERR)
        click.echo(f"{name}: {extracted} of {len(paths)} photos extracted")
    if ladders:
        size = (part.photo_side, part.photo_side)
        good = better_half([paths[row] for row in split.learn], mos[split.learn])
        source = LadderSource(good, read_photographs(folders, size), size)
        extracted = caches["ladders"].fill_ladders(ladders, source, HeadSettings.seed, extract, STDERR)
        click.echo(f"ladders: {extracted} of {ladders} extracted")


@click.command("map-head")
@biq2021_option
@checkpoint_option
@maps_option
@stages_option
@click.option("--cache", required=True, type=NEW, help="Folder for moments (0.3 GB for plain photos).")
@out_option
@first_option
@click.option(
    "--even", default=0.0, show_default=True, help="Strength of making mirrored photos score alike."
)
@threads_option
@changes_option
def map_head_command(
    biq2021: Path,
    checkpoint: Path,
    maps: Path,
    stages: int,
    cache: Path,
    out: Path,
    first: int | None,
    even: float,
    threads: int,
    changes: tuple[str, ...],
) -> None:
    """Train the views of a student on maps, and write the student with them.

    May be stopped and repeated at any time: moments are kept. Takes any field of `HeadSettings` as --set
    name=value.
    """
    settings = settings_from(HeadSettings, changes)
    torch.set_num_threads(1)  # each of the pool's threads computes photos of its own
    student, loaded = load_moment_student(checkpoint)
    folder = _MapFolder.of(biq2021, maps, student, loaded, stages, settings)
    split = folder.split if first is None else folder.split.within(first)
    rows = range(first or len(folder.paths))
    moments = _Moments(cache, student, folder.part, threads)
    plain = moments.read(f"plain-{len(rows)}", Chosen(folder.plain, rows))
    mirrored = None
    if folder.mirrored is not None:
        mirrored = moments.read(f"mirrored-{len(rows)}", Chosen(folder.mirrored, rows))
    ladders = moments.read("ladders", folder.ladders) if settings.ranking else None
    trained = train_head(
        plain, mirrored, folder.mos[: len(rows)], split, settings, ladders=ladders, progress=STDERR
    )
    head = trained.head
    if even:
        if mirrored is None:
            raise click.UsageError("--even needs maps of mirrored photos; run `frozen-maps --mirrored`")
        head = symmetrized(head, plain[split.learn], mirrored[split.learn], even)
    config = replace(loaded.config, head="mlp", hidden=settings.hidden, views=settings.views)
    views = build_student(config)
    assert isinstance(views, MomentStudent)  # noqa: S101 - narrows the type
    views.local_cnn.load_state_dict(student.local_cnn.state_dict())
    views.head.load_state_dict(head.state_dict())
    description = {
        "data": "BIQ2021, official training split",
        "photos": len(split.learn),
        "ladders": 0 if ladders is None else len(ladders),
        "settings": settings.to_dict(),
        "even": even,
        "epoch": trained.epoch,
        "validation": {"photos": len(split.validate), "srcc": trained.srcc, "plcc": trained.plcc},
    }
    save_student(out, views, loaded, config, {"head": description})
    click.echo(f"{out}: epoch {trained.epoch}, validation SRCC {trained.srcc:.4f}, PLCC {trained.plcc:.4f}")


@click.command("map-finetune")
@biq2021_option
@click.option("--start", required=True, type=EXISTING, help="Student that `map-head` wrote.")
@maps_option
@click.option("--state", required=True, type=NEW, help="File to resume from.")
@out_option
@threads_option
@changes_option
def map_finetune_command(
    biq2021: Path,
    start: Path,
    maps: Path,
    state: Path,
    out: Path,
    threads: int,
    changes: tuple[str, ...],
) -> None:
    """Train the stages of a student that are not frozen, and its views, on maps.

    May be stopped and repeated at any time: it resumes from --state. Takes any field of
    `MapFinetuneSettings` that is not about teachers as --set name=value.
    """
    settings = settings_from(MapFinetuneSettings, changes)
    torch.set_num_threads(1)  # each of the pool's threads computes crops of its own
    student, loaded = load_moment_student(start)
    folder = _MapFolder.of(biq2021, maps, student, loaded, settings.frozen_stages, settings)
    learn, validate = (folder.mapped(rows) for rows in (folder.split.learn, folder.split.validate))
    ladders = folder.ladders if settings.ladders else []
    run = MapFinetuning(student, learn, validate, ladders, folder.part, settings, state, threads)
    run.run(STDERR)
    finetuned = {
        "settings": settings.to_dict(),
        "history": run.history,
        "ladders": len(ladders),
        "mirrored": folder.mirrored is not None,
    }
    save_student(out, run.finished(), loaded, loaded.config, {"finetuned": finetuned})
    click.echo(f"{out}: step {run.step}, {run.history[-1]}")


@dataclass(frozen=True)
class _MapFolder:
    """What ``frozen-maps`` keeps, and the photos it belongs to."""

    part: FrozenPart
    paths: list[Path]
    mos: Floats
    split: Partition
    plain: Sequence[Records]
    mirrored: Sequence[Records] | None
    caches: dict[str, FrozenCache]

    @classmethod
    def of(
        cls,
        biq2021: Path,
        maps: Path,
        student: MomentStudent,
        loaded: LoadedStudent,
        stages: int,
        settings: HeadSettings | MapFinetuneSettings,
    ) -> _MapFolder:
        part = _frozen_part(loaded, stages)
        caches = _caches(maps, student, part)
        photos, mos, split = rated_photos(biq2021, settings.validation, settings.seed)
        paths = [photo.path for photo in photos]
        has_mirrored = caches["mirrored"].folder.exists()
        plain = caches["plain"].photos(paths, False).rows()
        mirrored = caches["mirrored"].photos(paths, True).rows() if has_mirrored else None
        return cls(part, paths, mos, split, plain, mirrored, caches)

    @property
    def ladders(self) -> Sequence[Records]:
        """The records of ladders, [ladders], each [RUNGS]."""
        return self.caches["ladders"].ladders().rows()

    def mapped(self, rows: Rows) -> Mapped:
        """Returns some of the rated photos."""
        mirrored = None if self.mirrored is None else Chosen(self.mirrored, rows)
        return Mapped([self.paths[row] for row in rows], self.mos[rows], Chosen(self.plain, rows), mirrored)


@dataclass(frozen=True)
class _Moments:
    """The folder where the moments of one student are kept."""

    cache: Path
    student: MomentStudent
    part: FrozenPart
    threads: int

    def read(self, name: str, records: Sequence[Records]) -> Features:
        """Returns the moments of whole photos or of ladders."""
        origin = {"weights": fingerprint(weights_of(self.student)), "side": self.part.side}
        moments = whole_moments(self.student, self.part)
        with ThreadPoolExecutor(self.threads) as pool:
            return cached_moments(self.cache / name, records, origin, moments, pool, STDERR)


def _frozen_part(loaded: LoadedStudent, stages: int) -> FrozenPart:
    """Returns the first stages of a student, for photos of the side that it learns from."""
    config = loaded.config
    side = config.input_size[0] // 2 if config.halved else config.input_size[0]
    return FrozenPart(config.backbone, stages, side, config.halved)


def _caches(maps: Path, student: MomentStudent, part: FrozenPart) -> dict[str, FrozenCache]:
    weights = frozen_weights(backbone_of(student), part.stages)
    return {name: FrozenCache(maps / name, part, weights) for name in ("plain", "mirrored", "ladders")}
