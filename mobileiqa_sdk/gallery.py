"""Finds the photos that paths stand for, and makes a row of each result."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from . import raw
from ._refusal import Refusal
from .contract import ModelContract
from .errors import PhotoError, PhotoNotFound, PhotoUnsupported
from .photo import Photo, format_of_file
from .scorer import Assessment, Scorer

SUFFIXES = frozenset(
    (
        ".jpg .jpeg .jpe .jfif .mpo .png .apng .webp .avif .avifs .tif .tiff .bmp .gif "
        ".heic .heics .heif .heifs .hif"
    ).split()
)

Row = dict[str, Any]


def find_photos(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    recursive: bool = False,
    on_skip: Callable[[str], None] | None = None,
) -> Iterator[str | PhotoError]:
    """Yields the photos that files and folders stand for, in order; a folder's are sorted by name.

    A file is taken as it is, whatever its name. Of a folder, the files with a photo's or a raw file's suffix
    are taken that are not hidden: reading a raw file says why it gets no score. A file of another name that
    holds a photo yields a PhotoError, and so do a folder without photos and one that cannot be listed.
    :meth:`Scorer.score_many` passes such errors on::

        for result in Scorer(threads=1).score_many(find_photos("holiday/")):
            print(result.to_dict())

    Symbolic links that are named are followed. In a folder, links to files are followed and links to folders
    are not: a loop of folders ends, and no folder is left.

    Args:
        paths: of files and folders; one path may be passed by itself.
        recursive: take the photos in subfolders too.
        on_skip: called with the path of each folder that is not looked into: a subfolder unless
            ``recursive``, a link to a folder. Hidden folders are not mentioned.

    >>> list(find_photos(["photo.jpg", "cat.heic"]))
    ['photo.jpg', 'cat.heic']
    """
    for path in [paths] if isinstance(paths, (str, os.PathLike)) else paths:
        name = os.fsdecode(path)
        if not os.path.isdir(name):
            yield name
            continue
        photos = list(_walk(name, recursive, on_skip))
        if not photos:
            hint = "" if recursive else "; --recursive looks in its subfolders too"
            yield PhotoNotFound(name, f"no photos in this folder{hint}")
        yield from photos


def _walk(folder: str, recursive: bool, on_skip: Callable[[str], None] | None) -> Iterator[str | PhotoError]:
    closed: list[OSError] = []
    for root, folders, files in os.walk(folder, onerror=closed.append):
        for name in sorted(files):
            if name.startswith("."):
                continue
            path = os.path.join(root, name)
            if Path(name).suffix.lower() in SUFFIXES | raw.SUFFIXES:
                yield path
            elif reason := _why_skipped(path):
                yield PhotoUnsupported(path, reason)
        visible = sorted(name for name in folders if not name.startswith("."))
        folders[:] = visible if recursive else []
        for name in visible:
            path = os.path.join(root, name)
            if on_skip and (not recursive or os.path.islink(path)):
                on_skip(path)
    for error in closed:
        yield PhotoNotFound(str(error.filename), f"this folder cannot be listed: {error.strerror}")


def _why_skipped(path: str) -> str | None:
    """Returns why a file of another suffix gets no score; None if it does not hold a photo."""
    try:
        name = format_of_file(path)
    except Refusal as refusal:
        return refusal.reason
    if name is None:
        return None
    return f"is skipped: it holds {name}, but is not named like a photo; rename it, or name it to score it"


def score_rows(
    scorer: Scorer, photos: Iterable[Photo | PhotoError], *, workers: int | None = None
) -> Iterator[Row]:
    """Yields one row per photo, in order, ready for JSON.

    Its keys are path, score, band, reason, spread, faults, photograph, is_photograph, seconds, error_kind and
    error. Where there is no score, ``error`` says why, ``error_kind`` is the name of its class in
    `mobileiqa_sdk.errors`, and all others but the path are None; else these two are None. ``spread`` is also
    None for models without views, ``photograph`` and ``is_photograph`` for models that do not say, and
    ``reason`` for a photo without a fault to name. ``faults`` is empty for models that name none. For
    ``workers`` see :meth:`Scorer.score_many`.
    """
    return map(as_row, scorer.score_many(photos, workers=workers))


def answer_columns(contract: ModelContract) -> list[str]:
    """Returns the names of a table's columns for what a model answers of a photo.

    ``reason`` and ``fault_NAME`` are among them only for a model that names faults, ``photograph`` and
    ``is_photograph`` only for one that answers it.
    """
    reason = ["reason"] if contract.faults else []
    faults = [f"fault_{name}" for name in contract.faults]
    photograph = ["photograph", "is_photograph"] if contract.answers_photograph else []
    return ["score", "band", *reason, "spread", *faults, *photograph]


_KEYS_OF_A_SCORE = ("score", "band", "reason", "spread", "faults", "photograph", "is_photograph", "seconds")


def as_row(result: Assessment | PhotoError) -> Row:
    """Returns the row of one result; see :func:`score_rows` for its keys.

    >>> as_row(PhotoNotFound("gone.jpg", "no such file"))["error"]
    'no such file'
    """
    if isinstance(result, PhotoError):
        kind = type(result).__name__
        return {
            "path": result.photo,
            **dict.fromkeys(_KEYS_OF_A_SCORE),
            "error_kind": kind,
            "error": result.reason,
        }
    seconds = {name: round(value, 6) for name, value in result.seconds._asdict().items()}
    return {
        "path": result.photo,
        "score": result.score,
        "band": result.band,
        "reason": result.reason,
        "spread": result.spread,
        "faults": dict(result.faults),
        "photograph": result.photograph,
        "is_photograph": result.is_photograph,
        "seconds": seconds,
        "error_kind": None,
        "error": None,
    }
