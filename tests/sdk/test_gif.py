"""GIF: what comes before the first picture is bounded."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from mobileiqa_sdk import gif
from mobileiqa_sdk.errors import PhotoTooLarge, PhotoUnreadable
from mobileiqa_sdk.photo import read_photo

PICTURE = Image.fromarray(np.arange(40 * 48, dtype=np.uint16).reshape(40, 48).astype(np.uint8))


def encoded() -> bytes:
    stream = io.BytesIO()
    PICTURE.save(stream, "GIF")
    return stream.getvalue()


def with_blocks(extension: bytes, blocks: bytes) -> bytes:
    """A file with an extension between its palette and its picture."""
    file = encoded()
    start = 13 + 3 * (2 << (file[10] & 7))
    return file[:start] + extension + blocks + b"\0" + file[start:]


@pytest.mark.parametrize("extension", [b"!\xfe", b"!\xff\x0bXMP DataXMP", b"!\x01", b"!\xf9", b"!\x77"])
@pytest.mark.parametrize("block", [b"\1a", b"\xff" + b"a" * 255])
def test_blocks_are_bounded(extension: bytes, block: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    if extension == b"!\xf9":
        block = b"\4\0\0\0\0"
    expected = np.asarray(read_photo(encoded()))
    for count in (0, 1, 99, 200):
        file = with_blocks(extension, block * count)
        np.testing.assert_array_equal(np.asarray(read_photo(file)), expected)
    monkeypatch.setattr(gif, "MAX_BLOCKS", 150)
    assert read_photo(with_blocks(extension, block * 99)).size == PICTURE.size
    with pytest.raises(PhotoTooLarge, match="more than 150 blocks"):
        read_photo(with_blocks(extension, block * 200))
    with pytest.raises(PhotoTooLarge, match="more than 150 blocks"):
        read_photo(with_blocks((extension + block + b"\0") * 200 + extension, b""))


@pytest.mark.parametrize("first", [b"!\xf9\4\1\0\0\3\0", b"!\xf9\0", b"!\xf9\1\0\0", b"!\x01\0"])
def test_the_last_control_extension_counts(first: bytes) -> None:
    """It makes a colour transparent."""
    stream = io.BytesIO()
    PICTURE.save(stream, "GIF", transparency=7)
    file = stream.getvalue()
    start = 13 + 3 * (2 << (file[10] & 7))
    expected = np.asarray(read_photo(file))
    assert (expected == 255).all(-1).sum() > (np.asarray(PICTURE) == 255).sum()
    np.testing.assert_array_equal(np.asarray(read_photo(file[:start] + first + file[start:])), expected)


def test_every_cut_is_refused() -> None:
    file = with_blocks(b"!\xfe", b"\3abc")
    for length in range(6, len(file) - 20):
        with pytest.raises(PhotoUnreadable):
            read_photo(file[:length])
