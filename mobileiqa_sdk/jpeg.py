"""Opens JPEG files: every row, bounded work, and no side segment costs the picture.

Pillow decodes; the markers are read here first (ITU-T T.81, annex B), for what Pillow does not say: whether
the kind of JPEG is supported, how many scans there are, and whether a file without an end marker is whole.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple, TypeAlias, cast

from PIL import Image, ImageFile

from ._decoding import opened
from ._pillow import set_size
from ._refusal import Refusal
from .errors import PhotoTooLarge, PhotoUnreadable, PhotoUnsupported

MAX_SCANS = 100
"""Scans of one picture. Encoders write about ten; a scan of nothing takes 230 bytes of file and a pass over
all pixels, so a small file could ask for hours."""

MAX_SCANNED = 4_000_000_000
"""Scans times pixels: 20 scans of a photo of 200 megapixels, about a second for scans of nothing."""

MAX_MARKERS = 10_000
"""Segments between the start and the end of a picture that are looked at."""

MAX_JUNK = 1 << 20
"""Bytes between segments. Pillow skips them one at a time."""

_END = b"\xff\xd9"
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_ALONE = (0x01, *range(0xD0, 0xD9))  # markers without a segment
_HIERARCHICAL = 0xDE  # with what a hierarchical file begins: its first frame may be an ordinary one
_FRAMES = {*range(0xC0, 0xD0), _HIERARCHICAL, 0xF7} - {0xC4, 0xC8, 0xCC}
_BASELINE, _PROGRESSIVE, _ARITHMETIC = (0xC0, 0xC1), (0xC2, 0xCA), (0xC9, 0xCA)
_READ = (0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA)
_NOT_READ = {0xF7: "JPEG-LS", 0xCB: "lossless, arithmetic coding"}
_APPLICATIONS, _COMMENT = range(0xE0, 0xF0), 0xFE
# Segments with which Pillow and libjpeg begin something, and how long they are at least.
_KEPT = {
    (0xE0, b"JFIF"): 14,
    (0xE1, b"Exif\0\0"): 6,
    (0xE1, b"http://ns.adobe.com/xap/1.0/\0"): 29,
    (0xE2, b"ICC_PROFILE\0"): 14,
    (0xEE, b"Adobe"): 12,
}
# In entropy-coded data FF is followed by 00, or by a restart marker; more FF may precede a marker.
_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
# Without an end marker, a row that lacks bits shows by changing with what follows it. The bits begin in
# several ways: one of them may happen to be the code for "no more coefficients", as no bits at all are.
_OTHER_BITS = tuple(
    bytes((first + step * number) % 0xFF for number in range(600))
    for first, step in ((0xD8, 41), (0x92, 83), (0xFE, 252), (0x3C, 113), (0xAB, 199))
)
_MAX_FILL = b"\xff" * 1024
_RESTARTS = tuple(bytes((0xFF, marker)) for marker in range(0xD0, 0xD8))

_COEFFICIENTS = 64
_BYTES = 2  # of a coefficient
_ROWS = 256  # compared at once
_BLOCK = 4096  # bytes decoded at once, between which Ctrl-C is noticed: a few scans of nothing
_TRUNCATED = "is a truncated JPEG file; copy or download it again"

_Decoder: TypeAlias = type[ImageFile.ImageFile]


class _Segment(NamedTuple):
    """A marker and what belongs to it: ``data[start:end]`` includes the marker."""

    marker: int
    start: int
    end: int


class _Scan(NamedTuple):
    """A pass over the picture.

    Attributes:
        head: how many components, which ones, which coefficients.
        end: where its data end.
    """

    head: bytes
    end: int


class _Header(NamedTuple):
    """What comes before the pixels.

    Attributes:
        segments: all of them, the first scan's last.
        frame: the marker of the frame.
        components: their names, bytes.
        pixels: width times height.
        samples: how many there are in all components together.
    """

    segments: list[_Segment]
    frame: int
    components: bytes
    pixels: int
    samples: int


def open_jpeg(data: bytes, decoder: _Decoder) -> Image.Image:
    """Opens a JPEG.

    Args:
        data: the file.
        decoder: Pillow's class.

    Returns:
        The opened image. Its ``working_memory`` says how many bytes decoding takes beyond the pixels, its
        ``is_quick`` whether one pass over the file gives all pixels. Its ``load`` raises Refusal if the file
        ends before its last row.

    Raises:
        Refusal: a kind that is not supported, too many scans, damage, an early end.
    """
    header = _header(data)
    if header is None:
        return opened(decoder, data)  # which says what is wrong
    pixels_start = header.segments[-1].start
    if data.find(_MAX_FILL, pixels_start) >= 0:  # through which libjpeg would go again for every block
        data = data[:pixels_start] + re.sub(rb"\xff+", b"\xff", data[pixels_start:])
    is_whole = data.rfind(_END, pixels_start) >= 0 or ImageFile.LOAD_TRUNCATED_IMAGES
    scans = _scans(data, header)
    witnesses: Iterable[bytes] = ()
    if not is_whole:
        if not _are_complete(header, scans):
            raise Refusal(PhotoUnreadable, _TRUNCATED)
        data = data.rstrip(b"\xff")
        witnesses = _with_other_bits(data, scans)
        data += _END
    image = cast("Any", _open(data, header, _extended(decoder)))
    image.witnesses = witnesses
    if _has_many_scans(header, scans[0]):
        image.working_memory = header.samples * _BYTES
        image.decodermaxblock = _BLOCK
    else:
        image.is_quick = is_whole and header.frame in _BASELINE
    if header.frame in _ARITHMETIC:
        image.decodermaxblock = sys.maxsize  # all at once: that decoder cannot wait for more
    return cast("Image.Image", image)


def _header(data: bytes) -> _Header | None:
    """Reads the segments up to the first scan; None where Pillow will not find a picture either.

    Raises:
        Refusal: a kind of JPEG that is not supported.
    """
    segments = []
    frame, components, pixels, samples = 0, b"", 0, 0
    for segment in _segments(data, 2):
        segments.append(segment)
        if segment.marker in _FRAMES:
            body = data[segment.start + 4 : segment.end]
            _check_frame(segment.marker, body)
            frame, components = segment.marker, body[6::3]
            pixels = int.from_bytes(body[1:3], "big") * int.from_bytes(body[3:5], "big")
            samples = _samples(body, pixels)
        if segment.marker == _START_OF_SCAN:
            return _Header(segments, frame, components, pixels, samples) if frame else None
    return None


def _segments(data: bytes, position: int, max_junk: int | None = None) -> Iterator[_Segment]:
    """Yields the segments from a position on, up to an end marker or the end of the data.

    Raises:
        Refusal: too many segments, or more than ``max_junk`` bytes between them; None: `MAX_JUNK`.
    """
    max_junk = MAX_JUNK if max_junk is None else max_junk
    junk = 0
    for _ in range(MAX_MARKERS):
        match = _MARKER.search(data, position)
        if match is None:
            return
        junk += match.start() - position
        if junk > max_junk:
            raise Refusal(
                PhotoUnreadable, f"has more than {max_junk:,} bytes between its segments; copy it again"
            )
        marker, start = match[1][0], match.end() - 2
        if marker == _END_OF_IMAGE:
            return
        position = match.end()
        if marker in _ALONE:
            continue
        position += int.from_bytes(data[position : position + 2], "big")
        yield _Segment(marker, start, position)
    raise Refusal(PhotoTooLarge, f"has more than {MAX_MARKERS:,} segments; save it again as an ordinary JPEG")


def _check_frame(marker: int, body: bytes) -> None:
    if len(body) < 6 or len(body) != 6 + 3 * body[5] or not 2 <= body[0] <= 16:
        return  # Pillow says that it is damaged
    kind = ""
    if marker not in _READ:
        kind = _NOT_READ.get(marker, "hierarchical")
    elif body[0] != 8:
        kind = f"{body[0]} bits a sample"
    elif body[1:3] == b"\0\0":
        kind = "its height follows its pixels, DNL"
    elif body[5] not in (1, 3, 4):
        kind = f"{body[5]} colour components"
    if kind:
        raise Refusal(
            PhotoUnsupported,
            f"is a sound JPEG of a kind that is not supported ({kind}); "
            "convert it to an ordinary JPEG of 8 bits",
        )


def _samples(body: bytes, pixels: int) -> int:
    """Returns how many samples a frame has in all components."""
    factors = [(body[at + 1] >> 4, body[at + 1] & 15) for at in range(6, len(body) - 2, 3)]
    if not factors or not all(width and height for width, height in factors):
        return 0
    widest, highest = (max(sides) for sides in zip(*factors, strict=True))
    return sum(pixels * width * height // (widest * highest) for width, height in factors)


def _scans(data: bytes, header: _Header) -> list[_Scan]:
    """Returns the scans; of an ordinary file, whose data are not searched, the only one.

    Raises:
        Refusal: more than `MAX_SCANS`, or than `MAX_SCANNED` allows.
    """
    first = header.segments[-1]
    scans = [_Scan(data[first.start + 4 : first.end], len(data))]
    if not _has_many_scans(header, scans[0]):
        return scans
    for segment in _segments(data, first.end, max_junk=len(data)):
        if scans[-1].end == len(data):
            scans[-1] = scans[-1]._replace(end=segment.start)
        if segment.marker == _START_OF_SCAN:
            scans.append(_Scan(data[segment.start + 4 : segment.end], len(data)))
        if len(scans) > MAX_SCANS or len(scans) * header.pixels > MAX_SCANNED:
            reason = f"has {len(scans)} scans or more, which takes too long; save it again as baseline JPEG"
            raise Refusal(PhotoTooLarge, reason)
    return scans


def _has_many_scans(header: _Header, first: _Scan) -> bool:
    """Returns whether the decoder has to hold all coefficients until the last scan."""
    return header.frame in _PROGRESSIVE or first.head[:1] < bytes([len(header.components)])


def _are_complete(header: _Header, scans: list[_Scan]) -> bool:
    """Returns whether the scans bring every coefficient of every component, to its last bit."""
    missing = {name: set(range(_COEFFICIENTS)) for name in header.components}
    for head, _ in scans:
        if not head or len(head) < 4 + 2 * head[0]:
            return False
        first, last, bits = 0, _COEFFICIENTS - 1, 0
        if header.frame in _PROGRESSIVE:
            first, last, bits = head[-3:]
        for name in head[1 : 1 + 2 * head[0] : 2]:
            if bits & 15 == 0:
                missing.get(name, set()).difference_update(range(first, last + 1))
    return not any(missing.values())


def _with_other_bits(data: bytes, scans: list[_Scan]) -> Iterator[bytes]:
    """Yields files with bits behind each scan that only a scan which lacks some would read."""
    for bits in _OTHER_BITS:
        pieces = []
        start = 0
        for scan in scans:
            pieces += [data[start : scan.end], bits, *_other_intervals(data, start, scan.end, bits)]
            start = scan.end
        yield b"".join([*pieces, data[start:], _END])


def _other_intervals(data: bytes, start: int, end: int, bits: bytes) -> list[bytes]:
    """Returns what a scan would read that lacks whole intervals between restart markers.

    The markers go on from the last one in the data: at another, libjpeg leaves out intervals.
    """
    last = max(range(8), key=lambda number: data.rfind(_RESTARTS[number], start, end))
    first = last + 1 if data.rfind(_RESTARTS[last], start, end) >= 0 else 0
    return [_RESTARTS[(first + step) % 8] + bits for step in range(8)]


def _open(data: bytes, header: _Header, decoder: _Decoder) -> Image.Image:
    try:
        return opened(decoder, data)
    except Refusal:  # Pillow trips over short segments in many ways
        kept = b"".join(
            data[segment.start : segment.end] for segment in header.segments if _is_kept(data, segment)
        )
        rest = data[header.segments[-1].end :]
        return opened(decoder, data[:2] + kept + rest)


def _is_kept(data: bytes, segment: _Segment) -> bool:
    """Returns whether a segment decides pixels, or is a well-formed one that Pillow reads."""
    if segment.marker == _COMMENT or segment.marker in _APPLICATIONS:
        body = data[segment.start + 4 : segment.end]
        return any(
            segment.marker == marker and body.startswith(name) and len(body) >= least
            for (marker, name), least in _KEPT.items()
        )
    return True


@cache
def _extended(jpeg: _Decoder) -> _Decoder:
    """Returns Pillow's decoder with what it lacks.

    It does not search the EXIF for a resolution: Pillow parses all of the EXIF for it, and warns where that
    is malformed. A file without an end marker is whole if its pixels do not depend on what follows it.
    """

    class Jpeg(jpeg):  # type: ignore[valid-type, misc]  # made here, as importing Pillow's is slow
        witnesses: Iterable[bytes] = ()
        working_memory = 0
        is_quick = False

        def _read_dpi_from_exif(self) -> None:
            pass

        def load(self) -> Any:
            witnesses, self.witnesses = self.witnesses, ()
            tile = list(self.tile)
            pixels = super().load()
            for witness in witnesses:
                other = type(self)(io.BytesIO(witness))
                set_size(other, self.size)
                other.decoderconfig, other.tile = self.decoderconfig, list(tile)
                other.decodermaxblock = self.decodermaxblock
                other.load()
                if not _are_equal(self, other):
                    raise Refusal(PhotoUnreadable, _TRUNCATED)
            return pixels

        def __reduce_ex__(self, protocol: Any) -> Any:
            return self.copy().__reduce_ex__(protocol)  # pickle looks classes up by name

    return Jpeg


def _are_equal(one: Image.Image, other: Image.Image) -> bool:
    """Compares the pixels of two images of one size, a few rows at a time."""
    width, height = one.size
    for top in range(0, height, _ROWS):
        box = (0, top, width, min(top + _ROWS, height))
        if one.crop(box).tobytes() != other.crop(box).tobytes():
            return False
    return True
