"""Layouts of TIFF: the right pixels, or a refusal that names the layout; never other pixels."""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import ImageFile

from mobileiqa_sdk.errors import PhotoUnreadable, PhotoUnsupported
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.tiff_tags import TiffFile

ROWS, COLUMNS = np.mgrid[:48, :64]
COLOUR = np.stack([COLUMNS / 63, ROWS / 47, (ROWS + COLUMNS) / 110], -1) * 0.9 + 0.05
GREY = COLOUR.mean(-1)
ALPHA = np.clip(COLUMNS / 63 * 1.2 - 0.1, 0, 1)[..., None]
OVER_WHITE = COLOUR * ALPHA + 1 - ALPHA
DTYPES = ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "f2", "f4", "f8")

Array = NDArray[Any]


def written(pixels: Array, **options: Any) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, metadata=None, **options)
    return stream.getvalue()


def stored(levels: Array, dtype: str) -> Array:
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return levels.astype(kind)
    return np.floor(levels * 0.999 * (np.iinfo(kind).max + 1)).astype(kind)


def grey(levels: Array) -> Array:
    return np.repeat(levels[..., None], 3, axis=2)


def pictures(dtype: str) -> Iterator[tuple[str, Array, Array, dict[str, Any]]]:
    """Yields name, levels as stored, colours as seen, and options of the writer."""
    yield "grey", GREY, grey(GREY), {"photometric": "minisblack"}
    yield "white is zero", 1 - GREY, grey(GREY), {"photometric": "miniswhite"}
    yield "RGB", COLOUR, COLOUR, {"photometric": "rgb"}
    inks = np.concatenate([1 - COLOUR, 0 * ALPHA], -1)
    yield "CMYK", inks, COLOUR, {"photometric": "separated"}
    with_alpha = np.concatenate([inks, ALPHA], -1)
    yield "CMYK + alpha", with_alpha, OVER_WHITE, {"photometric": "separated", "extrasamples": [2]}
    for extra, seen in ((0, COLOUR), (1, OVER_WHITE), (2, OVER_WHITE)):
        colour = COLOUR * ALPHA if extra == 1 else COLOUR
        options = {"photometric": "rgb", "extrasamples": [extra]}
        yield f"RGB + {extra}", np.concatenate([colour, ALPHA], -1), seen, options
        levels = np.concatenate([colour.mean(-1)[..., None], ALPHA], -1)
        options = {"photometric": "minisblack", "extrasamples": [extra]}
        yield f"grey + {extra}", levels, grey(seen.mean(-1)), options
    five = np.concatenate([COLOUR, ALPHA, ALPHA], -1)
    yield "RGB + 0 0", five, COLOUR, {"photometric": "rgb", "extrasamples": [0, 0]}
    yield "five greys", five, grey(COLOUR[..., 0]), {"photometric": "minisblack"}


def layouts(dtype: str) -> Iterator[tuple[str, bytes, Array]]:
    """Yields name, file and colours as seen of every picture in every arrangement."""
    for picture, order, is_big, tile, packing in itertools.product(
        pictures(dtype),
        "<>",
        (False, True),
        (None, (16, 32)),
        ((None, False), ("zlib", False), ("zlib", True)),
    ):
        name, levels, seen, options = picture
        compression, predictor = packing
        if dtype in ("f2", "f8", "i1") and predictor:
            continue
        options = options | {
            "byteorder": order,
            "bigtiff": is_big,
            "compression": compression,
            "predictor": 2 if predictor and dtype[0] != "f" else None,
            **({"tile": tile} if tile else {"rowsperstrip": 10}),
        }
        pixels = stored(levels, dtype)
        label = f"{name} {order} {is_big} {tile} {packing}"
        if pixels.ndim == 2:
            yield label, written(pixels, **options), seen
            continue
        yield label, written(pixels, planarconfig="contig", **options), seen
        planes = np.ascontiguousarray(np.moveaxis(pixels, 2, 0))
        yield f"{label} planes", written(planes, planarconfig="separate", **options), seen


