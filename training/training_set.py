"""What every study of the recipe begins with: photos, features, opinions, and who learns from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import click
import numpy as np
from torch import Tensor

from mobileiqa_bench.evaluation.datasets import RatedPhoto
from mobileiqa_bench.evaluation.datasets.biq2021 import read_split

from .arrays import Features, Floats
from .backbone_weights import backbone_weights
from .evaluate import moment_student
from .features import FeatureCache
from .partition import Partition, partition

Command = TypeVar("Command", bound=Callable[..., object])

existing = click.Path(exists=True, path_type=Path)
biq2021_option = click.option(
    "--biq2021", required=True, type=existing, help="Folder with Images and the two tables."
)
backbone_option = click.option(
    "--backbone-file", required=True, type=existing, help="The backbone's .tflite."
)
cache_option = click.option("--cache", required=True, type=existing, help="Folder that `features` filled.")
first_option = click.option(
    "--first", type=click.IntRange(1), help="Only so many of the training split's photos."
)
changes_option = click.option(
    "--set", "changes", multiple=True, metavar="NAME=VALUE", help="Another training setting."
)


def backbone_or_student(command: Command) -> Command:
    """Two options, of which :func:`backbone_of` takes one."""
    student = click.option("--checkpoint", type=existing, help="Instead: a student, whose backbone is taken.")
    return click.option("--backbone-file", type=existing, help="The backbone's .tflite.")(student(command))


def rated_photos(biq2021: Path, validation: int, seed: int) -> tuple[list[RatedPhoto], Floats, Partition]:
    """The official training split, its MOS [N], and which of it is held out."""
    photos = read_split(biq2021, "train")
    part = partition(
        [photo.path for photo in photos],
        [photo.path for photo in read_split(biq2021, "test")],
        validation=validation,
        seed=seed,
    )
    return photos, np.array([photo.mos for photo in photos], np.float32), part


def training_set(
    biq2021: Path, cache: Path, weights: str, *, validation: int, seed: int, first: int | None = None
) -> tuple[Features, Features, Floats, Partition]:
    """Features as they are and mirrored, MOS, and who learns from them; of the first photos alone if told."""
    photos, mos, part = rated_photos(biq2021, validation, seed)
    if first is not None:
        photos, mos = photos[:first], mos[:first]
        learn, validate = (rows[rows < first] for rows in (part.learn, part.validate))
        part = replace(part, learn=learn, validate=validate)
    plain, mirrored = (cache_of(cache, "train", photos, weights, flip).read() for flip in (False, True))
    return plain, mirrored, mos, part


def backbone_of(backbone_file: Path | None, checkpoint: Path | None) -> dict[str, Tensor]:
    """Weights of the backbone as it came, or of a student's.

    Raises:
        click.UsageError: neither or both are given.
    """
    if (backbone_file is None) == (checkpoint is None):
        raise click.UsageError("a backbone is needed: --backbone-file or --checkpoint")
    if backbone_file is not None:
        return backbone_weights(backbone_file)
    assert checkpoint is not None  # noqa: S101 - one of the two is
    student, _ = moment_student(checkpoint)
    return {key: value.detach() for key, value in student.local_cnn.state_dict().items()}


def cache_of(
    root: Path, part: str, photos: list[RatedPhoto], weights: str, flipped: bool = False
) -> FeatureCache:
    """Where the features of a split's photos are, by the backbone with this fingerprint."""
    folder = root / (f"{part}-flipped" if flipped else part)
    return FeatureCache(folder, tuple(photo.path.name for photo in photos), weights, flipped)
