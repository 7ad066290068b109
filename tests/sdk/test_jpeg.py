"""JPEG: every row, bounded work, and no side segment costs the picture."""

from __future__ import annotations

import io
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile
from skimage import data

from mobileiqa_sdk import jpeg, photo
from mobileiqa_sdk.decode import open_image
from mobileiqa_sdk.errors import PhotoTooLarge, PhotoUnreadable, PhotoUnsupported
from mobileiqa_sdk.photo import MAX_PIXELS, MAX_STORED, read_photo

CAT = Image.fromarray(data.chelsea()[:208, :304])
KINDS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "full": {"subsampling": 0, "quality": 95},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 7},
    "flat": {"quality": 1},
}


def encoded(image: Image.Image = CAT, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", **options)
    return stream.getvalue()


def pixels(file: bytes, **options: Any) -> Any:
    return np.asarray(read_photo(file, **options))


def with_segment(marker: int, body: bytes, file: bytes | None = None) -> bytes:
    file = encoded() if file is None else file
    return file[:2] + b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body + file[2:]


def with_frame(file: bytes, **fields: int) -> bytes:
    """Changes fields of the frame: marker, bits, height, width, components."""
    at = max(file.find(b"\xff\xc0"), file.find(b"\xff\xc2"))
    frame = bytearray(file)
    for (name, offset), size in {("marker", 1): 1, ("bits", 4): 1, ("height", 5): 2, ("width", 7): 2}.items():
        if name in fields:
            frame[at + offset : at + offset + size] = fields[name].to_bytes(size, "big")
    return bytes(frame)


# The end


@pytest.mark.parametrize("fit", [None, (40, 40)])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_all_rows_without_an_end_marker(mode: str, kind: str, fit: tuple[int, int] | None) -> None:
    file = encoded(CAT.convert(mode), **KINDS[kind])
    expected = pixels(file, fit=fit)
    for end in (b"", b"\xff", b"\xff\xff", b"\0" * 50, b"ftypmp42" * 20):
        np.testing.assert_array_equal(pixels(file[:-2] + end, fit=fit), expected)


@pytest.mark.parametrize("height", [32, 200, 208])
@pytest.mark.parametrize("picture", ["cat", "white", "grey"])
@pytest.mark.parametrize("kind", KINDS)
def test_one_row_of_blocks_missing(kind: str, picture: str, height: int) -> None:
    """The file of a picture that is a row of blocks lower, with the height of the whole one."""
    whole = CAT.crop((0, 0, 304, height)) if picture == "cat" else Image.new("RGB", (304, height), picture)
    step = 8 if kind == "full" else 16
    lower = whole.crop((0, 0, 304, (height - 1) // step * step))
    file = with_frame(encoded(lower, **KINDS[kind]), height=height)[:-2]
    with pytest.raises(PhotoUnreadable, match="truncated JPEG"):
        read_photo(file)


@pytest.mark.parametrize("kind", ["baseline", "progressive", "restarts"])
def test_every_cut_near_the_end(kind: str) -> None:
    file = encoded(**KINDS[kind])
    expected = pixels(file)
    for length in range(len(file) - 60, len(file) - 4):
        with pytest.raises(PhotoUnreadable, match="truncated JPEG"):
            read_photo(file[:length])
    np.testing.assert_array_equal(pixels(file[:-2]), expected)


def test_a_progressive_file_that_ends_between_two_scans() -> None:
    file = encoded(progressive=True)
    starts = [at for at in range(len(file)) if file[at : at + 2] == b"\xff\xda"]
    tables = [file.rfind(b"\xff\xc4", 0, start) for start in starts]
    for end in (*starts[1:], *tables[1:]):
        with pytest.raises(PhotoUnreadable, match="truncated JPEG"):
            read_photo(file[:end])


def test_a_file_that_ends_between_the_components() -> None:
    """Three scans of one component each; each is a grey picture."""
    grey = encoded(CAT.convert("L"))
    frame, scan = grey.index(b"\xff\xc0"), grey.index(b"\xff\xda")
    head = grey[:frame] + b"\xff\xc0\0\x11" + grey[frame + 4 : frame + 9] + b"\x03"
    head += b"".join(bytes([name, 0x11, 0]) for name in (1, 2, 3)) + grey[frame + 13 : scan]
    parts = [grey[scan : scan + 5] + bytes([name]) + grey[scan + 6 : -2] for name in (1, 2, 3)]
    whole = head + b"".join(parts)
    np.testing.assert_array_equal(pixels(whole), pixels(whole + b"\xff\xd9"))
    with pytest.raises(PhotoUnreadable, match="truncated JPEG"):
        read_photo(head + parts[0] + parts[1])


def test_an_app_that_wants_truncated_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    for options in KINDS.values():
        assert read_photo(encoded(**options)[:-1000]).size == CAT.size


# Side segments

SEGMENTS = {
    0xE0: b"JFIF\0\1\1\0\0\x48\0\x48\0\0",
    0xE1: b"Exif\0\0MM\0*\0\0\0\x08\0\0",
    0xE2: b"ICC_PROFILE\0\1\1" + bytes(128),
    0xED: b"Photoshop 3.0\0008BIM\x03\xed\0\0\0\0\0\x10" + bytes(16),
    0xEE: b"Adobe\0\x64\0\0\0\0\1",
    0xFE: b"a comment",
}


@pytest.mark.parametrize("marker", SEGMENTS)
def test_no_side_segment_costs_the_picture(marker: int) -> None:
    expected = pixels(encoded())
    for length in range(len(SEGMENTS[marker]) + 1):
        np.testing.assert_array_equal(pixels(with_segment(marker, SEGMENTS[marker][:length])), expected)


def test_what_a_broken_segment_leaves_of_the_others() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = with_segment(0xE0, b"JFIF\0", encoded(exif=exif, icc_profile=b"x" * 40))
    assert read_photo(file).size == (208, 304)


def test_segments_that_decide_colours_are_kept() -> None:
    cmyk = encoded(CAT.convert("CMYK"))
    np.testing.assert_array_equal(pixels(with_segment(0xE2, b"ICC_PROFILE\0", cmyk)), pixels(cmyk))
    jfif = encoded()
    rgb = with_segment(0xEE, b"Adobe\0\x64\0\0\0\0\0", jfif[:2] + jfif[20:])
    assert np.abs(pixels(rgb).astype(int) - pixels(encoded())).mean() > 5  # not YCbCr
    np.testing.assert_array_equal(pixels(with_segment(0xEE, b"Adobe", rgb)), pixels(rgb))


def test_junk_between_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    file = encoded()
    np.testing.assert_array_equal(pixels(file[:20] + bytes(1000) + file[20:]), pixels(file))
    monkeypatch.setattr(jpeg, "MAX_JUNK", 999)
    with pytest.raises(PhotoUnreadable, match="between its segments"):
        read_photo(file[:20] + bytes(1000) + file[20:])


@pytest.mark.parametrize("is_progressive", [False, True])
def test_a_long_run_of_fill_bytes_is_gone_through_once(is_progressive: bool) -> None:
    """The decoder waits for what follows them, and begins with the first one whenever it gets more."""
    file = encoded(progressive=is_progressive)
    filled = file[:-2] + b"\xff" * (1 << 20) + file[-2:]
    image = open_image(filled)
    assert isinstance(image, ImageFile.ImageFile)
    assert image.fp is not None
    assert len(image.fp.read()) < 2 * len(file)
    np.testing.assert_array_equal(pixels(filled), pixels(file))
    before = with_segment(0xFE, b"\xff" * 5000, file)
    np.testing.assert_array_equal(pixels(before), pixels(file))


# Kinds


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"bits": 12, "marker": 0xC1}, "12 bits"),
        ({"bits": 12}, "12 bits"),
        ({"bits": 12, "marker": 0xC2}, "12 bits"),
        ({"bits": 12, "marker": 0xC9}, "12 bits"),
        ({"bits": 16, "marker": 0xC3}, "16 bits"),
        ({"height": 0}, "DNL"),
        *(({"marker": marker}, "hierarchical") for marker in (0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF, 0xDE)),
        ({"marker": 0xCB}, "lossless, arithmetic"),
        ({"marker": 0xF7}, "JPEG-LS"),
    ],
)
def test_a_kind_that_is_not_read_is_named(fields: dict[str, int], kind: str) -> None:
    with pytest.raises(PhotoUnsupported, match=rf"JPEG .*{kind}"):
        read_photo(with_frame(encoded(), **fields))


