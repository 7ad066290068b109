"""Headers with changed bytes, or cut off: a named error or the picture, never a fault of the SDK's."""

from __future__ import annotations

import importlib.util
import io
import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, features
from skimage import data

from mobileiqa_sdk import photo
from mobileiqa_sdk.errors import InternalError, PhotoError, PhotoUnreadable, PhotoUnsupported
from mobileiqa_sdk.photo import read_photo

from .test_tiff import written

CAT = Image.fromarray(data.chelsea()[:48, :64])
PALETTE, GREY, BILEVEL = CAT.convert("P"), CAT.convert("L"), CAT.convert("1")
MAGIC = 16  # bytes that recognise every format
LENGTH = 96  # of the header that is changed


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


FILES = {
    "JPEG": encoded(CAT, "JPEG"),
    "progressive JPEG": encoded(CAT, "JPEG", progressive=True),
    "JPEG of inks": encoded(CAT.convert("CMYK"), "JPEG"),
    "MPO": encoded(CAT, "MPO", save_all=True, append_images=[CAT]),
    "PNG": encoded(CAT, "PNG"),
    "PNG palette": encoded(PALETTE, "PNG", transparency=3),
    "lossy WebP": encoded(CAT, "WEBP"),
    "lossless WebP": encoded(CAT.convert("RGBA"), "WEBP", lossless=True),
    "animated WebP": encoded(CAT, "WEBP", save_all=True, append_images=[CAT.convert("L").convert("RGB")]),
    "TIFF": encoded(CAT, "TIFF"),
    "TIFF palette": encoded(PALETTE, "TIFF"),
    "TIFF in JPEG": encoded(CAT, "TIFF", compression="jpeg"),
    "TIFF in fax": encoded(BILEVEL, "TIFF", compression="group4"),
    "BigTIFF": written(np.asarray(CAT), photometric="rgb", bigtiff=True),
    "TIFF of 16 bits": written(np.asarray(CAT).astype(">u2") * 257, photometric="rgb", byteorder=">"),
    "TIFF in tiles": written(np.asarray(CAT), photometric="rgb", tile=(16, 16), compression="zlib"),
    "BMP": encoded(CAT, "BMP"),
    "BMP palette": encoded(PALETTE, "BMP"),
    "GIF": encoded(PALETTE, "GIF", transparency=3, comment=b"a comment"),
}
if features.check("avif"):
    FILES["AVIF"] = encoded(CAT, "AVIF")
if importlib.util.find_spec("pillow_heif"):
    from pillow_heif import HeifFile, from_pillow

    _heif: HeifFile = from_pillow(CAT)
    _stream = io.BytesIO()
    _heif.save(_stream)
    FILES["HEIC"] = _stream.getvalue()


def places(name: str) -> Iterator[int]:
    """Yields where the header is: of a TIFF, at the start or at the end."""
    file = FILES[name]
    yield from range(min(LENGTH, len(file)))
    if "TIFF" in name:
        yield from range(max(LENGTH, len(file) - 2 * LENGTH), len(file))


def answer(file: bytes) -> NDArray[np.uint8] | PhotoError:
    """Returns the pixels, or the error that is named after the file's fault."""
    try:
        image = read_photo(file)
    except InternalError:
        raise
    except PhotoError as error:
        return error
    assert image.mode == "RGB"
    return np.asarray(image)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.filterwarnings("ignore")
def test_changed_bytes(
    name: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(photo, "MAX_PIXELS", 1 << 22)  # else some would take seconds
    file = FILES[name]
    kinds = set()
    for at in places(name):
        for value in (bytes([file[at] ^ 0xFF]), bytes([file[at] ^ 0x20]), b"\0", b"\xff" * 4):
            kinds.add(type(answer(file[:at] + value + file[at + len(value) :])))
    assert {np.ndarray, PhotoUnreadable, PhotoUnsupported} <= kinds
    assert capfd.readouterr() == ("", "")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.filterwarnings("ignore")
def test_every_cut_is_damage(name: str) -> None:
    file = FILES[name]
    expected = np.asarray(read_photo(file))
    for length in (*range(1, min(300, len(file)), 2), *range(max(300, len(file) - 30), len(file))):
        cut = answer(file[:length])
        if isinstance(cut, PhotoError):
            assert length < MAGIC or not isinstance(cut, PhotoUnsupported), length
        else:
            np.testing.assert_array_equal(cut, expected)
