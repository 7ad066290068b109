"""``python -m mobileiqa_bench.reading PHOTO``: where the time of a score goes, by a file's format and size.

The photo is resized to 12, 48 and 200 megapixels and saved in each format. For each file the table has the
times of decoding, resizing and inference of a warm `Scorer`, and below each a floor, the least that another
program takes for it here:

- of decoding: Pillow or pillow_heif alone decode the same file, a JPEG at the same reduced size;
- of resizing: Pillow's fastest whole pass over the decoded picture, a mean over blocks of whole pixels;
- of inference: the same pixels given to the runtime again, without anything around it.

Each is measured once in every round, in turn, so that a busy machine slows them all.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any, TypeVar

import click
import numpy as np
from PIL import Image

from mobileiqa_sdk import Scorer
from mobileiqa_sdk.errors import MobileIQAError
from mobileiqa_sdk.parallel import MAX_THREADS
from mobileiqa_sdk.photo import MAX_PIXELS, read_photo
from mobileiqa_sdk.reduction import reduce_jpeg
from mobileiqa_sdk.resample import resize

from .tables import write_table

SIZES = {"12 MP": (4000, 3000), "48 MP": (8000, 6000), "200 MP": (16320, 12240)}
"""(width, height) of the files."""
FORMATS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 92},
    "HEIF": {"quality": 60, "enc_params": {"preset": "ultrafast"}},
    "PNG": {"compress_level": 1},
    "WEBP": {"quality": 80, "method": 2},
}
"""Pillow's names of the formats, and how files are saved."""
_Result = TypeVar("_Result")
_HEADER = ("file", "decode", "floor", "resize", "floor", "inference", "floor", "whole")


@dataclass(frozen=True)
class Times:
    """Seconds of the steps of a score, medians over the rounds, and of the least that each could take."""

    decode: float
    decode_floor: float
    resize: float
    resize_floor: float
    inference: float
    inference_floor: float

    @property
    def whole(self) -> float:
        """Seconds of the three steps together."""
        return self.decode + self.resize + self.inference


def measure(scorer: Scorer, data: bytes, rounds: int) -> Times:
    """Returns the times of a warm scorer for a photo.

    Args:
        scorer: warmed up by one score before the first round.
        data: the photo's file.
        rounds: how often each step and each floor is measured.
    """
    scorer.score(data)
    return Times(
        *(float(value) for value in np.median([_round(scorer, data) for _ in range(rounds)], axis=0))
    )


def _round(scorer: Scorer, data: bytes) -> list[float]:
    seconds = scorer.assess(data).seconds
    decode, picture = _timed(lambda: _decoded(scorer, data))
    height, width = scorer.input_size(picture.height, picture.width)
    factor = max(1, min(picture.width // width, picture.height // height))
    mean, _ = _timed(lambda: picture.reduce(factor))
    pixels = resize(picture.convert("RGB"), height, width)
    inference, _ = _timed(lambda: scorer.predict(pixels))
    return [seconds.decode, decode, seconds.resize, mean, seconds.inference, inference]


def _decoded(scorer: Scorer, data: bytes) -> Image.Image:
    """Decodes a file by its library alone."""
    image = Image.open(io.BytesIO(data))
    if image.format == "JPEG" and scorer.contract.input.decode == "jpeg-reduced":
        reduce_jpeg(image, scorer.input_size(image.height, image.width), sideways=False)
    image.load()
    return image


def _timed(work: Callable[[], _Result]) -> tuple[float, _Result]:
    started = perf_counter()
    result = work()
    return perf_counter() - started, result


def is_read(file_format: str, size: tuple[int, int]) -> bool:
    """Returns whether the SDK reads files of a size, (width, height); a JPEG is decoded smaller."""
    return file_format == "JPEG" or size[0] * size[1] <= MAX_PIXELS


def _saved(photo: Image.Image, file_format: str, size: tuple[int, int]) -> bytes:
    stream = io.BytesIO()
    photo.resize(size, Image.Resampling.BICUBIC).save(stream, file_format, **FORMATS[file_format])
    return stream.getvalue()


def _formats() -> list[str]:
    """Returns the formats that this machine can save."""
    try:
        import pillow_heif
    except ImportError:
        click.echo("HEIC is left out: it needs mobileiqa-sdk[heic]", err=True)
        return [name for name in FORMATS if name != "HEIF"]
    pillow_heif.register_heif_opener()
    return list(FORMATS)


def _row(name: str, times: Times | None) -> list[str]:
    if times is None:
        return [name, *("not read" for _ in _HEADER[1:])]
    return [name, *(f"{1000 * seconds:.0f}" for seconds in (*asdict(times).values(), times.whole))]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("photo", type=click.Path(exists=True, dir_okay=False))
@click.option("-m", "--model", default="mobileiqa-small", show_default=True, help="Model to score with.")
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1, MAX_THREADS))
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="One JSON object, times in seconds.")
def main(photo: str, model: str, threads: int, rounds: int, as_json: bool) -> None:
    """Print where the time of a score goes, by format and size of the file, with the floor of each step.

    The SDK decodes at most 179 megapixels, so 200 are read from a JPEG alone, which is decoded smaller.
    """
    picture = read_photo(photo)
    files: dict[str, Times | None] = {}
    with Scorer(model, threads=threads) as scorer:
        for file_format in _formats():
            for name, size in SIZES.items():
                label = f"{'HEIC' if file_format == 'HEIF' else file_format}, {name}"
                files[label] = (
                    measure(scorer, _saved(picture, file_format, size), rounds)
                    if is_read(file_format, size)
                    else None
                )
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    if as_json:
        times = {name: each and {**asdict(each), "whole": each.whole} for name, each in files.items()}
        report = {
            "schema": 1,
            "kind": "mobileiqa-reading",
            "environment": {"threads": threads, "cpus": os.cpu_count(), "load": load},
            "settings": {"model": model, "rounds": rounds},
            "files": times,
        }
        click.echo(json.dumps(report, indent=2))
        return
    click.echo(write_table(_HEADER, [_row(*item) for item in files.items()], "lrrrrrrr"))
    busy = "unknown" if load is None else f"{load:.1f}"
    click.echo(f"\nMilliseconds, median of {rounds} rounds; load {busy} on {os.cpu_count()} CPUs.")


if __name__ == "__main__":
    Image.MAX_IMAGE_PIXELS = None  # the floors open files by Pillow itself
    try:
        main()
    except MobileIQAError as error:
        sys.exit(f"mobileiqa_bench.reading: {error}")
