"""Pictures that show in part: cropped AVIF, first frames smaller than their canvas."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, features

from mobileiqa_sdk import isobmff
from mobileiqa_sdk.errors import PhotoTooSmall
from mobileiqa_sdk.isobmff import (
    Properties,
    _property_boxes,
    crop_box,
    item_types,
    read_properties,
    with_sizes,
    without_unknown_colours,
)
from mobileiqa_sdk.photo import read_photo

_RISING = np.meshgrid(np.linspace(0, 255, 100), np.linspace(0, 255, 80))
PICTURE = np.stack([*_RISING, np.full((80, 100), 90.0)], -1).astype(np.uint8)
needs_avif = pytest.mark.skipif("avif" not in features.get_supported_modules(), reason="Pillow without AVIF")


def pixels(photo):
    return np.asarray(read_photo(photo)).astype(int)


def avif(**options):
    file = io.BytesIO()
    Image.fromarray(PICTURE).save(file, "AVIF", quality=95, subsampling="4:4:4", **options)
    return file.getvalue()


def box(name, body):
    return struct.pack(">I", 8 + len(body)) + name + body


def with_property(file, added):
    """The file with one more property of its first item."""
    ipma = file.index(b"ipma")
    start, size = ipma - 4, int.from_bytes(file[ipma - 4 : ipma], "big")
    body = file[ipma + 4 : start + size]
    count = body[10]
    ipco = file.index(b"ipco") - 4
    ipco_size = int.from_bytes(file[ipco : ipco + 4], "big")
    number = len(list(_walk(file[ipco + 8 : ipco + ipco_size]))) + 1
    body = (
        body[:10] + bytes([count + 1]) + body[11 : 11 + count] + bytes([0x80 | number]) + body[11 + count :]
    )
    ipco_box = box(b"ipco", file[ipco + 8 : ipco + ipco_size] + added)
    changed = box(b"iprp", ipco_box + box(b"ipma", body))
    iprp = file.index(b"iprp") - 4
    iprp_end = iprp + int.from_bytes(file[iprp : iprp + 4], "big")
    grown = len(changed) - (iprp_end - iprp)
    file = file[:iprp] + changed + file[iprp_end:]
    meta = file.index(b"meta") - 4
    size = int.from_bytes(file[meta : meta + 4], "big") + grown
    file = file[:meta] + struct.pack(">I", size) + file[meta + 4 :]
    return _moved_data(file, grown)


def _walk(data):
    at = 0
    while at < len(data):
        yield at
        at += int.from_bytes(data[at : at + 4], "big")


def _moved_data(file, grown):
    """Corrects where the first item's data lie, as iloc of libavif has it: version 0, offsets of 4 bytes."""
    iloc = file.index(b"iloc") + 4
    assert file[iloc : iloc + 6] == b"\0\0\0\0\x44\0"
    (count,) = struct.unpack_from(">H", file, iloc + 6)
    data = bytearray(file)
    for item in range(count):
        at = iloc + 8 + 14 * item + 6
        (offset,) = struct.unpack_from(">I", data, at)
        struct.pack_into(">I", data, at, offset + grown)
    return bytes(data)


def clap(width, height, right, down, unit=1):
    return box(
        b"clap", struct.pack(">4I4i", width * unit, unit, height * unit, unit, right, unit, down, unit)
    )


@needs_avif
def test_a_clean_aperture_is_cut_out():
    whole = pixels(avif())
    file = with_property(avif(), clap(60, 40, -10, 5))
    np.testing.assert_array_equal(pixels(file), whole[25:65, 10:70])
    file = with_property(avif(), clap(61, 41, 1, -1, unit=2))  # centred, but for half a pixel
    np.testing.assert_array_equal(pixels(file), whole[19:60, 20:81])


def full_box(name, body, version=0):
    return box(name, bytes([version, 0, 0, 0]) + body)


def nclx(primaries, transfer):
    return box(b"colr", b"nclx" + struct.pack(">HHHB", primaries, transfer, 9, 0x80))


def items(primary, properties, associations):
    """A file without pictures: its ``associations`` are lists of numbers of properties by item."""
    body = struct.pack(">I", len(associations))
    for item, numbers in associations.items():
        body += struct.pack(">HB", item, len(numbers)) + bytes(numbers)
    iprp = box(b"iprp", box(b"ipco", b"".join(properties)) + full_box(b"ipma", body))
    return box(b"ftyp", b"avif") + full_box(b"meta", full_box(b"pitm", struct.pack(">H", primary)) + iprp)


SIZE = full_box(b"ispe", struct.pack(">II", 64, 64))