@pytest.mark.parametrize("fields", [{"bits": 74}, {"bits": 1}, {"bits": 74, "marker": 0xC3}])
def test_a_frame_that_no_encoder_would_write_is_damage(fields: dict[str, int]) -> None:
    with pytest.raises(PhotoUnreadable, match="damaged"):
        read_photo(with_frame(encoded(), **fields))
    file = encoded()
    with pytest.raises(PhotoUnreadable, match="damaged"):
        read_photo(file[:3] + b"\xc6" + file[4:])  # in place of JFIF


def test_a_hierarchical_file_that_begins_with_an_ordinary_frame() -> None:
    file = encoded()
    frame = file.index(b"\xff\xc0")
    progression = b"\xff\xde" + file[frame + 2 : frame + 19]
    with pytest.raises(PhotoUnsupported, match="hierarchical"):
        read_photo(file[:20] + progression + file[20:])


# Bounds


def header_only(width: int, height: int, **options: Any) -> bytes:
    return with_frame(encoded(Image.new("RGB", (16, 16)), **options), width=width, height=height)


def test_two_hundred_megapixels_are_decoded_smaller() -> None:
    image = read_photo(header_only(16320, 12240), fit=(512, 512))
    assert image.size == (2040, 1530)
    with pytest.raises(PhotoTooLarge, match=f"16320x12240 .*{MAX_PIXELS:,}"):
        read_photo(header_only(16320, 12240))