def is_read(file: bytes, seen: Array) -> bool:
    """Returns whether a file is read, and holds that its pixels are right if it is."""
    try:
        pixels = np.asarray(read_photo(file)).astype(float)
    except PhotoUnreadable as error:
        if "layout that is not supported" not in error.reason:
            raise
        return False
    difference = np.abs(pixels - seen * 255)
    assert difference.mean() < 1.5
    assert difference.max() < 8
    return True


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_layout_comes_out_wrong(dtype: str, capfd: pytest.CaptureFixture[str]) -> None:
    read = 0
    for name, file, seen in layouts(dtype):
        try:
            read += is_read(file, seen)
        except AssertionError as error:
            raise AssertionError(name) from error
    assert read == {"u1": 294, "u2": 210, "f4": 18}.get(dtype, 0)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("extra", [(2, 0), (1, 0), (0, 2), (0, 1), (2, 2), (2, 0, 0), (0, 0, 0)])
def test_more_samples_than_alpha(extra: tuple[int, ...], dtype: str) -> None:
    colour = COLOUR * ALPHA if 1 in extra else COLOUR
    pixels = stored(np.concatenate([colour, *[ALPHA] * len(extra)], -1), dtype)
    options: dict[str, Any] = {"photometric": "rgb", "extrasamples": extra}
    seen = OVER_WHITE if 1 in extra or 2 in extra else COLOUR
    planes = np.ascontiguousarray(np.moveaxis(pixels, 2, 0))
    for compression, tile in itertools.product((None, "zlib"), (None, (16, 32))):
        options |= {"compression": compression, "tile": tile}
        is_read(written(pixels, planarconfig="contig", **options), seen)
        is_read(written(planes, planarconfig="separate", **options), seen)