def test_the_properties_of_the_main_picture():
    properties = [SIZE, nclx(9, 16), nclx(12, 13), clap(40, 40, 0, 0)]
    file = items(2, properties, {1: [1, 2], 2: [1, 0x80 | 3, 0x80 | 4], 3: [2]})
    assert read_properties(file) == Properties((12, 13), (40, 1, 40, 1, 0, 1, 0, 1))
    assert read_properties(items(2, properties, {1: [1, 2], 3: [2]})) == Properties()
    assert read_properties(items(2, properties, {1: [9], 2: [9, 0]})) == Properties()


def test_the_colours_of_a_grid_may_be_those_of_its_tiles():
    properties = [SIZE, nclx(9, 16), nclx(12, 13), clap(40, 40, 0, 0)]
    file = items(1, properties, {1: [1], 256: [1, 2, 4], 257: [3]})
    assert read_properties(file) == Properties((9, 16), None)
    assert read_properties(items(1, properties, {1: [1], 256: [1]})) == Properties()


def test_the_properties_of_an_animation_without_a_main_picture():
    entry = box(b"av01", bytes(78) + box(b"av1C", bytes(4)) + nclx(9, 18))
    boxes = full_box(b"stsd", struct.pack(">I", 1) + entry)
    for name in (b"stbl", b"minf", b"mdia", b"trak", b"moov"):
        boxes = box(b"free", b"") + box(name, boxes)
    assert read_properties(box(b"ftyp", b"avis") + boxes) == Properties((9, 18), None)


@needs_avif
def test_a_crop_comes_before_the_turn():
    exif = Image.Exif()
    exif[0x112] = 6
    file = with_property(avif(exif=exif), clap(60, 40, -10, 5))
    whole = pixels(avif())
    picture = read_photo(file)
    np.testing.assert_array_equal(np.asarray(picture), np.rot90(whole[25:65, 10:70], -1))
    assert read_photo(picture) is picture
    exif[0x112] = 1
    assert not read_photo(with_property(avif(exif=exif), clap(60, 40, -10, 5))).info


@needs_avif
def test_a_crop_below_the_smallest_side_is_refused():
    with pytest.raises(PhotoTooSmall, match="31x40"):
        read_photo(with_property(avif(), clap(31, 40, 0, 0)))


@needs_avif
@pytest.mark.parametrize(
    "bad", [clap(200, 40, 0, 0), clap(60, 40, 30, 0), clap(60, 40, 0, 0, unit=0), clap(0, 40, 0, 0)]
)
def test_a_senseless_crop_is_ignored(bad):
    np.testing.assert_array_equal(pixels(with_property(avif(), bad)), pixels(avif()))


def test_crop_boxes_of_the_standard():
    assert crop_box((320, 280), (180, 1, 100, 1, -30, 1, -10, 1)) == (40, 80, 220, 180)
    assert crop_box((100, 100), (61, 1, 61, 1, 0, 1, 0, 1)) == (19, 19, 80, 80)
    assert crop_box((101, 101), (101, 1, 101, 1, 0, 1, 0, 1)) == (0, 0, 101, 101)
    assert crop_box((100, 100), (100, 1, 100, 1, 1, 1, 0, 1)) is None


@needs_avif
def test_boxes_of_any_bytes_are_read_without_an_error():
    file = avif()
    generator = np.random.default_rng(8)
    head = file.index(b"mdat")
    for _ in range(1000):
        damaged = bytearray(file)
        for at in generator.integers(0, head, 3):
            damaged[at] = generator.integers(0, 256)
        assert isinstance(read_properties(bytes(damaged)), Properties)
        assert len(with_sizes(bytes(damaged))) == len(without_unknown_colours(bytes(damaged))) == len(file)
        assert all(len(name) == 4 for name in item_types(bytes(damaged)))
    for length in range(head):
        for reader in (read_properties, with_sizes, without_unknown_colours, item_types):
            reader(file[:length])


@needs_avif
def test_the_boxes_that_are_looked_at_are_bounded(monkeypatch):
    file = avif()
    free = box(b"free", b"") * 100
    many = file[: file.index(b"meta") - 4] + free + file[file.index(b"meta") - 4 :]
    assert read_properties(many) == read_properties(file) != Properties()
    monkeypatch.setattr(isobmff, "MAX_BOXES", 100)
    assert read_properties(many) == Properties()
    assert read_properties(file) != Properties()
    assert len(_property_boxes(file)[1]) > 2
    monkeypatch.setattr(isobmff, "MAX_ASSOCIATIONS", 2)
    assert len(_property_boxes(file)[1]) == 2


