"""PNG files, written chunk by chunk."""

import struct
import zlib

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6


def chunk(name, body, crc=None):
    if crc is None:
        crc = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + crc


def png(depth, kind, row, *extra, height=40, width=40, after=()):
    """A file whose rows are all alike; `extra` are (name, body) or whole chunks before the pixels."""
    return _file(depth, kind, (b"\0" + row) * height, extra, after, (width, height))


def png_of(pixels, *extra, kind=None, after=(), interlaced=False):
    """A file of uint8 or uint16 pixels [height, width(, channels)]."""
    if kind is None:
        kind = GREY if pixels.ndim == 2 else {2: GREY_ALPHA, 3: RGB, 4: RGBA}[pixels.shape[2]]
    big_endian = pixels.astype(pixels.dtype.newbyteorder(">"))
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    rows = b"".join(
        b"\0" + np.ascontiguousarray(row).tobytes()
        for top, left, down, right in passes
        for row in big_endian[top::down, left::right]
        if row.size
    )
    size = pixels.shape[1], pixels.shape[0]
    return _file(8 * pixels.dtype.itemsize, kind, rows, extra, after, size, interlaced)


ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def _file(depth, kind, rows, extra, after, size, interlaced=False):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, kind, 0, 0, interlaced))
    before = [each if isinstance(each, bytes) else chunk(*each) for each in extra]
    behind = [each if isinstance(each, bytes) else chunk(*each) for each in after]
    pixels = chunk(b"IDAT", zlib.compress(rows))
    return SIGNATURE + header + b"".join(before) + pixels + b"".join(behind) + chunk(b"IEND", b"")
