"""Names files of formats that are not supported, so that a sound file is never called damaged.

Their first bytes tell them: a table of patterns, which check a little more than the magic where that is short
enough for a text to begin with it.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from ._refusal import Refusal
from .errors import PhotoUnsupported

_NUMBER = rb"\s+(?:#[^\n]*\n\s*)*\d+"  # of a Netpbm header, which may hold comments

_PICTURES = {
    # Photos and scans
    "JPEG 2000": rb"\0\0\0\x0cjP(?:  |\x1a\x1a)\r\n\x87\n|\xff\x4f\xff\x51",
    "JPEG XL": rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n",
    "JPEG XR": rb"II\xbc[\0\x01]|WMPHOTO\0",
    "BPG": rb"BPG\xfb",
    "FLIF": rb"FLIF[\x31-\x6f]",
    "QOI": rb"qoif.{8}[\x03\x04][\0\x01]",
    "DICOM": rb".{128}DICM",
    "FITS": rb"SIMPLE  =",
    "DjVu": rb"AT&TFORM.{4}DJV[UM]",
    "JNG": rb"\x8bJNG\r\n\x1a\n",
    "MNG": rb"\x8aMNG\r\n\x1a\n",
    # High dynamic range and film
    "OpenEXR": rb"\x76\x2f\x31\x01",
    "Radiance HDR": rb"#\?(?:RADIANCE|RGBE)[\r\n]",
    "PFM": rb"P[Ff]\s+\d+\s+\d+\s+[-+.\d]",
    "DPX": rb"SDPX|XPDS",
    "Cineon": rb"\x80\x2a\x5f\xd7|\xd7\x5f\x2a\x80",
    # Pictures without compression
    "PBM": rb"P[14]" + _NUMBER * 2 + rb"\s",
    "PGM": rb"P[25]" + _NUMBER * 3 + rb"\s",
    "PPM": rb"P[36]" + _NUMBER * 3 + rb"\s",
    "PAM": rb"P7\n(?:#|WIDTH|HEIGHT|DEPTH|MAXVAL|TUPLTYPE)",
    "PCX": rb"\x0a[\0\x02-\x05]\x01[\x01\x02\x04\x08].{61}[\x01-\x04]|\xb1\x68\xde\x3a",
    "XPM": rb"/\* XPM \*/",
    "IFF": rb"FORM.{4}(?:ILBM|PBM |ACBM|DEEP|RGB[8N])",
    "Sun raster": rb"\x59\xa6\x6a\x95",
    "SGI": rb"\x01\xda[\0\x01][\x01\x02]\0[\x01-\x03]",
    # Editors and graphics cards
    "Photoshop PSD": rb"8BPS\0\x01",
    "Photoshop PSB": rb"8BPS\0\x02",
    "GIMP XCF": rb"gimp xcf ",
    "Paint Shop Pro": rb"Paint Shop Pro Image File",
    "DDS": rb"DDS \x7c\0\0\0",
    "KTX": rb"\xabKTX [12][01]\xbb\r\n\x1a\n",
    # Icons, drawings and documents
    "a Windows icon": rb"\0\0\x01\0[\x01-\xff]\0.{4}[\0\x01]\0",
    "a Windows cursor": rb"\0\0\x02\0[\x01-\xff]\0.{3}\0",
    "an OS/2 icon": rb"BA.{12}(?:BM|CI|CP|IC|PT)",
    "an Apple icon": rb"icns\0",
    "SVG": (
        rb"(?:\xef\xbb\xbf)?\s*(?:<(?:\?xml|!--)(?:(?!<html).)*?)?"  # what may come first, but no web page
        rb"<(?:!DOCTYPE\s+|\w+:)?svg[\s>]"
    ),
    "PDF": rb"%PDF-",
    "PostScript": rb"%!PS(?!-AdobeFont)|\xc5\xd0\xd3\xc6",
    "a Windows metafile": rb"\xd7\xcd\xc6\x9a|\x01\0\0\0.{36} EMF",
}
# Without a magic: only in files that are named so.
_NAMED_PICTURES = {".tga": ("TGA", rb".[\0\x01][\x01-\x03\x09-\x0b].{13}[\x08\x0f\x10\x18\x20]")}

_VIDEOS = {
    "QuickTime video": rb".{4}(?:ftypqt  |moov|mdat|wide|pnot)",
    "3GP video": rb".{4}ftyp3g",
    "MP4 video": rb".{4}ftyp(?:iso[m2-9a-z]|mp4[12v]|mp71|avc1|M4V|MSNV|dash|f4v|XAVC)",
    "Matroska or WebM video": rb"\x1aE\xdf\xa3",
    "AVI video": rb"RIFF.{4}AVI ",
    "Windows Media video": rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    "Flash video": rb"FLV\x01",
    "MPEG video": rb"\0\0\x01[\xb3\xba]|(?:.{4})?G.{187}(?:.{4})?G.{187}(?:.{4})?G",
}


def check_picture(head: bytes, name: str = "") -> None:
    """Refuses a file of pictures, drawings or pages in a format that is not supported.

    Args:
        head: the first bytes of the file.
        name: of the file, or its path; where a format has no magic, its suffix counts.

    Raises:
        Refusal: such a file.
    """
    kind = _kind(head, _PICTURES) or _named_kind(head, name)
    if kind:
        raise Refusal(PhotoUnsupported, f"is {kind}, which is not supported; convert it to JPEG or PNG")


def check_video(head: bytes) -> None:
    """Refuses a video.

    Raises:
        Refusal: a video.
    """
    kind = _kind(head, _VIDEOS)
    if kind:
        reason = f"is {kind}, which is not supported; save the frame that you mean as JPEG or PNG"
        raise Refusal(PhotoUnsupported, reason)


def _kind(head: bytes, patterns: dict[str, bytes]) -> str | None:
    return next((kind for kind, pattern in patterns.items() if re.match(pattern, head, re.DOTALL)), None)


def _named_kind(head: bytes, name: str) -> str | None:
    kind, pattern = _NAMED_PICTURES.get(PurePath(name).suffix.lower(), ("", b""))
    return kind if kind and re.match(pattern, head, re.DOTALL) else None
