"""Every source, format, orientation and named error of read_photo."""

import gzip
import io
import os
import pickle
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import tracemalloc
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import GifImagePlugin, Image, ImageFile, ImageOps, JpegImagePlugin, features
from skimage import data

from mobileiqa_sdk import photo
from mobileiqa_sdk.errors import (
    InternalError,
    PhotoError,
    PhotoNotFound,
    PhotoTooLarge,
    PhotoTooSmall,
    PhotoUnreadable,
    PhotoUnsupported,
)
from mobileiqa_sdk.photo import MAX_PIXELS, MIN_SIDE, describe, read_photo

CAT = data.chelsea()[:200, :300]
HAVE_AVIF = features.check_module("avif") if "avif" in features.modules else False
LOSSLESS = {
    "PNG": {},
    "TIFF": {},
    "BMP": {},
    "WEBP": {"lossless": True, "exact": True},
}
LOSSY = {"JPEG": {"quality": 95}, "WEBP": {"quality": 95}, "GIF": {}, "MPO": {}}
if HAVE_AVIF:
    LOSSY["AVIF"] = {"quality": 95}


def saved(image, kind, **options):
    if not isinstance(image, Image.Image):
        image = Image.fromarray(image)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def heic(image, **options):
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, **options)
    return file.getvalue()


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


def same(image, pixels):
    assert image.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(image), pixels)


def close(image, pixels, limit):
    assert image.mode == "RGB"
    assert image.size == (pixels.shape[1], pixels.shape[0])
    assert np.abs(np.asarray(image).astype(int) - pixels).mean() < limit


PNG = saved(CAT, "PNG")


# Sources


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a cat ü 猫.png"
    path.write_bytes(PNG)
    return path


def test_paths(path, monkeypatch):
    same(read_photo(str(path)), CAT)
    same(read_photo(path), CAT)
    monkeypatch.chdir(path.parent)
    same(read_photo(path.name), CAT)
    link = path.with_name("link")
    link.symlink_to(path)
    same(read_photo(link), CAT)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes(kind):
    same(read_photo(kind(PNG)), CAT)


def test_bytearray_is_not_kept():
    buffer = bytearray(PNG)
    image = read_photo(buffer)
    buffer[:] = b""  # raises BufferError if something still holds it
    same(image, CAT)


class Drip(io.RawIOBase):
    """A stream that cannot seek and hands out a few bytes at a time."""

    PIECE = 7

    def __init__(self, data):
        self.data, self.at = memoryview(data), 0

    def readable(self):
        return True

    def read(self, size=-1):
        self.at += self.PIECE
        return bytes(self.data[self.at - self.PIECE : self.at])


def test_file_objects_are_read_from_where_they_are_and_stay_open(path):
    with open(path, "rb") as file:
        same(read_photo(file), CAT)
        assert not file.closed
        assert file.read() == b""
    file = io.BytesIO(b"header" + PNG)
    file.seek(6)
    same(read_photo(file), CAT)
    assert not file.closed
    same(read_photo(Drip(PNG)), CAT)
    with tempfile.SpooledTemporaryFile() as file:
        file.write(PNG)
        file.seek(0)
        same(read_photo(file), CAT)
    with gzip.open(io.BytesIO(gzip.compress(PNG))) as file:
        same(read_photo(file), CAT)


def test_pipe_as_file_object():
    reader, writer = os.pipe()

    def feed():
        with os.fdopen(writer, "wb") as file:
            file.write(PNG)

    thread = threading.Thread(target=feed)
    thread.start()
    with os.fdopen(reader, "rb") as file:
        same(read_photo(file), CAT)
    thread.join()


def test_describe(path):
    assert describe("a/b.jpg") == "a/b.jpg"
    assert describe(Path("a") / "b.jpg") == os.path.join("a", "b.jpg")
    assert describe(b"x") == describe(bytearray()) == describe(memoryview(b"")) == "<bytes>"
    assert describe(io.BytesIO()) == "<file>"
    with open(path, "rb") as file:
        assert describe(file) == f"<file {path}>"
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as file, os.fdopen(writer, "wb"):
        assert describe(file) == "<file>"
    assert describe(Image.new("L", (1, 1))) == "<PIL image>"
    assert describe(np.zeros(3)) == "<array>"
    assert describe(None) == "<NoneType>"
    assert len(describe("x" * 100_000)) < 300


def test_the_error_names_the_photo_and_the_reason():
    with pytest.raises(PhotoNotFound) as caught:
        read_photo("/no/such/photo.jpg")
    assert caught.value.photo == "/no/such/photo.jpg"
    assert caught.value.reason == "no such file"
    assert str(pickle.loads(pickle.dumps(caught.value))) == "/no/such/photo.jpg: no such file"  # noqa: S301


# Paths that are no photo


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("/no/such/photo.jpg", "no such file"),
        ("", "empty"),
        ("a\0b.jpg", "path"),
        ("x" * 100_000, "path"),
        ("x/" * 50_000, "path"),
        ("\ud800.jpg", "no"),
        ("http://example.com/a.jpg", "opens no connection"),
        ("HTTPS://example.com/a.jpg", "opens no connection"),
        (Path("https://example.com/a.jpg"), "opens no connection"),
        ("data:image/png;base64,AAAA", "no such file"),
    ],
)
def test_paths_that_do_not_exist(bad, reason):
    with pytest.raises(PhotoNotFound, match=reason):
        read_photo(bad)


