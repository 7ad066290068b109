"""``python -m mobileiqa_bench.cold``: the costs of a fresh process, and the throughput of all CPUs.

Four questions, each answered by a ratio within one round, so that a busy machine cancels out:

- import: ``import mobileiqa_sdk`` compared with ``import numpy, PIL.Image``; and its names, which load what
  they need.
- first score: the first call of ``score`` in a process, which loads the model, compared with a warm one; and
  everything from starting Python to that score.
- decode: a warm score of a photo compared with Pillow's decoding of the same file at full size.
- folder: photos per second and peak memory of n workers compared with n times those of one; and of n
  processes of one worker each, the most that this machine can do.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import click
from PIL import Image

from mobileiqa_sdk import __version__
from mobileiqa_sdk.errors import MobileIQAError
from mobileiqa_sdk.gallery import find_photos
from mobileiqa_sdk.parallel import MAX_THREADS, default_threads
from mobileiqa_sdk.photo import read_photo

from .cold_rounds import (
    Figures,
    measure_decode,
    measure_first,
    measure_folder,
    measure_imports,
)
from .errors import ColdError
from .lists import list_option
from .stats import Ratio
from .tables import write_table
from .units import megabytes

_FIRST = ("photo", "warm score", "first score", "to warm", "from starting Python", "to warm")
SIZES = {"12 megapixels": (4000, 3000), "small": (640, 480)}


def _environment() -> Figures:
    return {
        "machine": platform.machine(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sdk": __version__,
        "threads": default_threads(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def _photos(paths: Sequence[str]) -> list[str]:
    if not paths:
        from mobileiqa_bench.photographs import shipped_photographs

        return list(map(str, shipped_photographs()))
    paths_or_errors = list(find_photos(paths))
    if bad := [one for one in paths_or_errors if not isinstance(one, str)]:
        raise ColdError(str(bad[0]))
    return [one for one in paths_or_errors if isinstance(one, str)]


def _save(photo: str, size: tuple[int, int], folder: str, name: str) -> str:
    path = Path(folder, f"{name}.jpg")
    read_photo(photo).resize(size, Image.Resampling.BICUBIC).save(path, quality=90)
    return str(path)


def _markdown(report: Figures) -> str:
    imports = [(f"`{row['what']}`", _ms(row["seconds"]), _text(row["ratio"])) for row in report["import"]]
    first = [
        (
            *(row["what"], _ms(row["warm"]), _ms(row["first"]), _text(row["ratio"])),
            *(_ms(row["process"]), _text(row["process_ratio"])),
        )
        for row in report["first"]
    ]
    decode = [
        (row["what"], megabytes(row["bytes"]), _ms(row["decode"]), _ms(row["score"]), _text(row["ratio"]))
        for row in report["decode"]
    ]
    folder = [
        (
            *(f"{row['count']} {row['what']}", f"{median(row['photos_per_second']):.1f}"),
            *(_text(row["of_one"]), megabytes(int(median(row["peak_bytes"]))), _text(row["memory_of_one"])),
        )
        for row in report["folder"]
    ]
    tables = (
        write_table(("import", "time", "ratio"), imports, "lrr"),
        write_table(_FIRST, first, "lrrrrr"),
        write_table(("photo", "size", "full decode", "warm score", "to decode"), decode, "lrrrr"),
        write_table(("folder", "photos/s", "to n x one", "peak RSS", "to n x one"), folder, "lrrrr"),
    )
    return "\n\n".join(tables)


def _ms(seconds: Sequence[float]) -> str:
    return f"{1000 * median(seconds):.1f} ms"


def _text(ratio: Figures | None) -> str:
    return "" if ratio is None else str(Ratio(**ratio))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("photos", nargs=-1, metavar="[FILE|DIR]...")
@click.option("-m", "--model", default="", help="Model for the folder. Default: the bundled one.")
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(min=1))
@list_option("--workers", numbers_to=MAX_THREADS, help="Such as 1,2,4. Default: 1 to the CPUs, doubling.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def main(photos: tuple[str, ...], model: str, rounds: int, workers: tuple[int, ...], as_json: bool) -> None:
    """Measure what a fresh process costs, and how many photos all CPUs score per second.

    By default, the folder consists of the photos that scikit-image comes with, enlarged to 12 megapixels.
    """
    counts = sorted(workers) or _doubling_to(default_threads())
    with tempfile.TemporaryDirectory() as scratch:
        names = _photos(photos)
        folder = names if photos else [
            _save(photo, SIZES["12 megapixels"], scratch, str(n)) for n, photo in enumerate(names)
        ]  # fmt: skip
        singles = {name: _save(names[0], size, scratch, name) for name, size in SIZES.items()}
        report = {
            "schema": 1,
            "kind": "mobileiqa-cold",
            "environment": _environment(),
            "settings": {"rounds": rounds, "photos": len(folder), "model": model or None},
            "import": measure_imports(rounds),
            "first": measure_first(singles, rounds),
            "decode": measure_decode(folder, rounds),
            "folder": measure_folder(folder, counts, model, rounds),
        }
    click.echo(json.dumps(report, indent=2) if as_json else _markdown(report))


def _doubling_to(most: int) -> list[int]:
    return sorted({*(2**n for n in range(most.bit_length())), most})


if __name__ == "__main__":
    try:
        main()
    except MobileIQAError as error:
        sys.exit(f"mobileiqa_bench.cold: {error}")