TURNED_BACK = {
    1: lambda levels: levels,
    2: lambda levels: levels[:, ::-1],
    3: lambda levels: levels[::-1, ::-1],
    4: lambda levels: levels[::-1],
    5: lambda levels: levels.swapaxes(0, 1),
    6: lambda levels: np.rot90(levels, 1),
    7: lambda levels: levels[::-1, ::-1].swapaxes(0, 1),
    8: lambda levels: np.rot90(levels, -1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_every_layout_is_turned_once(dtype: str, orientation: int) -> None:
    tag = [(274, 3, 1, orientation, True)]
    read = 0
    for name, levels, seen, options in pictures(dtype):
        if name == "five greys":
            continue
        pixels = np.ascontiguousarray(stored(TURNED_BACK[orientation](levels), dtype))
        for compression in (None, "zlib"):
            file = written(pixels, extratags=tag, compression=compression, **options)
            read += is_read(file, seen)
    assert read == {"u1": 22, "u2": 14, "f4": 2}[dtype]


def made(tags: dict[int, int | tuple[int, ...] | str], pixels: bytes = b"", order: str = "<") -> bytes:
    """Returns a classic TIFF of one page; numbers are SHORT, or LONG if they need it.

    It has one strip, or as many as separate planes, whose places are then the first bytes of ``pixels``.
    """
    body = b""
    start = 8 + 2 + 12 * (len(tags) + 2) + 4
    lines = []
    for tag, value in sorted((tags | {273: 0, 279: len(pixels)}).items()):
        if isinstance(value, str):
            packed, kind, count = value.encode() + b"\0", 2, len(value) + 1
        else:
            values = value if isinstance(value, tuple) else (value,)
            kind = 4 if tag in (273, 279, 330) or max(values) > 65535 else 3
            packed = struct.pack(f"{order}{len(values)}{'H' if kind == 3 else 'I'}", *values)
            count = len(values)
        if len(packed) > 4:
            packed, body = struct.pack(order + "I", start + len(body)), body + packed + bytes(len(packed) % 2)
        lines.append((tag, struct.pack(order + "HHI", tag, kind, count) + packed.ljust(4, b"\0")))
    strips = tags[277] if tags.get(284) == 2 else 1
    pointer = struct.pack(order + "HHII", 273, 4, strips, start + len(body))
    directory = b"".join(pointer if tag == 273 else line for tag, line in lines)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(lines))
    return head + directory + bytes(4) + body + pixels


def page(
    photometric: int, bits: int | tuple[int, ...], **more: int
) -> dict[int, int | tuple[int, ...] | str]:
    samples = len(bits) if isinstance(bits, tuple) else 1
    return {256: 64, 257: 48, 258: bits, 259: 1, 262: photometric, 277: samples} | {
        int(tag[1:]): value for tag, value in more.items()
    }


def packed(levels: Array, bits: int, *, is_reversed: bool = False) -> bytes:
    """Returns whole levels of some bits side by side, each row from a whole byte on."""
    digits = levels[..., None] >> np.arange(bits - 1, -1, -1) & 1
    order = "little" if is_reversed else "big"
    return np.packbits(digits.reshape(len(levels), -1).astype(np.uint8), axis=1, bitorder=order).tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("bits", [1, 2, 4, 6, 8, 10, 12, 14, 24, 32])
def test_grey_of_any_depth(bits: int, photometric: int, is_reversed: bool, order: str) -> None:
    levels = np.floor(GREY * (1 << bits)).astype(np.int64)
    if photometric == 0:
        levels = (1 << bits) - 1 - levels
    file = made(
        page(photometric, bits, t266=2 if is_reversed else 1),
        packed(levels, bits, is_reversed=is_reversed),
        order,
    )
    seen = levels if photometric == 1 else (1 << bits) - 1 - levels
    assert is_read(file, grey(seen / ((1 << bits) - 1))) == (
        bits in (1, 2, 4)
        or (bits == 8 and not (is_reversed and photometric == 0))
        or (bits == 12 and order == "<" and not is_reversed and photometric == 1)
    )


@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("is_signed", [False, True])
def test_signed_samples_are_not_taken_for_unsigned(photometric: int, is_signed: bool) -> None:
    levels = np.floor(GREY * 128).astype(np.uint8)
    file = made(page(photometric, 8, t339=2 if is_signed else 1), levels.tobytes())
    seen = levels / 255 if photometric == 1 else 1 - levels / 255
    assert is_read(file, grey(seen)) == (not is_signed)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("most", [255, 65535])
def test_colour_maps_of_bytes_and_of_words(bits: int, most: int) -> None:
    index = np.floor(GREY * (1 << bits)).astype(np.int64)
    colours = np.random.default_rng(bits).random((1 << bits, 3))
    colours[0] = 1, 0, 0  # so that some level is high
    levels = np.rint(colours * most).astype(int)
    tags = page(3, bits) | {320: tuple(levels.T.ravel().tolist())}
    assert is_read(made(tags, packed(index, bits)), colours[index])


def test_a_dark_colour_map_of_words_is_dark() -> None:
    levels = np.full((3, 256), 256)
    file = made(page(3, 8) | {320: tuple(levels.ravel().tolist())}, bytes(48 * 64))
    assert np.asarray(read_photo(file)).max() == 1


def test_uncompressed_subsampled_ycbcr() -> None:
    """Blocks of four brightnesses, a blue and a red difference: cameras of the nineties."""
    block = np.array([120, 120, 120, 120, 128, 200], np.uint8)
    file = made(page(6, (8, 8, 8), t530=(2, 2)), np.tile(block, 24 * 32).tobytes())
    red, green, blue = np.asarray(read_photo(file))[20, 20]
    assert abs(int(red) - (120 + 1.402 * 72)) < 2
    assert abs(int(green) - (120 - 0.714 * 72)) < 2
    assert abs(int(blue) - 120) < 2


@pytest.mark.parametrize(
    ("tags", "layout"),
    [
        (page(5, (8, 8, 8, 8), t332=2), "CMYK"),
        (page(2, (16, 16, 16), t339=(3, 3, 3)), "16-bit floats"),
        (page(1, 8, t259=34712), "JPEG 2000"),
        (page(1, 8, t259=50001), "WebP"),
        (page(1, 8, t259=12345), r"unknown \(12345\)"),
        (page(1, 8, t259=32773, t317=2), "PackBits"),
        (page(1, 32, t339=3, t259=32773, t317=3), "PackBits"),
        (page(32845, (16, 16, 16)), "LogLuv"),
        (page(9, (8, 8, 8)), "ICC Lab"),
        (page(4, 1), "mask"),
        (page(77, 8), "photometric 77"),
        (page(2, (5, 6, 5)), "5/6-bit"),
        (page(1, 16, t339=6), "complex"),
        (page(1, (8, 8), t338=2, t284=2), r"grey \+ alpha.*separate planes"),
        (page(8, (8, 8, 8), t284=2), "CIE Lab.*separate planes"),
        (page(2, (16, 16, 16, 16), t338=1, t284=2), r"RGB \+ alpha.*separate planes"),
    ],
)
def test_a_layout_that_is_not_read_is_named(tags: dict[int, Any], layout: str) -> None:
    with pytest.raises(PhotoUnsupported, match=rf"TIFF .*{layout}"):
        read_photo(made(tags, bytes(64 * 48 * 8)))


def test_big_endian_bigtiff_is_named() -> None:
    with pytest.raises(PhotoUnsupported, match="big-endian BigTIFF"):
        read_photo(written(stored(COLOUR, "u1"), photometric="rgb", bigtiff=True, byteorder=">"))


def test_a_tag_beyond_the_end_that_decides_no_pixels_is_left_out(recwarn: pytest.WarningsRecorder) -> None:
    for order in "<>":
        whole = made(page(1, 8) | {40000: "x" * 100}, bytes([99]) * 64 * 48, order)
        at = whole.index(struct.pack(order + "HH", 40000, 2)) + 4
        cut = whole[:at] + struct.pack(order + "I", 1 << 30) + whole[at + 4 :]
        assert np.asarray(read_photo(cut)).min() == 99
    assert not recwarn.list


@pytest.mark.parametrize("subfile", [0, 1, 2, 3])
def test_a_thumbnail_is_not_the_photo(subfile: int) -> None:
    file = made(page(1, 8, t254=subfile), bytes(64 * 48))
    if subfile & 1:
        with pytest.raises(PhotoUnsupported, match="starts with a thumbnail"):
            read_photo(file)
    else:
        assert read_photo(file).size == (64, 48)


@pytest.mark.parametrize("compression", ["zlib", "lzma"])
def test_libtiff_prints_nothing(compression: str, capfd: pytest.CaptureFixture[str]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    file = bytearray(written(noise // 9 * 9, photometric="rgb", compression=compression))
    for at in range(len(file) // 2, len(file) - 40, 7):
        file[at] ^= 0xFF
    with pytest.raises(PhotoUnreadable):
        read_photo(bytes(file))
    with pytest.raises(PhotoUnreadable, match="grey"):
        read_photo(made(page(1, (8,) * 9), bytes(64 * 48 * 9)))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("photometric", [0, 1, 2])
def test_tiles_whose_places_are_in_the_tag_for_strips(photometric: int) -> None:
    levels = {0: 1 - GREY, 1: GREY, 2: COLOUR}[photometric]
    file = written(
        stored(levels, "u1"),
        photometric=("miniswhite", "minisblack", "rgb")[photometric],
        tile=(16, 16),
    )
    for tile_tag, strip_tag in ((324, 273), (325, 279)):
        at = file.index(struct.pack("<H", tile_tag), 8)
        file = file[:at] + struct.pack("<H", strip_tag) + file[at + 2 :]
    assert is_read(file, COLOUR if photometric == 2 else grey(GREY))


def with_tags(tags: list[tuple[int, int, int, int]]) -> bytes:
    """A grey TIFF of 40x40 pixels with more tags behind its own; its file ends with its directory."""
    pixels = bytes(1600)
    own = [(256, 4, 1, 40), (257, 4, 1, 40), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8)]
    own += [(277, 3, 1, 1), (278, 4, 1, 40), (279, 4, 1, 1600)]
    lines = b"".join(struct.pack("<HHII", *tag) for tag in own + tags)
    directory = struct.pack("<H", len(own + tags)) + lines + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(pixels)) + pixels + directory


def test_tags_that_share_their_values_take_no_memory(recwarn: pytest.WarningsRecorder) -> None:
    """Each of 2,000 tags claims 1,500 bytes, the same ones: together more than the file has."""
    read_photo(with_tags([(1000 + number, 7, 1500, 8) for number in range(2000)]))
    assert not recwarn.list
    file = TiffFile(with_tags([(1000, 7, 1500, 8), (1001, 7, 1500, 8), (1002, 3, 1, 5)]))
    assert [entry.is_cut for entry in file.entries(file.first())][-3:] == [False, True, False]


@pytest.mark.parametrize(
    ("kind", "size"), [(1, 1), (3, 2), (4, 4), (5, 8), (10, 8), (11, 4), (12, 8), (13, 4), (16, 8), (18, 8)]
)
def test_a_value_is_as_long_as_its_type_says(kind: int, size: int) -> None:
    """A resolution is a rational of two numbers; a file that ends within it is cut."""
    length = len(with_tags([(282, kind, 5, 0)]))
    for missing in (0, 1):
        file = TiffFile(with_tags([(282, kind, 5, length - 5 * size + missing)]))
        (*_, entry) = file.entries(file.first())
        assert entry.value_end - entry.value_start == 5 * size
        assert entry.is_cut is bool(missing)


def test_a_directory_that_is_cut_off() -> None:
    with pytest.raises(PhotoUnreadable, match="truncated TIFF"):
        read_photo(with_tags([])[:-20])
    with pytest.raises(PhotoUnreadable, match="truncated TIFF"):
        read_photo(b"II*\0\xff\xff\xff\xff" + bytes(100))
    with pytest.raises(PhotoUnreadable, match="truncated TIFF"):
        read_photo(b"II+\0\x08\0\0\0" + b"\xff" * 8 + bytes(100))


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("options", [{"rowsperstrip": 10}, {"tile": (16, 32)}])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_pieces_of_the_picture_are_missing(
    planar: str, options: dict[str, Any], compression: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pillow leaves black what no strip or tile brings."""
    colours = stored(COLOUR, "u1")
    planes = colours if planar == "contig" else np.ascontiguousarray(np.moveaxis(colours, 2, 0))
    file = written(planes, photometric="rgb", planarconfig=planar, compression=compression, **options)
    assert is_read(file, COLOUR)
    tag = 324 if "tile" in options else 273
    at = file.index(struct.pack("<HH", tag, 4), 8) + 4
    (count,) = struct.unpack_from("<I", file, at)
    for fewer in (count - 1, 2):
        cut = file[:at] + struct.pack("<I", fewer) + file[at + 4 :]
        with pytest.raises(PhotoUnreadable, match=f"damaged TIFF file: it has {fewer} of {count} pieces"):
            read_photo(cut)
    if compression is None and tag == 273 and planar == "contig":
        monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
        assert read_photo(cut).size == (64, 48)


@pytest.mark.parametrize(
    ("tag", "value"),
    [(256, 0), (257, 0), (277, 0), (258, 0), (258, 200), (259, "LZW"), (256, "64"), (277, (1,) * 2000)],
)
def test_what_no_writer_would_write_is_damage(
    tag: int, value: int | str | tuple[int, ...], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(PhotoUnreadable, match="is a damaged TIFF file"):
        read_photo(made(page(1, 8) | {tag: value}, bytes(64 * 48)))
    assert not caplog.records


def test_a_first_page_that_is_elsewhere_is_damage() -> None:
    file = made(page(1, 8), bytes(64 * 48))
    for place in (10, 20, len(file) - 64 * 48, len(file) - 100):
        with pytest.raises(PhotoUnreadable) as caught:
            read_photo(file[:4] + struct.pack("<I", place) + file[8:])
        assert not isinstance(caught.value, PhotoUnsupported)


@pytest.mark.parametrize("rows", [48, 100, 2**32 - 1])
def test_a_single_strip_of_any_claimed_height(rows: int) -> None:
    assert read_photo(made(page(1, 8, t278=rows), bytes(64 * 48))).size == (64, 48)