def test_folder(tmp_path):
    with pytest.raises(PhotoNotFound, match="is a folder"):
        read_photo(tmp_path)


def test_file_used_as_a_folder(path):
    with pytest.raises(PhotoNotFound, match="not a path to a file"):
        read_photo(path / "x.jpg")


def test_link_to_nowhere_and_to_itself(tmp_path):
    for name, target in [("nowhere", "gone"), ("loop", "loop")]:
        (tmp_path / name).symlink_to(target)
        with pytest.raises(PhotoNotFound):
            read_photo(tmp_path / name)


@pytest.mark.skipif(sys.platform == "win32", reason="no FIFOs or devices")
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_a_path_that_is_replaced_after_the_first_look(path, kind, monkeypatch):
    """The first look sees a photo; what is opened then is something else."""
    status = os.stat(path)
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    monkeypatch.setattr(os, "stat", lambda *args, **options: status)
    with pytest.raises(PhotoNotFound, match="folder" if kind == "folder" else "regular file"):
        read_photo(path)


@pytest.mark.skipif(sys.platform == "win32", reason="no FIFOs or devices")
def test_pipes_and_devices_do_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    for bad in (tmp_path / "pipe.jpg", "/dev/zero", "/dev/null"):
        with pytest.raises(PhotoNotFound, match="not a regular file"):
            read_photo(bad)