@needs_avif
def test_an_alpha_plane_without_a_size_is_read():
    image = Image.fromarray(PICTURE)
    image.putalpha(Image.fromarray(PICTURE[:, :, 0]))
    file = io.BytesIO()
    image.save(file, "AVIF", quality=95, subsampling="4:4:4")
    sound = file.getvalue()
    ipma = sound.index(b"ipma") + 4
    _, associations = _property_boxes(sound)
    of_alpha = [(position, number) for item, position, number in associations if item == 2]
    size = next(number for item, _, number in associations if item == 1)
    assert of_alpha[0][1] == size
    # As early encoders had it: the pixi box first, and no ispe.
    data = bytearray(sound)
    (first, _), (second, pixi) = of_alpha[:2]
    assert sound[ipma : ipma + 4] == bytes(4)
    data[first] = data[second] = pixi
    with pytest.raises(OSError, match="identify"):
        Image.open(io.BytesIO(data))
    np.testing.assert_array_equal(pixels(bytes(data)), pixels(sound))


@needs_avif
def test_xmp_does_not_turn_an_avif():
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    assert pixels(avif(xmp=xmp)).shape == PICTURE.shape


SMALL = PICTURE[:40, :50] // 2


def gif(left=7, top=9, transparency=None):
    """A GIF of 100 x 80 pixels with one frame of 50 x 40."""
    file = io.BytesIO()
    frame = Image.fromarray(SMALL).quantize(32)
    options = {} if transparency is None else {"transparency": transparency}
    frame.save(file, "GIF", **options)
    data = bytearray(file.getvalue())
    struct.pack_into("<HH", data, 6, 100, 80)
    data[11] = 5  # background
    palette = 13 + 3 * 2 ** ((data[10] & 7) + 1)
    at = data.index(b"\x2c", palette)
    while struct.unpack_from("<4H", data, at + 1) != (0, 0, 50, 40):
        at = data.index(b"\x2c", at + 1)
    struct.pack_into("<HH", data, at + 1, left, top)
    return bytes(data), np.asarray(frame.convert("RGB")).astype(int), np.asarray(frame)


def test_the_canvas_around_the_first_frame_of_a_gif_is_white():
    file, frame, _ = gif()
    expected = np.full((80, 100, 3), 255)
    expected[9:49, 7:57] = frame
    np.testing.assert_array_equal(pixels(file), expected)


def test_a_transparent_colour_within_the_frame_stays_transparent():
    file, frame, indices = gif(transparency=3)
    expected = np.full((80, 100, 3), 255)
    expected[9:49, 7:57] = np.where(indices[:, :, None] == 3, 255, frame)
    np.testing.assert_array_equal(pixels(file), expected)


@pytest.mark.parametrize("has_alpha", [False, True])
def test_the_canvas_around_the_first_frame_of_a_webp_is_white(has_alpha):
    file = io.BytesIO()
    Image.fromarray(SMALL).save(file, "WEBP", lossless=True)
    frame = file.getvalue()[12:]

    def riff(name, body):
        return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)

    def three(number):
        return struct.pack("<I", number)[:3]

    header = riff(b"VP8X", bytes([18 if has_alpha else 2, 0, 0, 0]) + three(99) + three(79))
    place = three(3) + three(4) + three(49) + three(39)
    frames = riff(b"ANMF", place + three(100) + b"\0" + frame) + riff(
        b"ANMF", bytes(6) + place[6:] + bytes(4) + frame
    )
    body = b"WEBP" + header + riff(b"ANIM", b"\1\2\3\xff\0\0") + frames
    expected = np.full((80, 100, 3), 255)
    expected[8:48, 6:56] = SMALL
    np.testing.assert_array_equal(pixels(b"RIFF" + struct.pack("<I", len(body)) + body), expected)


def test_a_whole_frame_stays_as_it_is():
    file = io.BytesIO()
    frames = [Image.fromarray(PICTURE), Image.fromarray(255 - PICTURE)]
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    np.testing.assert_array_equal(pixels(file.getvalue()), PICTURE)


def test_a_frame_that_claims_to_leave_its_canvas_is_as_the_decoder_shows_it():
    stream = io.BytesIO()
    frames = [Image.fromarray(PICTURE), Image.fromarray(255 - PICTURE)]
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    file = stream.getvalue()
    sides = file.index(b"ANMF") + 14  # width, height: three bytes each
    for at in (sides + 2, sides + 5):
        for high in (1, 128):
            claimed = file[:at] + bytes([high]) + file[at + 1 :]
            np.testing.assert_array_equal(pixels(claimed), PICTURE)