@pytest.mark.parametrize("size", [(32768, 32769), (65500, 65500)])
@pytest.mark.parametrize("fit", [None, (64, 64)])
def test_bombs(size: tuple[int, int], fit: tuple[int, int] | None) -> None:
    tracemalloc.start()
    with pytest.raises(PhotoTooLarge):
        read_photo(header_only(*size), fit=fit)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_the_largest_that_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    width, height = CAT.size
    monkeypatch.setattr(photo, "MAX_STORED", width * height)
    assert read_photo(encoded()).size == CAT.size
    monkeypatch.setattr(photo, "MAX_STORED", width * height - 1)
    with pytest.raises(PhotoTooLarge, match="are read"):
        read_photo(encoded())
    assert MAX_STORED > 500_000_000


@pytest.mark.parametrize(
    ("options", "bytes_a_pixel"),
    [({}, 0), ({"progressive": True}, 3), ({"progressive": True, "subsampling": 0}, 6)],
)
def test_progressive_files_are_counted_in_the_budget(
    options: dict[str, Any], bytes_a_pixel: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    part = photo._pixels.part
    monkeypatch.setattr(photo._pixels, "part", lambda amount: asked.append(amount) or part(amount))
    read_photo(encoded(**options))
    assert asked == [208 * 304 + bytes_a_pixel * 208 * 304 // 8]


def test_a_large_progressive_file_takes_too_much_memory() -> None:
    with pytest.raises(PhotoTooLarge, match="progressive"):
        read_photo(header_only(16320, 15000, progressive=True, subsampling=0), fit=(512, 512))


def many_scans(count: int) -> bytes:
    """A progressive file that repeats its last scan."""
    file = encoded(Image.new("L", (64, 64)), progressive=True)
    table, last = file.rfind(b"\xff\xc4"), file.rfind(b"\xff\xda")
    scans = file.count(b"\xff\xda")
    return file[:-2] + file[min(table, last) if table > 0 else last : -2] * (count - scans) + b"\xff\xd9"


def test_scans_are_bounded() -> None:
    assert read_photo(many_scans(jpeg.MAX_SCANS)).size == (64, 64)
    with pytest.raises(PhotoTooLarge, match="scans"):
        read_photo(many_scans(jpeg.MAX_SCANS + 1))


def test_scans_of_many_pixels_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jpeg, "MAX_SCANNED", 20 * 64 * 64)
    assert read_photo(many_scans(20)).size == (64, 64)
    with pytest.raises(PhotoTooLarge, match="scans"):
        read_photo(many_scans(21))


def test_segments_are_bounded() -> None:
    comment = b"\xff\xfe\0\2"
    file = encoded()
    assert read_photo(file[:2] + comment * 1000 + file[2:]).size == CAT.size
    with pytest.raises(PhotoTooLarge, match="segments"):
        read_photo(file[:2] + comment * jpeg.MAX_MARKERS + file[2:])


def test_ordinary_files_are_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    visited = []
    segments = jpeg._segments

    def seen(file: bytes, position: int, max_junk: int | None = None) -> Any:
        for segment in segments(file, position, max_junk):
            visited.append(segment.marker)
            yield segment

    monkeypatch.setattr(jpeg, "_segments", seen)
    read_photo(encoded())
    assert visited.count(0xDA) == 1
    assert visited[-1] == 0xDA


def test_a_photograph_of_a_phone_is_what_pillow_decodes() -> None:
    for name in ("rocket.jpg", "hubble_deep_field.jpg"):
        file = (Path(data.__file__).parent / name).read_bytes()
        with Image.open(io.BytesIO(file)) as image:
            assert read_photo(file).size == image.size


@pytest.mark.parametrize("is_progressive", [False, True])
@pytest.mark.parametrize("interval", [1, 2, 5])
def test_whole_intervals_missing(interval: int, is_progressive: bool) -> None:
    """A file that ends before a restart marker lacks no bits of an interval, but whole ones."""
    colours = np.random.default_rng(interval).integers(0, 256, (72, 96, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(colours).save(
        stream, "JPEG", restart_marker_blocks=interval, progressive=is_progressive, quality=60
    )
    file = stream.getvalue().removesuffix(b"\xff\xd9")
    assert read_photo(file).size == (96, 72)
    at = len(file)
    for _ in range(4):
        at = max(file.rfind(bytes((0xFF, 0xD0 + number)), 0, at) for number in range(8))
        for end in (at, at + 2):
            with pytest.raises(PhotoUnreadable, match="truncated"):
                read_photo(file[:end])


@pytest.mark.parametrize("is_progressive", [False, True])
@pytest.mark.parametrize("interval", [0, 1, 2, 3, 5])
def test_a_few_bits_missing(interval: int, is_progressive: bool) -> None:
    """What is read instead of the missing bits may be the code for "no more coefficients", as nothing is."""
    for seed in range(6):
        noise = np.random.default_rng(seed)
        colours = Image.fromarray(noise.integers(0, 256, (12, 16, 3), np.uint8))
        picture = colours.resize((int(noise.integers(33, 90)), 48), Image.Resampling.BICUBIC)
        picture = picture.convert("L") if seed % 2 else picture
        quality = int(noise.integers(40, 97))
        file = encoded(picture, restart_marker_blocks=interval, progressive=is_progressive, quality=quality)
        expected = pixels(file)
        np.testing.assert_array_equal(pixels(file[:-2]), expected)
        for length in range(len(file) - 14, len(file) - 2):
            try:
                differences = np.abs(pixels(file[:length]).astype(int) - expected)
            except PhotoUnreadable:
                continue
            assert differences.max() == 0