def test_no_permission(path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # the tests may run as root
    with pytest.raises(PhotoNotFound, match="may not be read"):
        read_photo(path)


def test_empty(tmp_path):
    (tmp_path / "empty.jpg").touch()
    for bad in (tmp_path / "empty.jpg", b"", io.BytesIO()):
        with pytest.raises(PhotoUnreadable, match="is empty"):
            read_photo(bad)


def test_a_stream_at_its_end_is_told_from_an_empty_file():
    stream = io.BytesIO()
    Image.fromarray(CAT).save(stream, "PNG")
    with pytest.raises(PhotoUnreadable, match=r"seek\(0\)"):
        read_photo(stream)
    with pytest.raises(PhotoUnreadable, match=r"is empty$"):
        read_photo(b"")


# Objects that are no photo


def test_text_files_are_refused(path):
    for file in (io.StringIO("text"), open(path, encoding="latin1")):  # noqa: SIM115
        with file, pytest.raises(PhotoUnsupported, match="text mode"):
            read_photo(file)

    class Text:
        def read(self, size):
            return "text"

    with pytest.raises(PhotoUnsupported, match="text mode"):
        read_photo(Text())


@pytest.mark.parametrize(
    "error", [OSError("disk on fire"), ValueError("disk on fire"), EOFError("disk on fire")]
)
def test_files_that_fail(error):
    class Failing:
        name = "cloud.jpg"

        def read(self, size):
            raise error

    with pytest.raises(PhotoUnreadable, match="disk on fire") as caught:
        read_photo(Failing())
    assert caught.value.photo == "<file cloud.jpg>"


def test_closed_and_write_only_files(path):
    with open(path, "rb") as file:
        pass
    with pytest.raises(PhotoUnreadable, match="closed"):
        read_photo(file)
    with open(path, "ab") as file, pytest.raises(PhotoUnreadable):
        read_photo(file)
    view = memoryview(PNG)
    view.release()
    with pytest.raises(PhotoUnreadable, match="released"):
        read_photo(view)


class Pieces:
    """A file object that serves a start and then pieces of 1,000 bytes, up to an end of its own."""

    def __init__(self, start, end):
        self.start, self.end, self.served = start, end, 0

    def read(self, size):
        if self.served >= self.end:
            return b""
        piece, self.start = self.start or b"x" * 1000, b""
        self.served += len(piece)
        return piece


def test_what_numpy_can_convert_is_not_converted_silently() -> None:
    class Tensor:
        def __array__(self, dtype=None, copy=None) -> np.ndarray:
            return np.zeros((64, 64, 3), np.uint8)

    with pytest.raises(PhotoUnsupported, match=r"Tensor; pass numpy\.asarray\(\.\.\.\) of it"):
        read_photo(Tensor())
    assert read_photo(np.asarray(Tensor())).size == (64, 64)


def test_what_is_no_photo_is_not_read_to_its_end():
    stream = Pieces(b"x" * 1024, 10**6)
    with pytest.raises(PhotoUnsupported, match="supported format"):
        read_photo(stream)
    assert stream.served == 1024


@pytest.mark.parametrize("end", [101_000, 10**6])
def test_endless_files_end(monkeypatch, end):
    monkeypatch.setattr(photo, "MAX_BYTES", 100_000)
    stream = Pieces(PNG[:1000], end)
    with pytest.raises(PhotoTooLarge, match="100,000"):
        read_photo(stream)
    assert stream.served == 101_000


def test_the_longest_file_that_is_read(monkeypatch):
    monkeypatch.setattr(photo, "MAX_BYTES", len(PNG))
    same(read_photo(io.BytesIO(PNG)), CAT)
    with pytest.raises(PhotoTooLarge):
        read_photo(io.BytesIO(PNG + b"x"))


@pytest.mark.parametrize("kind", [Path, open, Drip], ids=["path", "file", "stream"])
def test_a_file_is_held_once(tmp_path, kind, monkeypatch):
    """The peak is the file, what the buffer grew by in advance, and a piece."""
    file = saved(np.random.default_rng(0).integers(0, 256, (2500, 2600, 3), np.uint8), "BMP")
    path = tmp_path / "noise.bmp"
    path.write_bytes(file)
    peak = None

    def stop(data):
        nonlocal peak
        assert data == file
        peak = tracemalloc.get_traced_memory()[1]
        raise MemoryError

    monkeypatch.setattr(photo, "open_image", stop)
    monkeypatch.setattr(Drip, "PIECE", 1 << 20)
    source = Drip(file) if kind is Drip else (open(path, "rb") if kind is open else path)  # noqa: SIM115
    tracemalloc.start()
    with pytest.raises(PhotoTooLarge):
        read_photo(source)
    tracemalloc.stop()
    if kind is open:
        source.close()
    assert peak < 1.2 * len(file) + 3e6


def test_bytes_are_not_copied(monkeypatch):
    taken = []
    monkeypatch.setattr(photo, "open_image", lambda data: taken.append(data) or Image.fromarray(CAT))
    read_photo(PNG)
    assert taken[0] is PNG


class FakeTensor:
    __module__, __qualname__ = "torch", "Tensor"

    def __array__(self, *args, **kwargs):
        return np.zeros((64, 64, 3), np.uint8)


@pytest.mark.parametrize("bad", [None, 3, 2.5, [1, 2], {"a": 1}, object(), FakeTensor(), np.uint8(3), Image])
def test_other_objects_are_refused(bad):
    with pytest.raises(PhotoUnsupported, match=type(bad).__name__):
        read_photo(bad)


# Formats


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_formats(kind):
    same(read_photo(saved(CAT, kind, **LOSSLESS[kind])), CAT)


@pytest.mark.parametrize("kind", LOSSY)
def test_lossy_formats(kind):
    close(read_photo(saved(CAT, kind, **LOSSY[kind])), CAT, 4)


def test_jpeg_is_what_pillow_decodes():
    for options in ({}, {"progressive": True}, {"subsampling": 0}):
        file = saved(data.astronaut(), "JPEG", **options)
        same(read_photo(file), np.asarray(Image.open(io.BytesIO(file))))


def test_heic():
    close(read_photo(heic(Image.fromarray(CAT), quality=95)), CAT, 4)


def test_bundled_photographs():
    folder = Path(data.__file__).parent
    for name in ("hubble_deep_field.jpg", "coffee.png", "camera.png"):  # the first is tagged as HP's sRGB
        same(read_photo(folder / name), np.asarray(Image.open(folder / name).convert("RGB")))


def test_a_bundled_photograph_in_adobe_rgb():
    path = Path(data.__file__).parent / "rocket.jpg"
    stored = np.asarray(Image.open(path)).astype(float)
    to_srgb = np.array([[1.39835574, -0.39835574, 0], [0, 1, 0], [0, -0.04292899, 1.04292899]])
    linear = np.clip((stored / 255) ** (563 / 256) @ to_srgb.T, 0, 1)
    expected = 255 * np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    difference = np.abs(np.asarray(read_photo(path)) - expected)
    assert difference[stored.min(axis=-1) > 20].max() <= 2
    assert np.abs(stored - expected).max() > 20


@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_byte_orders(order):
    pixels = np.ascontiguousarray(CAT[:40, :40])
    entries = [
        (256, 3, 40),
        (257, 3, 40),
        (258, 3, 8),
        (262, 3, 1),
        (273, 4, 8 + 2 + 7 * 12 + 4),
        (277, 3, 1),
        (279, 4, 1600),
    ]
    body = (
        (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8) + struct.pack(order + "H", 7)
    )
    for tag, kind, value in entries:
        body += struct.pack(
            order + ("HHIHH" if kind == 3 else "HHII"), tag, kind, 1, value, *([0] * (kind == 3))
        )
    body += bytes(4) + pixels[:, :, 0].tobytes()
    same(read_photo(body), np.repeat(pixels[:, :, :1], 3, axis=2))


def test_big_tiff():
    same(read_photo(saved(CAT, "TIFF", big_tiff=True)), CAT)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "packbits", "jpeg"])
def test_compressed_tiff(compression):
    close(read_photo(saved(CAT, "TIFF", compression=compression)), CAT, 8 if compression == "jpeg" else 0.1)


def test_first_frame_and_first_page():
    other = Image.fromarray(255 - CAT)
    first = Image.fromarray(CAT)
    for kind, options in {"PNG": {}, "TIFF": {}, "WEBP": LOSSLESS["WEBP"], "MPO": {"quality": 95}}.items():
        file = saved(first, kind, save_all=True, append_images=[other], **options)
        close(read_photo(file), CAT, 3)
    gif = saved(first.quantize(64), "GIF", save_all=True, append_images=[other.quantize(64)])
    close(read_photo(gif), CAT, 12)


@pytest.mark.parametrize(
    "bad",
    [
        b"hello",
        b"RIFF\x10\0\0\0WAVEfmt " + bytes(100),
        saved(CAT, "TGA"),
        bytes(1000),
    ],
)
def test_other_formats_are_refused(bad):
    with pytest.raises(PhotoUnsupported, match="supported format"):
        read_photo(bad)


