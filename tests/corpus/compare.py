"""Compares the pixels of every file below some folders with libvips' and tifffile's.

::

    pip install "pyvips[binary]" tifffile
    git clone https://github.com/AOMediaCodec/libavif
    python -m tests.corpus.compare libavif/tests/data --rows rows.tsv

A table of verdicts by folder goes to standard output, a line for each file to ``--rows``. docs/formats.md
says what the differences of some repositories are. libvips is asked for what it would show: upright, ICC
profile applied, over white, 8 bits. It knows neither code points nor gamma: pictures described by those
differ.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyvips
import tifffile

from mobileiqa_sdk._refusal import Refusal
from mobileiqa_sdk.decode import HEAD, file_format
from mobileiqa_sdk.errors import PhotoError, PhotoTooSmall
from mobileiqa_sdk.photo import read_photo

EQUAL = 1.5
"""Mean absolute difference, of 255, up to which two readers agree: lossy decoders round in their own ways."""

VERDICTS = ("equal", "differs", "refused by both", "refused here", "read here only", "no photo")
"""The last: of a format that is not supported, or below the smallest side."""


def main() -> None:
    """Reads the command line, compares, and writes the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--rows", type=Path, help="a tab-separated line for each file")
    options = parser.parse_args()
    logging.getLogger("pyvips").setLevel(logging.ERROR)
    lines = ["\t".join(("file", "verdict", "difference", "here", "reference"))]
    print("| folder | files |", " | ".join(VERDICTS), "|")
    print("|---" * (2 + len(VERDICTS)) + "|")
    for folder in options.folders:
        counts: Counter[str] = Counter()
        for path, data in _different_files(folder):
            verdict, *details = compare(data)
            counts[verdict] += 1
            lines.append("\t".join((str(path), verdict, *details)))
        print(f"| {folder} | {counts.total()} |", " | ".join(str(counts[name]) for name in VERDICTS), "|")
    if options.rows:
        options.rows.write_text("\n".join(lines) + "\n", "utf-8")


def compare(data: bytes) -> tuple[str, str, str, str]:
    """Returns the verdict, the mean absolute difference, and what each reader says of a file."""
    here: Any
    try:
        file_format(data[:HEAD])
        here = np.asarray(read_photo(data))
    except (Refusal, PhotoTooSmall) as error:
        return "no photo", "", error.reason, ""
    except PhotoError as error:
        here = error.reason
    references = [_read(lambda: _libvips(data))]
    if data[:2] in (b"II", b"MM"):
        references.append(_read(lambda: _tifffile(data)))
    pictures = [each for each in references if not isinstance(each, str)]
    said = "; ".join(_summary(each) for each in references)
    if isinstance(here, str):
        return ("refused here" if pictures else "refused by both"), "", here, said
    if not pictures:
        return "read here only", "", _summary(here), said
    difference = min(_difference(here, picture) for picture in pictures)
    return ("equal" if difference <= EQUAL else "differs"), f"{difference:.2f}", _summary(here), said


def _different_files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    seen = set()
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or ".git" in path.parts:
            continue
        data = path.read_bytes()
        digest = hashlib.sha256(data).digest()
        if digest not in seen and not data.startswith(b"version https://git-lfs"):
            seen.add(digest)
            yield path, data


def _read(reader: Any) -> Any:
    """Returns an array [height, width, 3], or the reason why there is none."""
    try:
        return reader()
    except Exception as error:  # other libraries raise anything
        return " ".join(str(error).split())[:200] or type(error).__name__


def _summary(result: Any) -> str:
    return result if isinstance(result, str) else f"{result.shape[1]}x{result.shape[0]}"


def _difference(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> float:
    if a.shape != b.shape:
        return 255.0
    return float(np.abs(a.astype(np.int16) - b).mean())


def _libvips(data: bytes) -> np.ndarray[Any, Any]:
    image = pyvips.Image.new_from_buffer(data, "", access="sequential", fail_on="error").autorot()
    if image.get_typeof("icc-profile-data"):
        image = image.icc_transform(
            "srgb", embedded=True, intent="relative", black_point_compensation=True, depth=8
        )
    else:
        image = image.colourspace("srgb")  # of a grey picture too
    if image.hasalpha():
        image = image.flatten(background=255)
    pixels = image.cast("uchar").numpy()
    return (
        pixels
        if pixels.ndim == 3 and pixels.shape[2] == 3
        else np.repeat(pixels.reshape(*pixels.shape[:2], 1), 3, 2)
    )


def _tifffile(data: bytes) -> np.ndarray[Any, Any]:
    """Returns the samples of the first page: grey or RGB, without a profile, alpha or an orientation."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        if 34675 in page.tags or page.tags.valueof(274, 1) != 1 or page.photometric not in (0, 1, 2):
            raise ValueError("of a kind that is not compared")
        values = page.asarray().squeeze()
        if page.planarconfig == 2 and values.ndim == 3:
            values = np.moveaxis(values, 0, 2)
        if values.dtype == np.uint16:
            values = np.rint(values / 257)
        elif values.dtype == bool:
            values = values * 255
        elif values.dtype != np.uint8:
            raise ValueError(f"of {values.dtype}, which is not compared")
        if page.photometric == 0:
            values = 255 - values
    if values.ndim == 2:
        values = np.repeat(values[:, :, None], 3, 2)
    if values.ndim != 3 or values.shape[2] != 3:
        raise ValueError("of channels that are not compared")
    return np.asarray(values, np.uint8)


if __name__ == "__main__":
    main()
