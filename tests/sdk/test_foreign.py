"""Formats that are not supported are called by their names, wherever a file of theirs turns up."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mobileiqa_sdk import PhotoUnsupported, find_photos
from mobileiqa_sdk.decode import HEAD
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.sources.member import file_member

PICTURE = Image.fromarray(np.arange(40 * 40 * 3, dtype=np.uint32).reshape(40, 40, 3).astype(np.uint8))
SVG = "<svg xmlns='http://www.w3.org/2000/svg'/>"


def written(name: str, picture: Image.Image = PICTURE, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, name, **options)
    return stream.getvalue()


def media(brand: bytes) -> bytes:
    return struct.pack(">I4s4sI4s", 20, b"ftyp", brand, 512, b"isom")


WRITTEN = {
    "JPEG 2000": written("JPEG2000"),
    "PPM": written("PPM"),
    "PGM": written("PPM", PICTURE.convert("L")),
    "PBM": written("PPM", PICTURE.convert("1")),
    "PFM": written("PPM", PICTURE.convert("F")),
    "PCX": written("PCX"),
    "SGI": written("SGI"),
    "DDS": written("DDS"),
    "a Windows icon": written("ICO", sizes=[(16, 16), (32, 32)]),
    "an Apple icon": written("ICNS"),
    "PDF": written("PDF"),
    "PostScript": written("EPS"),
}
STARTS = [
    (b"\xff\x4f\xff\x51\0\x2f", "JPEG 2000"),
    (b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjpx ", "JPEG 2000"),
    (b"\xff\x0a\xfa\x1f", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl ", "JPEG XL"),
    (b"II\xbc\x01\x20\0\0\0", "JPEG XR"),
    (b"8BPS\0\1" + bytes(6), "Photoshop PSD"),
    (b"8BPS\0\2" + bytes(6), "Photoshop PSB"),
    (b"\x76\x2f\x31\x01\2\0\0\0", "OpenEXR"),
    (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n", "Radiance HDR"),
    (b"#?RGBE\n", "Radiance HDR"),
    (b"qoif" + struct.pack(">II", 40, 40) + b"\3\0", "QOI"),
    (b"P7\nWIDTH 40\nHEIGHT 40\n", "PAM"),
    (b"P5 # made by hand\n# in two lines\n40 40\n255\n", "PGM"),
    (b"Pf\n40 40\n-1.0\n", "PFM"),
    (b"\0\0\2\0\1\0\x20\x20\0\0\5\0\5\0", "a Windows cursor"),
    (b"BA(\0\0\0x\0\0\0\0\0\0\0CI\x1a\0", "an OS/2 icon"),
    (b"gimp xcf v011\0", "GIMP XCF"),
    (bytes(128) + b"DICM", "DICOM"),
    (b"SIMPLE  =                    T", "FITS"),
    (b"SDPX\0\0\x08\0", "DPX"),
    (b"%PDF-1.7\n", "PDF"),
    (b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
    (SVG.encode(), "SVG"),
    (f"\ufeff<?xml version='1.0'?>\n<!-- {'a drawing ' * 50} -->\n{SVG}".encode(), "SVG"),
    (f"<!DOCTYPE svg PUBLIC 'x' 'y' [<!ENTITY a 'b'>]>\n{SVG}".encode(), "SVG"),
    (b"<?xml version='1.0'?>\n<ns0:svg xmlns:ns0='http://www.w3.org/2000/svg'/>", "SVG"),
    (b"<!DOCTYPE svg PUBLIC 'x'>\n<!--" + bytes(2000), "SVG"),
    (b"FORM\0\0\1\0ILBMBMHD", "IFF"),
    (b"/* XPM */\nstatic char *x[] = {", "XPM"),
    (media(b"qt  "), "QuickTime video"),
    (struct.pack(">I4s", 999, b"moov"), "QuickTime video"),
    *((media(brand), "MP4 video") for brand in (b"isom", b"mp42", b"avc1", b"iso6", b"M4V ")),
    (media(b"3gp5"), "3GP video"),
    (b"\x1aE\xdf\xa3\x9fB\x86\x81\1", "Matroska or WebM video"),
    (b"RIFF\0\1\0\0AVI LIST", "AVI video"),
    (b"\0\0\1\xba\x44\0\4\0", "MPEG video"),
    ((b"G" + bytes(187)) * 5, "MPEG video"),
]
TGA = bytes([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 40, 0, 24, 0]) + bytes(40 * 40 * 3)

# Texts and other files that begin like a picture, but are none.
NOT_PICTURES = [
    b"P5 is a paper size\n",
    b"P2 40",
    b"#?RGBE is how it begins",
    b"BA is how it begins",
    b"FLIF is how it begins",
    b"8BPS\0\3",
    b"qoif" + bytes(20),
    b"<?xml version='1.0'?><html><body><svg/></body></html>",
    f"<html><body>{SVG}</body></html>".encode(),
    b"<?xml version='1.0'?><gpx/>",
    b"\0\0\1\0\0\0" + bytes(20),
    b"\0\0\2\0\0\0" + bytes(20),
    b"%!PS-AdobeFont-1.0: Font",
    b"\n\5\1 a line",
    media(b"M4A "),
    b"RIFF\0\1\0\0WAVEfmt ",
    TGA,
    bytes(2000),
]


@pytest.mark.parametrize(("file", "kind"), [*((file, kind) for kind, file in WRITTEN.items()), *STARTS])
def test_a_format_by_its_start(file: bytes, kind: str) -> None:
    for whole in (file, file + bytes(2 * HEAD)):
        with pytest.raises(PhotoUnsupported, match=f"^[^:]*: is {kind}, which is not supported"):
            read_photo(whole)


@pytest.mark.parametrize("file", NOT_PICTURES)
def test_what_only_begins_like_a_picture(file: bytes, tmp_path: Path) -> None:
    for whole in (file, file + b" and so on" * HEAD):
        with pytest.raises(PhotoUnsupported, match="supported format"):
            read_photo(whole)
        (tmp_path / "notes.txt").write_bytes(whole)
        (row,) = find_photos(tmp_path)
        assert "no photos" in str(row)


def test_the_suffix_counts_where_there_is_no_magic(tmp_path: Path) -> None:
    for name in ("a.tga", "b.TGA"):
        (tmp_path / name).write_bytes(TGA)
        with pytest.raises(PhotoUnsupported, match="is TGA, which is not supported"):
            read_photo(tmp_path / name)
        (tmp_path / name).write_bytes(TGA[:100])
        with pytest.raises(PhotoUnsupported, match="is TGA, which is not supported"):
            read_photo(tmp_path / name)
        (tmp_path / name).write_bytes(b"no picture" * 200)
        with pytest.raises(PhotoUnsupported, match="supported format"):
            read_photo(tmp_path / name)


def test_the_suffix_never_outweighs_the_content(tmp_path: Path) -> None:
    for name in ("a.tga", "b.psd", "c.mp4", "d.pdf"):
        (tmp_path / name).write_bytes(written("PNG"))
        assert read_photo(tmp_path / name).size == (40, 40)


@pytest.mark.parametrize("name", ["a.jxl", "a.dat", "no_suffix"])
def test_a_picture_in_a_folder_gets_a_row(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xff\x0a\xfa\x1f" + bytes(2000))
    (row,) = find_photos(tmp_path)
    assert isinstance(row, PhotoUnsupported)
    assert row.photo == str(tmp_path / name)
    assert "is JPEG XL, which is not supported" in row.reason


def test_a_video_in_a_folder_is_no_photo(tmp_path: Path) -> None:
    """The video of a live photo lies beside every photo: a row for each would bury the others."""
    (tmp_path / "a.mov").write_bytes(media(b"qt  ") + bytes(2000))
    (tmp_path / "b.jpg").write_bytes(written("JPEG"))
    assert list(find_photos(tmp_path)) == [str(tmp_path / "b.jpg")]


def test_a_picture_in_an_archive_gets_a_row() -> None:
    for name, file, kind in (
        ("a.jxl", b"\xff\x0a\xfa\x1f", "JPEG XL"),
        ("b.tga", TGA, "TGA"),
        ("c", b"FUJIFILMCCD-RAW 0201", "camera's raw file"),
    ):
        member = file_member(f"x.tar/{name}", name, len(file), lambda file=file: io.BytesIO(file))
        assert member is not None
        error = member.read()
        assert isinstance(error, PhotoUnsupported)
        assert error.photo == f"x.tar/{name}"
        assert kind in error.reason
    text = b"no picture"
    assert file_member("x.tar/d.txt", "d.txt", len(text), lambda: io.BytesIO(text)) is None


def test_jpeg_ls_is_named() -> None:
    frame = b"\xff\xf7\0\x0b\x08\0\x28\0\x28\1\1\x11\0"
    scan = b"\xff\xda\0\x08\1\1\0\0\0\0" + bytes(100) + b"\xff\xd9"
    spiff = b"\xff\xe8\0\x20SPIFF\0" + bytes(24)
    for file in (frame + scan, spiff + frame + scan):
        with pytest.raises(PhotoUnsupported, match="JPEG-LS"):
            read_photo(b"\xff\xd8" + file)