def test_the_version_of_a_brand_is_not_a_brand():
    with pytest.raises(PhotoUnsupported, match="MP4 video"):
        read_photo(b"\0\0\0\x18ftypisomheicmp41mp42" + bytes(100))


def tiff_with(tag, kind, count, value, order="<"):
    """A file of one tag whose value is elsewhere, without pixels: what is looked at before it is decoded."""
    entry = struct.pack(order + "HHII", tag, kind, count, value)
    start = b"II*\0" if order == "<" else b"MM\0*"
    return start + struct.pack(order + "IH", 8, 1) + entry + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("kind", "size"),
    [(2, 1), (3, 2), (4, 4), (5, 8), (7, 1), (8, 2), (9, 4), (10, 8), (11, 4), (12, 8), (13, 4), (16, 8)],
)
def test_a_value_of_a_tiff_tag_ends_with_the_file(kind, size, order):
    count = 5  # of any type more than fits into the entry
    whole = tiff_with(282, kind, count, 26, order) + bytes(count * size)
    with pytest.raises(PhotoUnreadable) as caught:
        read_photo(whole)
    assert "truncated TIFF" not in caught.value.reason
    with pytest.raises(PhotoUnreadable, match="is a truncated TIFF"):
        read_photo(whole[:-1])


def test_file_names_do_not_matter(tmp_path):
    (tmp_path / "really.eps").write_bytes(PNG)
    same(read_photo(tmp_path / "really.eps"), CAT)


def test_heic_without_pillow_heif(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PhotoUnsupported, match=r'pip install "mobileiqa-sdk\[heic\]"'):
        read_photo(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))


@pytest.mark.parametrize(
    "brands",
    [
        b"avif\0\0\0\0mif1avif",
        b"mif1\0\0\0\0avifmif1",  # the brand at byte 16 alone
        b"mif1\0\0\0\0mif1avif",
        b"avis\0\0\0\0msf1avif",
    ],
)
def test_avif_without_support(brands, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.AvifImagePlugin", None)
    with pytest.raises(PhotoUnsupported, match=r"is AVIF.*pillow>=11\.3"):
        read_photo(b"\0\0\0\x18ftyp" + brands + bytes(100))


def test_webp_without_support(monkeypatch):
    from PIL import WebPImagePlugin

    monkeypatch.setattr(WebPImagePlugin, "SUPPORTED", False)
    with pytest.raises(PhotoUnsupported, match="is WEBP"):
        read_photo(saved(CAT, "WEBP"))


# Orientation


def turned(orientation):
    """The stored picture whose upright view is CAT."""
    back = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}.get(orientation)
    image = Image.fromarray(CAT)
    if back is None:
        return image
    image.getexif()[0x0112] = back
    return ImageOps.exif_transpose(image)


ORIENTED = ["PNG", "TIFF", "WEBP", "JPEG", *(["AVIF"] if HAVE_AVIF else [])]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ORIENTED)
def test_every_orientation(kind, orientation):
    options = {**LOSSY.get(kind, {}), **LOSSLESS.get(kind, {})}
    file = saved(turned(orientation), kind, exif=exif(orientation), **options)
    close(read_photo(file), CAT, 0.1 if kind in LOSSLESS else 4)
    close(read_photo(Image.open(io.BytesIO(file))), CAT, 0.1 if kind in LOSSLESS else 4)
    upright = read_photo(file)
    assert read_photo(upright) is upright


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
@pytest.mark.parametrize("orientation", [3, 6])
def test_tiff_is_turned_once(compression, orientation):
    file = saved(turned(orientation), "TIFF", exif=exif(orientation), compression=compression)
    same(read_photo(file), CAT)
    loaded = Image.open(io.BytesIO(file))
    loaded.load()
    same(read_photo(loaded), CAT)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_is_turned_once(orientation):
    file = heic(turned(orientation), quality=95, exif=exif(orientation))
    close(read_photo(file), CAT, 4)


def test_orientation_set_on_a_pil_image():
    image = turned(6)
    image.getexif()[0x0112] = 6
    same(read_photo(image), CAT)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_unknown_orientations_are_upright(orientation):
    same(read_photo(saved(CAT, "PNG", exif=exif(orientation))), CAT)


