"""HEIC and AVIF: how Android's stored pixels have to be turned is what Python's decoders did with them."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, features

from mobileiqa_sdk.isobmff import crop_box, read_properties
from mobileiqa_sdk.photo import read_photo

from .toolbox import Jvm, base64_of

SIZE = (96, 64)
LEFT_RIGHT, TOP_BOTTOM = 1, 0
quick = settings(deadline=None, max_examples=200)


def corners() -> Image.Image:
    """A picture that looks different in each of the eight orientations."""
    image = Image.new("RGB", SIZE, (128, 128, 128))
    image.paste((255, 0, 0), (0, 0, 48, 32))
    image.paste((0, 0, 255), (48, 0, 96, 32))
    return image


def turned(orientation: int) -> bytes:
    """An AVIF file; the library writes an EXIF orientation as rotation and mirroring too."""
    if not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    corners().save(file, "AVIF", quality=90, exif=exif)
    return file.getvalue()


def upright(orientation: int) -> np.ndarray:
    """The picture as EXIF 2.32, 4.6.4, has it to be seen."""
    pixels = np.asarray(corners())
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    flipped = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(orientation, ())
    return np.flip(pixels, flipped)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_file_of_a_library(pure: Jvm, tmp_path: Path, orientation: int) -> None:
    data = turned(orientation)
    seen = np.asarray(read_photo(data)).astype(int)
    by_orientation = {
        number: np.abs(upright(number) - seen).mean()
        for number in range(1, 9)
        if upright(number).shape == seen.shape
    }
    expected = min(by_orientation, key=lambda number: by_orientation[number])
    assert expected == orientation, "the library wrote what this test asked for"
    path = tmp_path / "photo"
    path.write_bytes(data)
    assert pure.call("orientation", file=base64_of(data)) == expected
    assert pure.call("orientation_of_file", path=str(path)) == expected


def box(kind: bytes, content: bytes, large: bool = False) -> bytes:
    if large:
        return struct.pack(">I4sQ", 1, kind, len(content) + 16) + content
    return struct.pack(">I4s", len(content) + 8, kind) + content


def heif(
    properties: list[bytes],
    associations: list[tuple[int, list[int]]],
    primary: int = 1,
    version: int = 0,
    long_indices: bool = False,
    large: bool = False,
    data: bytes = b"x",
) -> bytes:
    """The boxes of a file that say how its primary item is turned and cut, by ISO/IEC 23008-12; then data."""
    identifier = ">I" if version else ">H"
    full = struct.pack(">I", version << 24 | long_indices)
    table = full + struct.pack(">I", len(associations))
    for item, indices in associations:
        table += struct.pack(identifier, item) + bytes([len(indices)])
        for index in indices:
            table += struct.pack(">H", 0x8000 | index) if long_indices else bytes([0x80 | index])
    pitm = box(b"pitm", struct.pack(">I", version << 24) + struct.pack(identifier, primary))
    iprp = box(b"iprp", box(b"ipco", b"".join(properties), large) + box(b"ipma", table))
    meta = box(b"meta", bytes(4) + box(b"hdlr", bytes(24)) + pitm + iprp, large)
    return box(b"ftyp", b"heic" + bytes(4) + b"mif1heic") + box(b"free", bytes(5)) + meta + box(b"mdat", data)


def rotation(quarters: int) -> bytes:
    return box(b"irot", bytes([quarters]))


def mirror(mode: int) -> bytes:
    return box(b"imir", bytes([mode]))


SIZES = box(b"ispe", bytes(12))


@pytest.mark.parametrize(
    ("steps", "orientation"),
    [
        ([], 1),
        ([rotation(1)], 8),
        ([rotation(2)], 3),
        ([rotation(3)], 6),
        ([mirror(LEFT_RIGHT)], 2),
        ([mirror(TOP_BOTTOM)], 4),
        ([rotation(1), mirror(LEFT_RIGHT)], 7),
        ([mirror(LEFT_RIGHT), rotation(1)], 5),
        ([rotation(3), mirror(TOP_BOTTOM)], 7),
        ([rotation(3), rotation(3)], 3),
    ],
)
@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("long_indices", [False, True])
@pytest.mark.parametrize("large", [False, True])
def test_properties_in_their_order(
    pure: Jvm, steps: list[bytes], orientation: int, version: int, long_indices: bool, large: bool
) -> None:
    indices = list(range(2, 2 + len(steps)))
    data = heif(
        [SIZES, *steps, rotation(2)],
        [(7, [1, 2 + len(steps)]), (300, [1, *indices])],
        primary=300,
        version=version,
        long_indices=long_indices,
        large=large,
    )
    assert pure.call("orientation", file=base64_of(data)) == orientation


def test_the_order_is_that_of_the_association(pure: Jvm) -> None:
    properties = [rotation(1), mirror(LEFT_RIGHT)]
    assert pure.call("orientation", file=base64_of(heif(properties, [(1, [1, 2])]))) == 7
    assert pure.call("orientation", file=base64_of(heif(properties, [(1, [2, 1])]))) == 5


def test_an_index_beyond_the_list_has_no_effect(pure: Jvm) -> None:
    assert pure.call("orientation", file=base64_of(heif([rotation(1)], [(1, [0, 2, 1])]))) == 8


def size(width: int, height: int) -> bytes:
    return box(b"ispe", bytes(4) + struct.pack(">II", width, height))


def aperture(*numbers: int) -> bytes:
    return box(b"clap", struct.pack(">4I4i", *numbers))


def shown(jvm: Jvm, data: bytes, width: int, height: int) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of what Android shows of a file."""
    part = jvm.call("aperture", file=base64_of(data), width=width, height=height)
    return None if part is None else (part[0], part[1], part[0] + part[2], part[1] + part[3])


