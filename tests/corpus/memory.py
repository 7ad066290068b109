"""Measures the memory that reading a photo takes, for docs/formats.md.

::

    python -m tests.corpus.memory
    python -m tests.corpus.memory --large

For each kind of file a fresh process reads a small photo, then one of 12 megapixels (``--large``: JPEGs of
200 megapixels, decoded at an eighth of their sides). The figure is by how much the peak of its resident
memory rises, in MB, and includes the bytes of the file. ``counts`` is how often a pixel counts in the budget
of `mobileiqa_sdk.decoding_memory`.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import tifffile
from numpy.typing import NDArray
from PIL import Image

from mobileiqa_bench.memory import peak_rss
from mobileiqa_sdk.decode import HEAD, file_format, open_image
from mobileiqa_sdk.decoding_memory import shares
from mobileiqa_sdk.photo import read_photo
from tests.sdk import icc, png_files

SIZE = (4000, 3000)
LARGE = (16320, 12240)
_MB = 1_000_000
_FORMATS = {"HEIC": "HEIF"}  # as Pillow calls them
_FAST = {"preset": "ultrafast"}


def main() -> None:
    """Reads the command line, and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--large", action="store_true", help="JPEGs of 200 megapixels")
    parser.add_argument("--child", metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("--reduce", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(_rise(options.child, options.reduce))
        return
    pixels = _pixels(LARGE if options.large else SIZE)
    print("| photo | MB | counts |\n|---|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        for name, write in (_large_files(pixels) if options.large else _files(pixels)).items():
            path = Path(folder, "photo")
            path.write_bytes(write())
            reduce = 8 if options.large else 4 if "reduced" in name else 0
            print(f"| {name} | {_measured(path, reduce)} | {_counts(path)} |", flush=True)


def _pixels(size: tuple[int, int]) -> NDArray[np.uint8]:
    """Returns a smooth picture with the noise of a photo, uint8 [height, width, 3]."""
    rows, columns = np.ogrid[: size[1], : size[0]]
    channels = (rows * 240 // size[1], columns * 240 // size[0], 120 + 0 * rows)
    smooth = np.stack([np.broadcast_to(channel, size[::-1]) for channel in channels], -1).astype(np.uint8)
    return smooth + np.random.default_rng(0).integers(0, 8, smooth.shape, np.uint8)


def _measured(path: Path, reduce: int) -> int:
    line = [sys.executable, "-m", "tests.corpus.memory", "--child", str(path), "--reduce", str(reduce)]
    return int(subprocess.run(line, capture_output=True, text=True, check=True).stdout)


def _rise(path: str, reduce: int) -> int:
    """Returns by how many MB reading a file raises the peak of this process's resident memory."""
    pillow_heif.register_heif_opener()
    with open(path, "rb") as file:
        name = file_format(file.read(HEAD))
    small = io.BytesIO()
    Image.new("RGB", (64, 64)).save(small, _FORMATS.get(name, name))
    read_photo(small.getvalue())  # what a decoder loads once
    before = peak_rss() or 0
    fit = (lambda height, width: (height // reduce * 5 // 7, width // reduce * 5 // 7)) if reduce else None
    read_photo(path, fit=fit)
    return round(((peak_rss() or 0) - before) / _MB)


def _counts(path: Path) -> str:
    image = open_image(path.read_bytes())
    return f"{shares(image) / (image.width * image.height):.2g}"


def _files(pixels: NDArray[np.uint8]) -> dict[str, Callable[[], bytes]]:
    """Returns what makes each kind of file."""
    colour = Image.fromarray(pixels)
    with_alpha = Image.fromarray(np.dstack([pixels, pixels[..., 0]]))
    deep = pixels.astype(np.uint16) * 257
    deep_with_alpha = np.dstack([deep, deep[..., 0]])
    grey, cmyk, palette = colour.convert("L"), colour.convert("CMYK"), colour.quantize(64)
    turned = Image.Exif()
    turned[0x0112] = 6
    profile = icc.matrix_profile(icc.DISPLAY_P3, icc.SRGB_CURVE)
    gamma = (b"gAMA", (100_000).to_bytes(4, "big"))
    hdr = {"color_primaries": 9, "transfer_characteristics": 16, "matrix_coefficients": 9}
    return {
        "JPEG, reduced": lambda: _saved(colour, "JPEG"),
        "JPEG, reduced, progressive": lambda: _saved(colour, "JPEG", progressive=True),
        "JPEG": lambda: _saved(colour, "JPEG"),
        "JPEG, turned": lambda: _saved(colour, "JPEG", exif=turned),
        "JPEG, progressive": lambda: _saved(colour, "JPEG", progressive=True),
        "JPEG, CMYK": lambda: _saved(cmyk, "JPEG"),
        "PNG": lambda: _saved(colour, "PNG", compress_level=1),
        "PNG, grey": lambda: _saved(grey, "PNG", compress_level=1),
        "PNG, ICC profile": lambda: _saved(colour, "PNG", compress_level=1, icc_profile=profile),
        "PNG, gAMA": lambda: png_files.png_of(pixels, gamma),
        "PNG, palette": lambda: _saved(palette, "PNG", compress_level=1),
        "PNG, alpha": lambda: _saved(with_alpha, "PNG", compress_level=1),
        "PNG, 16 bits": lambda: png_files.png_of(deep),
        "PNG, 16 bits, alpha": lambda: png_files.png_of(deep_with_alpha),
        "BMP": lambda: _saved(colour, "BMP"),
        "GIF": lambda: _saved(palette, "GIF"),
        "TIFF": lambda: _tiff(pixels, photometric="rgb"),
        "TIFF, alpha": lambda: _tiff(np.asarray(with_alpha), photometric="rgb", extrasamples=["unassalpha"]),
        "TIFF, 16-bit grey": lambda: _tiff(deep[..., 0], photometric="minisblack"),
        "TIFF, grey floats": lambda: _tiff((pixels[..., 0] / np.float32(255)), photometric="minisblack"),
        "TIFF, 16 bits": lambda: _tiff(deep, photometric="rgb"),
        "WebP": lambda: _saved(colour, "WEBP", method=0),
        "WebP, alpha": lambda: _saved(with_alpha, "WEBP", method=0),
        "AVIF": lambda: _saved(colour, "AVIF", speed=10),
        "AVIF, alpha": lambda: _saved(with_alpha, "AVIF", speed=10),
        "HEIC": lambda: _heic("RGB", pixels),
        "HEIC, alpha": lambda: _heic("RGBA", np.asarray(with_alpha)),
        "HEIC, nclx": lambda: _heic("RGB", pixels, **hdr),
        "HEIC, 10 bits": lambda: _heic("RGB;16", deep),
    }


def _large_files(pixels: NDArray[np.uint8]) -> dict[str, Callable[[], bytes]]:
    colour = Image.fromarray(pixels)
    return {
        "JPEG of 200 megapixels": lambda: _saved(colour, "JPEG"),
        "JPEG of 200 megapixels, progressive": lambda: _saved(colour, "JPEG", progressive=True),
        "JPEG of 200 megapixels, progressive, grey": lambda: _saved(
            colour.convert("L"), "JPEG", progressive=True
        ),
    }


def _saved(image: Image.Image, file_format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


def _tiff(values: NDArray[Any], **options: Any) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, values, **options)
    return stream.getvalue()


def _heic(mode: str, values: NDArray[Any], **options: Any) -> bytes:
    stream = io.BytesIO()
    height, width = values.shape[:2]
    pillow_heif.encode(
        mode, (width, height), values.tobytes(), stream, quality=50, enc_params=_FAST, **options
    )
    return stream.getvalue()


if __name__ == "__main__":
    main()