@pytest.mark.parametrize(
    "broken",
    [
        b"Exif\0\0",
        b"Exif\0\0garbage",
        b"Exif\0\0II*\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
        exif(6)[:-8],
        exif(6)[:20],
        b"Exif\0\0" + bytes(40),
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\xff\xff\0\0\x08\0\0\0",
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_malformed_exif_never_loses_the_photo(broken, strict):
    jpeg = saved(CAT, "JPEG")
    jpeg = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(broken) + 2) + broken + jpeg[20:]  # without JFIF
    expected = np.asarray(Image.open(io.BytesIO(saved(CAT, "JPEG"))))
    with warnings.catch_warnings():
        warnings.simplefilter("error" if strict else "ignore")
        same(read_photo(jpeg), expected)
        same(read_photo(saved(CAT, "WEBP", exif=broken, **LOSSLESS["WEBP"])), CAT)


# Sizes


@pytest.mark.parametrize("size", [(1, 1), (31, 31), (31, 4000), (4000, 31), (1, 20_000), (20_000, 1)])
def test_too_small(size):
    image = Image.new("RGB", size)
    for source in (image, np.asarray(image), saved(image, "PNG")):
        with pytest.raises(PhotoTooSmall, match=rf"is {size[0]}x{size[1]} pixels.*at least {MIN_SIDE}"):
            read_photo(source)


def test_smallest():
    assert read_photo(Image.new("L", (MIN_SIDE, MIN_SIDE))).size == (MIN_SIDE, MIN_SIDE)


def bomb(width, height):
    file = bytearray(saved(Image.new("L", (40, 40)), "PNG"))
    file[16:24] = struct.pack(">II", width, height)
    file[29:33] = struct.pack(">I", zlib.crc32(file[12:29]))
    return bytes(file)


@pytest.mark.parametrize(
    "size", [(MAX_PIXELS + 1, 1), (20_000, 20_000), (2**31 - 1, 2**31 - 1), (13_378, 13_378)]
)
def test_decompression_bombs_are_refused_before_memory_is_taken(size):
    tracemalloc.start()
    with pytest.raises(PhotoTooLarge, match=f"{MAX_PIXELS:,}"):
        read_photo(bomb(*size))
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_bombs_in_other_formats():
    bmp = bytearray(saved(CAT, "BMP"))
    bmp[18:26] = struct.pack("<II", 50_000, 50_000)
    gif = bytearray(saved(CAT, "GIF"))
    gif[6:10] = struct.pack("<HH", 60_000, 60_000)
    for file in (bmp, gif):
        with pytest.raises(PhotoTooLarge):
            read_photo(bytes(file))


def test_the_largest_photo(monkeypatch):
    monkeypatch.setattr(photo, "MAX_PIXELS", 300 * 200)
    for source in (CAT, Image.fromarray(CAT), PNG):
        assert read_photo(source).size == (300, 200)
    monkeypatch.setattr(photo, "MAX_PIXELS", 300 * 200 - 1)
    for source in (CAT, Image.fromarray(CAT), PNG):
        with pytest.raises(PhotoTooLarge):
            read_photo(source)


def test_too_large_pil_image_and_array(monkeypatch):
    lazy = Image.open(io.BytesIO(PNG))
    monkeypatch.setattr(photo, "MAX_PIXELS", 10_000)
    for source in (CAT, Image.fromarray(CAT), lazy):
        with pytest.raises(PhotoTooLarge, match="300x200"):
            read_photo(source)
    with pytest.raises(PhotoTooLarge):
        read_photo(np.broadcast_to(np.float32(0.5), (50_000, 50_000, 3)))


def test_large_photos_raise_no_warning(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40_000)  # Pillow would warn about CAT
    files = {kind: saved(CAT, kind, **options) for kind, options in {**LOSSY, **LOSSLESS}.items()}
    tiff = files.pop("TIFF")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for file in files.values():
            assert read_photo(file).size == (300, 200)
        with pytest.raises(PhotoTooLarge):  # Pillow warns from inside its TIFF decoder
            read_photo(tiff)


def test_pillows_own_limit_is_a_named_error(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    gif = bytearray(saved(CAT, "GIF"))
    gif[6:10] = struct.pack("<HH", 100, 100)  # Pillow checks a frame that is larger than its screen
    with pytest.raises(PhotoTooLarge):
        read_photo(bytes(gif))


# Truncation and damage


def rle_bmp():
    rows = b"".join(bytes([40, value]) + b"\0\0" for value in range(40)) + b"\0\1"
    palette = b"".join(bytes([value, value, value, 0]) for value in range(256))
    start = 14 + 40 + len(palette)
    header = struct.pack("<2sIHHI", b"BM", start + len(rows), 0, 0, start)
    return (
        header + struct.pack("<IiiHHIIiiII", 40, 40, 40, 1, 8, 1, len(rows), 0, 0, 256, 256) + palette + rows
    )


def png_with_late_exif():
    end = saved(turned(6), "PNG", exif=exif(6))
    at = end.index(b"eXIf") - 4
    length = 12 + int.from_bytes(end[at : at + 4], "big")
    chunk, rest = end[at : at + length], end[:at] + end[at + length :]
    return rest[:-12] + chunk + rest[-12:]


def files():
    small = Image.fromarray(CAT).resize((60, 40))
    alpha = small.convert("RGBA")
    alpha.putalpha(small.convert("L"))
    profile = data_icc()
    extra = {"exif": exif(6), "icc_profile": profile}
    yield "jpeg", saved(small, "JPEG", **extra)
    yield "jpeg-progressive", saved(small, "JPEG", progressive=True)
    yield "jpeg-restarts", saved(small, "JPEG", restart_marker_rows=1)
    yield "jpeg-grey", saved(small.convert("L"), "JPEG")
    yield "jpeg-cmyk", saved(small.convert("CMYK"), "JPEG")
    yield "mpo", saved(small, "MPO", save_all=True, append_images=[small])
    yield "png", saved(small, "PNG", **extra)
    yield "png-palette", saved(small.quantize(16), "PNG")
    yield "png-late-exif", png_with_late_exif()
    yield "webp", saved(small, "WEBP", **extra)
    yield "webp-lossless-alpha", saved(alpha, "WEBP", lossless=True, **extra)
    if HAVE_AVIF:
        yield "avif", saved(small, "AVIF", **extra)
        yield "avif-alpha", saved(alpha, "AVIF")
    yield "tiff", saved(small, "TIFF", **extra)
    for compression in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg"):
        yield "tiff-" + compression, saved(small, "TIFF", compression=compression, **extra)
    yield "tiff-big", saved(small, "TIFF", big_tiff=True, **extra)
    yield "bmp", saved(small, "BMP")
    yield "bmp-palette", saved(small.quantize(16), "BMP")
    yield "bmp-rle", rle_bmp()
    yield "gif", saved(small, "GIF")
    yield "gif-animated", saved(small, "GIF", save_all=True, append_images=[small.rotate(90)])


def data_icc():
    from . import icc

    return icc.matrix_profile(icc.DISPLAY_P3, icc.SRGB_CURVE)


@pytest.mark.parametrize(("name", "file"), [pytest.param(*pair, id=pair[0]) for pair in files()])
@pytest.mark.filterwarnings("ignore")
def test_cut_files_are_errors_or_have_lost_nothing(name, file, capfd):
    whole = np.asarray(read_photo(file))
    cuts = {*range(0, len(file), max(1, len(file) // 150)), *range(max(0, len(file) - 60), len(file))}
    refused = 0
    for cut in sorted(cuts):
        try:
            image = read_photo(file[:cut])
        except PhotoUnreadable:
            refused += 1
        else:
            np.testing.assert_array_equal(np.asarray(image), whole, err_msg=f"{name} cut at {cut}")
    assert refused > len(cuts) / 3
    assert capfd.readouterr() == ("", "")


@pytest.mark.filterwarnings("ignore")
def test_cut_heic():
    file = heic(Image.fromarray(CAT).resize((64, 48)))
    for cut in range(0, len(file), 20):
        with pytest.raises(PhotoUnreadable):
            read_photo(file[:cut])


def test_truncated_files_of_an_app_that_wants_them(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    for file in (saved(CAT, "JPEG"), PNG):
        assert read_photo(file[: len(file) // 2 + 600]).mode == "RGB"


def test_flipped_bits_in_a_png_are_noticed():
    rng = np.random.default_rng(0)
    start = PNG.index(b"IDAT")
    for at in rng.integers(start, len(PNG) - 16, 60):
        damaged = bytearray(PNG)
        damaged[at] ^= 1 << int(rng.integers(8))
        with pytest.raises(PhotoUnreadable):
            read_photo(bytes(damaged))


def test_damage_is_described():
    with pytest.raises(PhotoUnreadable, match="bytes not processed"):
        read_photo(saved(CAT, "BMP")[:3000])
    with pytest.raises(PhotoUnreadable, match="JPEG"):
        read_photo(saved(CAT, "JPEG")[:3000])


def raising(error):
    def fail(*args):
        raise error

    return fail


@pytest.mark.parametrize(
    "error",
    [SyntaxError("x"), IndexError("x"), OverflowError("x"), struct.error("x"), OSError("x"), EOFError()],
)
@pytest.mark.parametrize("method", ["_open", "load_prepare"])
def test_whatever_a_decoder_raises_is_a_named_error(error, method, monkeypatch):
    monkeypatch.setattr(GifImagePlugin.GifImageFile, method, raising(error))
    with pytest.raises(PhotoUnreadable, match="damaged or truncated"):
        read_photo(saved(CAT, "GIF"))


NO_MEMORY = [
    MemoryError(),
    np._core._exceptions._ArrayMemoryError((9, 9), np.dtype(float)),
    OSError("out of memory error when reading image file"),  # Pillow
    RuntimeError("Pixel allocation failed: Out of memory"),  # libavif
    RuntimeError("Memory allocation error: Unspecified: Allocating 30000015 bytes failed"),  # libheif
]


@pytest.mark.parametrize("error", NO_MEMORY, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("method", ["_open", "load_prepare", "getexif"])
def test_memory_that_runs_out_is_not_damage(error, method, monkeypatch):
    if method == "getexif" and not isinstance(error, MemoryError):
        pytest.skip("malformed EXIF is ignored")
    image = Image.open(
        io.BytesIO(saved(CAT, "GIF"))
    )  # of the caller's images alone is all of the EXIF parsed
    monkeypatch.setattr(GifImagePlugin.GifImageFile, method, raising(error))
    with pytest.raises(PhotoTooLarge, match="memory") as caught:
        read_photo(image if method == "getexif" else saved(CAT, "GIF"))
    assert "damaged" not in caught.value.reason
    assert caught.value.photo == ("<PIL image>" if method == "getexif" else "<bytes>")


def test_memory_that_runs_out_while_a_file_is_read():
    class Failing:
        read = staticmethod(raising(MemoryError()))

    with pytest.raises(PhotoTooLarge, match="memory"):
        read_photo(Failing())


@pytest.mark.parametrize("method", ["_open", "load_prepare", "getexif"])
@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_is_passed_on(stop, method, monkeypatch):
    image = Image.open(io.BytesIO(saved(CAT, "GIF")))
    monkeypatch.setattr(GifImagePlugin.GifImageFile, method, raising(stop()))
    with pytest.raises(stop):
        read_photo(image if method == "getexif" else saved(CAT, "GIF"))


@pytest.mark.parametrize("error", [TypeError("bug"), IndexError("bug"), OSError("bug"), SyntaxError("bug")])
@pytest.mark.parametrize("step", ["to_srgb", "shares", "part_that_shows", "file_format"])
def test_an_error_of_our_own_is_not_damage(error, step, monkeypatch, caplog):
    monkeypatch.setattr(photo, step, raising(error))
    source = io.BytesIO(saved(CAT, "PNG")) if step == "file_format" else PNG
    with pytest.raises(
        InternalError, match=f"inside mobileiqa-sdk .{type(error).__name__}: bug.; please"
    ) as caught:
        read_photo(source)
    assert caught.value.__cause__ is error
    assert "damaged" not in caught.value.reason
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.exc_info[1] is error


def test_too_deep_a_nesting_is_not_damage(monkeypatch):
    monkeypatch.setattr(GifImagePlugin.GifImageFile, "_open", raising(RecursionError("x")))
    with pytest.raises(PhotoUnreadable, match="nested too deeply"):
        read_photo(saved(CAT, "GIF"))


SCARCE = """
import resource, sys
from mobileiqa_sdk import PhotoTooLarge
from mobileiqa_sdk.photo import read_photo
read_photo(sys.argv[1])
with open("/proc/self/statm", encoding="ascii") as statm:
    taken = int(statm.read().split()[0]) * resource.getpagesize()
_, hard = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (taken + (90 << 20), hard))
try:
    read_photo(sys.argv[2])
except PhotoTooLarge as error:
    assert "memory" in error.reason, error
    assert read_photo(sys.argv[1]).mode == "RGB"
else:
    sys.exit("it fits")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_process_that_has_no_memory_left(kind, tmp_path):
    (tmp_path / "small").write_bytes(saved(CAT, kind))
    (tmp_path / "large").write_bytes(saved(Image.new("RGB", (6000, 5000)), kind))  # 120 MB decoded
    command = [sys.executable, "-c", SCARCE, tmp_path / "small", tmp_path / "large"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


# PIL images


def test_upright_rgb_image_comes_back_as_it_is():
    image = Image.fromarray(CAT)
    assert read_photo(image) is image


def test_ordinary_jpeg_is_not_copied():
    assert isinstance(read_photo(saved(CAT, "JPEG")), JpegImagePlugin.JpegImageFile)


def test_pil_images_are_not_modified():
    image = turned(6).convert("P")
    image.info["exif"] = exif(6)
    before, info = image.tobytes(), dict(image.info)
    result = read_photo(image)
    result.paste((0, 0, 0), (0, 0, 50, 50))
    assert (image.mode, image.tobytes(), image.info) == ("P", before, info)


def test_lazy_pil_images(path):
    with Image.open(path) as image:
        same(read_photo(image), CAT)


def test_broken_and_closed_pil_images(tmp_path):
    (tmp_path / "cut.jpg").write_bytes(saved(CAT, "JPEG")[:3000])
    with Image.open(tmp_path / "cut.jpg") as image, pytest.raises(PhotoUnreadable, match="truncated"):
        read_photo(image)
    image = Image.fromarray(CAT)
    image.close()
    lazy = Image.open(io.BytesIO(PNG))
    lazy.close()
    (tmp_path / "cat.png").write_bytes(PNG)
    with Image.open(tmp_path / "cat.png") as left, open(tmp_path / "cat.png", "rb") as file:
        of_a_closed_file = Image.open(file)
    with Image.open(tmp_path / "cat.png") as loaded:
        loaded.load()
    same(read_photo(loaded), CAT)
    for closed in (image, lazy, left, of_a_closed_file):
        with pytest.raises(PhotoUnreadable, match="is closed"):
            read_photo(closed)


@pytest.mark.parametrize("kind", ["WEBP", "AVIF", "GIF", "BMP", "TIFF", "JPEG"])
def test_pil_images_that_are_open(kind):
    with Image.open(io.BytesIO(saved(CAT, kind))) as image:
        assert read_photo(image).size == (CAT.shape[1], CAT.shape[0])
        image.load()
        assert read_photo(image).size == (CAT.shape[1], CAT.shape[0])


def test_pil_image_with_nonsense_in_its_info():
    image = Image.fromarray(CAT)
    image.info.update(icc_profile=3, exif="nonsense")
    same(read_photo(image), CAT)
    image.info["transparency"] = "nonsense"
    with pytest.raises(PhotoError):
        read_photo(image)


# Arrays


def grey(pixels):
    return np.repeat(pixels[:, :, None], 3, axis=2)


def test_uint8_arrays():
    same(read_photo(CAT), CAT)
    same(read_photo(CAT[:, :, 0]), grey(CAT[:, :, 0]))
    same(read_photo(CAT[:, :, :1]), grey(CAT[:, :, 0]))
    alpha = np.dstack([CAT, np.full(CAT.shape[:2], 255, np.uint8)])
    same(read_photo(alpha), CAT)
    alpha[:, :150, 3] = 0
    result = np.asarray(read_photo(alpha))
    assert (result[:, :150] == 255).all()
    np.testing.assert_array_equal(result[:, 150:], CAT[:, 150:])


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f2", ">f4", ">f8"])
def test_float_arrays(dtype):
    levels = np.arange(256).repeat(64).reshape(128, 128)
    same(read_photo((levels / 255).astype(dtype)), grey(levels.astype(np.uint8)))
    same(read_photo((CAT / 255).astype(dtype)), CAT)


def test_float_alpha_is_shown_over_white():
    array = np.zeros((40, 40, 4))
    array[:, :, 3] = 0.5
    assert abs(int(np.asarray(read_photo(array))[0, 0, 0]) - 127) <= 1


def test_views_are_read_right_and_stay_unchanged():
    big = np.repeat(np.repeat(CAT, 2, axis=0), 2, axis=1)
    for view in (
        big[::2, ::2],
        CAT[::-1],
        CAT[:, ::-1],
        CAT[:, :, ::-1],
        np.asfortranarray(CAT),
        CAT.swapaxes(0, 1),
    ):
        same(read_photo(view), view)
        same(read_photo(np.asarray(view / 255)[::-1]), view[::-1])
    frozen = CAT.copy()
    frozen.flags.writeable = False
    result = read_photo(frozen)
    result.paste((0, 0, 0), (0, 0, 300, 200))
    np.testing.assert_array_equal(frozen, CAT)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((3, 64, 64), np.uint8), "HxWx3"),
        (np.zeros((1, 64, 64)), r"\(1, 64, 64\)"),
        (np.zeros((64, 64, 2), np.uint8), "HxWx3"),
        (np.zeros((1, 64, 64, 3), np.uint8), "pass one photo"),
        (np.zeros(64), "pass one photo"),
        (np.zeros(64, np.uint8), r"array\.tobytes\(\)"),
        (np.array(3), "pass one photo"),
        (np.zeros((0, 64, 3), np.uint8), "no pixels"),
        (np.zeros((64, 0)), "no pixels"),
        (np.zeros((64, 64), bool), "dtype bool"),
        (np.zeros((64, 64, 3), np.int64), "dtype int64"),
        (np.zeros((64, 64, 3), np.uint16), "dtype uint16.*array / 65535"),
        (np.zeros((64, 64, 3), np.longdouble), "dtype"),
        (np.zeros((64, 64, 3), complex), "dtype complex128"),
        (np.zeros((64, 64), object), "dtype object"),
        (np.full((64, 64), "a"), "dtype"),
        (np.zeros((64, 64), [("r", "u1")]), "dtype"),
        (np.full((64, 64, 3), 200.0), r"200 .*255"),
        (np.full((64, 64, 3), -0.5), r"-0.5 .*clip"),
        (np.full((64, 64, 3), -0.6), r"-0.6 .*clip"),
        (np.full((64, 64, 3), 2.0), r" 2.*numpy.clip"),
        (np.full((64, 64, 3), 1.000002, np.float32), r"1.00000203 .*numpy.clip"),
        (np.full((64, 64, 3), -0.000002), r"numpy.clip"),
        (np.full((64, 64, 3), 1.002, np.float16), r"numpy.clip"),
        (np.full((64, 64, 3), 2.5), r"2.5 .*: scale or clip it"),
        (np.linspace(-12, 270, 64 * 64).reshape(64, 64), r"divide it by 255 and clip it"),
        (np.full((64, 64, 3), 1023.0), r"1023 .*: scale or clip it"),
        (np.full((64, 64, 3), 50000.0), r"50000 .*divide it by 65535, or"),
        (np.full((64, 64, 3), 65536.0), r"65536 .*divide it by 65535 and clip"),
        (np.full((64, 64, 3), 1e6), r"1000000 .*: scale or clip it"),
        (np.full((64, 64, 3), np.nan), "NaN"),
        (np.where(np.eye(64) > 0, np.inf, 0), "infinite"),
    ],
)
def test_arrays_that_are_refused(array, reason):
    with pytest.raises(PhotoUnsupported, match=reason):
        read_photo(array)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_rounding_error_outside_0_to_1_is_clipped(dtype):
    exact = np.linspace(0, 1, 64 * 64).reshape(64, 64).astype(dtype)
    step = max(9e-7, np.finfo(dtype).eps)
    inexact = np.where(exact == 1, dtype(1 + step), np.where(exact == 0, dtype(-step), exact)).astype(dtype)
    assert inexact.max() > 1
    assert inexact.min() < 0
    same(read_photo(inexact), np.asarray(read_photo(exact)))


# Side effects


def test_no_sockets_no_files_no_global_state(monkeypatch, tmp_path):
    def refuse(*args, **kwargs):
        raise AssertionError("not wanted")

    cases = [saved(CAT, kind, **options) for kind, options in {**LOSSY, **LOSSLESS}.items()]
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    filters, limit = list(warnings.filters), Image.MAX_IMAGE_PIXELS
    for case in cases:
        read_photo(case)
    assert (list(warnings.filters), Image.MAX_IMAGE_PIXELS) == (filters, limit)


def test_many_threads():
    cases = [saved(CAT, kind, exif=exif(6)) for kind in ("JPEG", "PNG", "WEBP", "TIFF")] * 4
    expected = [read_photo(case).tobytes() for case in cases]
    results = [None] * len(cases)

    def work(index):
        results[index] = read_photo(cases[index]).tobytes()

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(cases))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == expected