unsigned = st.integers(0, 200) | st.integers(0, 2**32 - 1)
signed = st.integers(-40, 40) | st.integers(-(2**31), 2**31 - 1)


@quick
@given(st.lists(unsigned, min_size=4, max_size=4), st.lists(signed, min_size=4, max_size=4))
@example([60, 1, 40, 1], [-10, 1, 5, 1])
@example([61 * 2, 2, 41 * 2, 2], [1, 2, -1, 2])
@example([96, 1, 64, 1], [0, 1, 0, 1])
@example([60, 1, 40, 1], [3, -2, 0, 1])
def test_a_clean_aperture_is_that_of_python(pure: Jvm, extents: list[int], offsets: list[int]) -> None:
    data = heif([size(*SIZE), aperture(*extents, *offsets)], [(1, [1, 2])])
    properties = read_properties(data)
    assert properties.clean_aperture == (*extents, *offsets)
    assert shown(pure, data, *SIZE) == crop_box(SIZE, properties.clean_aperture)


def test_what_android_has_cut_already_is_not_cut_again(pure: Jvm) -> None:
    data = heif([size(*SIZE), aperture(60, 1, 40, 1, 0, 1, 0, 1)], [(1, [1, 2])])
    assert shown(pure, data, *SIZE) == (18, 12, 78, 52)
    assert shown(pure, data, 60, 40) is None


def test_without_an_aperture_all_of_a_picture_shows(pure: Jvm) -> None:
    assert shown(pure, heif([size(*SIZE)], [(1, [1])]), *SIZE) is None
    assert shown(pure, heif([size(*SIZE), box(b"clap", bytes(20))], [(1, [1, 2])]), *SIZE) is None
    other = heif([size(*SIZE), aperture(60, 1, 40, 1, 0, 1, 0, 1)], [(1, [1]), (2, [2])])
    assert shown(pure, other, *SIZE) is None, "a property of another item"


@quick
@given(st.data())
def test_damaged_files_never_cost_the_photo(pure: Jvm, data: st.DataObject) -> None:
    whole = heif([SIZES, rotation(1), aperture(60, 1, 40, 1, 0, 1, 0, 1)], [(1, [1, 2, 3])])
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    assert pure.call("orientation", file=base64_of(bytes(damaged))) in range(1, 9)
    shown(pure, bytes(damaged), *SIZE)
