"""Opens TIFF files: the right pixels, or a refusal that names the layout.

TIFF allows more layouts than any decoder reads, and Pillow misreads some of them without an error.
So the directory of the first page is read here first. Layouts that Pillow misreads are corrected if that
takes a line, and otherwise refused; tests/sdk/test_tiff.py tries every layout that tifffile writes.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple, cast

from PIL import Image, ImageFile, ImagePalette

from . import _libtiff, raw
from ._decoding import Decoder, opened
from ._pillow import set_mode, tile, tile_size
from ._refusal import Refusal
from .errors import PhotoUnreadable, PhotoUnsupported
from .tiff_tags import CutOff, Tags, TiffFile, decides_pixels

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_FILL_ORDER, _STRIP_OFFSETS, _SAMPLES, _ROWS_PER_STRIP, _PLANES = 266, 273, 277, 278, 284
_PREDICTOR, _COLOUR_MAP, _TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS = 317, 320, 322, 323, 324
_INKS, _EXTRA, _SAMPLE_FORMAT, _SUBSAMPLING = 332, 338, 339, 530

_WHITE_IS_ZERO, _GREY, _RGB, _PALETTE, _CMYK, _YCBCR, _LAB = 0, 1, 2, 3, 5, 6, 8
_COLOURS = {
    _WHITE_IS_ZERO: "white-is-zero grey",
    _GREY: "grey",
    _RGB: "RGB",
    _PALETTE: "palette",
    4: "mask",
    _CMYK: "CMYK",
    _YCBCR: "YCbCr",
    _LAB: "CIE Lab",
    9: "ICC Lab",
    10: "ITU Lab",
    32844: "LogL",
    32845: "LogLuv",
}
_CHANNELS = {_RGB: 3, _CMYK: 4, _YCBCR: 3, _LAB: 3, 9: 3, 10: 3, 32845: 3}
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_KINDS = {
    _UNSIGNED: "unsigned integers",
    _SIGNED: "signed integers",
    _FLOAT: "floats",
    4: "untyped numbers",
    5: "complex integers",
    6: "complex numbers",
}
_MOST_SAMPLES = 6
_MOST_BITS = 128  # of complex numbers
_NONE, _OLD_JPEG, _PACK_BITS = 1, 6, 32773
_READ = {
    _NONE: "no",
    2: "CCITT",
    3: "CCITT fax 3",
    4: "CCITT fax 4",
    5: "LZW",
    _OLD_JPEG: "old JPEG",
    7: "JPEG",
    8: "deflate",
    32771: "CCITT",
    _PACK_BITS: "PackBits",
    32946: "deflate",
    34925: "LZMA",
    50000: "Zstandard",
}
_PREDICTED = (5, 8, 32946, 34925, 50000)  # compressions that a predictor goes with
_NOT_READ = {
    32766: "NeXT",
    32809: "ThunderScan",
    32909: "PixarFilm",
    33003: "JPEG 2000",
    33005: "JPEG 2000",
    34661: "JBIG",
    34676: "LogLuv",
    34712: "JPEG 2000",
    34887: "LERC",
    34933: "PNG",
    34934: "JPEG XR",
    50001: "WebP",
    50002: "JPEG XL",
    50013: "PixTIFF",
    52546: "JPEG XL",
}


class _Layout(NamedTuple):
    """How the pixels of a page are stored."""

    photometric: int
    bits: tuple[int, ...]
    kinds: tuple[int, ...]
    extra: tuple[int, ...]
    samples: int
    compression: int
    is_planar: bool

    @property
    def colour(self) -> str:
        """The colours and the other samples of a pixel, in words."""
        name = _COLOURS.get(self.photometric, f"photometric {self.photometric}")
        others = self.samples - _CHANNELS.get(self.photometric, 1)
        if others <= 0:
            return name
        return (
            f"{name} + alpha" if others == 1 and self.extra in ((1,), (2,)) else f"{name} + {others} samples"
        )

    @property
    def numbers(self) -> str:
        """The numbers of a sample, in words."""
        bits = "/".join(map(str, sorted(set(self.bits))))
        kinds = " and ".join(
            _KINDS.get(kind, f"numbers of format {kind}") for kind in sorted(set(self.kinds))
        )
        return f"{bits}-bit {kinds}"

    def __str__(self) -> str:
        planes = " in separate planes" if self.is_planar else ""
        name = (_READ | _NOT_READ).get(self.compression, f"unknown ({self.compression})")
        packed = "" if self.compression == _NONE else f", {name} compression"
        return f"{self.colour}, {self.numbers}{planes}{packed}"


def open_tiff(data: bytes, decoder: Decoder) -> Image.Image:
    """Opens the first page of a TIFF.

    Args:
        data: the file.
        decoder: Pillow's class.

    Raises:
        Refusal: camera raw, a thumbnail as first page, a layout that is not supported, damage, an early end.
    """
    file = TiffFile(data)
    raw.check_directories(file.directories())
    try:
        data = _without_cut_tags(file)
        tags = file.tags(file.first())
        lengths = {entry.tag: entry.length for entry in file.entries(file.first())}
    except CutOff as error:
        raise _truncated() from error
    _check_subfile(tags)
    layout = _layout(tags)
    _check_pieces(tags, layout, lengths)
    _check(file, tags, layout)
    scale = _scale(layout)
    _libtiff.silence()
    try:
        image = opened(_scaling(decoder, *scale) if scale else decoder, data)
    except Refusal as refusal:
        if isinstance(refusal.__cause__, (SyntaxError, KeyError)):  # in no table of Pillow's
            raise _unsupported(str(layout)) from refusal.__cause__
        raise
    if layout.photometric == _PALETTE:
        _set_palette(image, tags)
    if layout.compression == _NONE and _needs_libtiff(layout, tags):
        _decode_by_libtiff(cast("ImageFile.ImageFile", image), layout)
    if layout.compression != _NONE and image.mode == "F":
        # libtiff gives the machine's order of bytes, and Pillow expects the file's.
        _set_raw_mode(cast("ImageFile.ImageFile", image), "F;32NF")
    return image


def _without_cut_tags(file: TiffFile) -> bytes:
    """Returns the file without the tags whose values are beyond its end: Pillow would warn about them.

    Raises:
        Refusal: the pixels may depend on such a tag.
        CutOff: the file ends before the directory does.
    """
    cut = [entry for entry in file.entries(file.first()) if entry.is_cut]
    if not cut:
        return file.data
    if any(decides_pixels(entry.tag) for entry in cut) and not ImageFile.LOAD_TRUNCATED_IMAGES:
        raise _truncated()
    data = bytearray(file.data)
    for entry in cut:  # one byte, in the line itself
        struct.pack_into(file.order + ("HQ" if file.is_big else "HI"), data, entry.start + 2, 1, 1)
    return bytes(data)


def _check_subfile(tags: Tags) -> None:
    subfile = tags.get(_SUBFILE)
    if isinstance(subfile, int) and subfile & 1:
        reason = "starts with a thumbnail; save the page that you mean as a file of its own"
        raise Refusal(PhotoUnsupported, reason)


def _layout(tags: Tags) -> _Layout:
    """Reads the layout of a page.

    Raises:
        Refusal: numbers that no writer would write.
    """

    def numbers(tag: int, default: tuple[int, ...]) -> tuple[int, ...]:
        value = tags.get(tag, default)
        if isinstance(value, int):
            return (value,)
        if not isinstance(value, tuple):
            raise _damaged(f"tag {tag} holds no numbers")
        return value

    (photometric,) = numbers(_PHOTOMETRIC, (_WHITE_IS_ZERO,))[:1]
    (compression,) = numbers(_COMPRESSION, (_NONE,))[:1]
    default = 3 if compression == _OLD_JPEG and photometric in (_RGB, _YCBCR) else 1
    samples = numbers(_SAMPLES, (default,))[0]
    bits = numbers(_BITS, (1,))
    if samples < 1 or not 0 < min(bits) <= max(bits) <= _MOST_BITS:
        raise _damaged("its pixels have no samples, or none of a known size")
    return _Layout(
        photometric=photometric,
        bits=bits,
        kinds=numbers(_SAMPLE_FORMAT, (_UNSIGNED,)),
        extra=numbers(_EXTRA, ()),
        samples=samples,
        compression=compression,
        is_planar=numbers(_PLANES, (1,))[0] == 2 and samples > 1,
    )


def _check_pieces(tags: Tags, layout: _Layout, lengths: Mapping[int, int]) -> None:
    """Refuses a page with fewer strips or tiles than its size asks for: Pillow would leave the others black.

    Args:
        tags: of the page.
        layout: what they say of the pixels.
        lengths: how many values each tag has.
    """
    sides = tags.get(_WIDTH), tags.get(_HEIGHT)
    if _TILE_WIDTH in tags:
        steps = tags.get(_TILE_WIDTH), tags.get(_TILE_HEIGHT)
    else:
        steps = sides[0], tags.get(_ROWS_PER_STRIP, 0) or sides[1]
    needed = layout.samples if layout.is_planar else 1
    for side, step in zip(sides, steps, strict=True):
        if not isinstance(side, int) or not isinstance(step, int) or min(side, step) < 1:
            raise _damaged("it has no size")
        needed *= -(-side // step)
    pieces = max(lengths.get(tag, 0) for tag in (_STRIP_OFFSETS, _TILE_OFFSETS))
    if pieces < needed and not ImageFile.LOAD_TRUNCATED_IMAGES:
        raise _damaged(f"it has {pieces} of {needed} pieces of its picture")


def _check(file: TiffFile, tags: Tags, layout: _Layout) -> None:
    """Refuses layouts that Pillow misreads; Pillow itself refuses the others."""
    if file.is_big and file.order == ">":
        raise _unsupported("big-endian BigTIFF")
    if layout.compression not in _READ:
        raise _unsupported(str(layout))
    if _is_misread(layout, tags):
        raise _unsupported(str(layout))


def _is_misread(layout: _Layout, tags: Tags) -> bool:
    """Returns whether Pillow would take a layout for another one."""
    if tags.get(_PREDICTOR, 1) != 1 and layout.compression == _PACK_BITS:
        return True
    if set(layout.kinds) != {_UNSIGNED}:
        # Only grey floats in [0, 1] have an agreed meaning, and one that Pillow keeps.
        return layout.kinds[0] != _FLOAT or layout.photometric != _GREY or layout.samples != 1
    if max(layout.bits) > 16:  # their range is not known
        return True
    if layout.samples > _MOST_SAMPLES:  # Pillow would print a message
        return True
    if layout.photometric == _CMYK and tags.get(_INKS, 1) != 1:
        return True
    if tags.get(_FILL_ORDER, 1) == 2 and (layout.photometric == _WHITE_IS_ZERO and max(layout.bits) > 4):
        return True
    if not layout.is_planar:
        return False
    if layout.photometric in (_WHITE_IS_ZERO, _GREY, _PALETTE, _LAB):
        return True
    is_premultiplied = layout.extra[:1] == (1,)
    has_alpha = is_premultiplied or layout.extra[:1] == (2,)
    # Pillow has no mode for a plane behind that of alpha.
    return (has_alpha and len(layout.extra) > 1) or (is_premultiplied and max(layout.bits) > 8)


def _truncated() -> Refusal:
    return Refusal(PhotoUnreadable, "is a truncated TIFF file; copy or download it again")


def _damaged(what: str) -> Refusal:
    return Refusal(PhotoUnreadable, f"is a damaged TIFF file: {what}; copy or download it again")


def _unsupported(layout: str) -> Refusal:
    return Refusal(
        PhotoUnsupported,
        f"is a sound TIFF of a layout that is not supported ({layout}); "
        "convert it to RGB or grey of 8 or 16 bits",
    )


def _scale(layout: _Layout) -> tuple[float, float] | None:
    """Returns the factor and the summand that bring grey of more than 8 bits to 0 (black) to 65535."""
    if layout.samples != 1 or layout.kinds != (_UNSIGNED,) or layout.bits not in ((12,), (16,)):
        return None
    factor = 65535 / ((1 << layout.bits[0]) - 1)
    if layout.photometric == _WHITE_IS_ZERO:
        return -factor, 65535
    return (factor, 0) if factor != 1 else None


@cache
def _scaling(tiff: type[ImageFile.ImageFile], factor: float, summand: float) -> Decoder:
    """Returns a decoder whose 16-bit grey is multiplied and added to once it is decoded."""

    class Tiff(tiff):  # type: ignore[valid-type, misc]  # made here, as importing Pillow's is slow
        def load_end(self) -> None:
            super().load_end()
            self.im = cast("Any", self).im.point_transform(factor, summand)

    return cast("Decoder", Tiff)


def _set_palette(image: Image.Image, tags: Tags) -> None:
    """Sets the palette of a file whose colour map has levels of 0..255 in place of 0..65535."""
    levels = tags.get(_COLOUR_MAP)
    if isinstance(levels, tuple) and max(levels) < 256:
        image.palette = ImagePalette.raw("RGB;L", bytes(levels))


def _needs_libtiff(layout: _Layout, tags: Tags) -> bool:
    """Returns whether Pillow's own decoder misreads or refuses an uncompressed page that libtiff reads."""
    if layout.photometric == _YCBCR:
        return layout.is_planar or tags.get(_SUBSAMPLING, (1, 1)) != (1, 1)
    if layout.is_planar:
        return max(layout.bits) > 8 or layout.extra[:1] == (1,)
    # Tiles whose places are in the tag for strips: SGI's. Pillow would take them for strips.
    is_tiled = _TILE_WIDTH in tags and _TILE_OFFSETS not in tags
    return is_tiled and max(layout.bits) <= 8 and tags.get(_FILL_ORDER, 1) == 1


def _decode_by_libtiff(image: ImageFile.ImageFile, layout: _Layout) -> None:
    """Makes Pillow decode an uncompressed page by libtiff, as it does compressed ones."""
    if layout.photometric == _YCBCR:
        set_mode(image, "RGB")  # libtiff converts the colours
        raw_mode = "RGBX"
    elif not layout.is_planar:
        raw_mode = cast("Any", image.tile[0])[3][0]
    else:
        raw_mode = "RGBa" if layout.extra[:1] == (1,) else image.mode
        raw_mode += ";16N" if max(layout.bits) > 8 else ""
    tiff = cast("Any", image)
    tiff.use_load_libtiff = True
    tiff.tile = [tile("libtiff", (0, 0, *tile_size(image)), 0, (raw_mode, False, tiff.tag_v2.offset))]


def _set_raw_mode(image: ImageFile.ImageFile, raw_mode: str) -> None:
    tiff = cast("Any", image)
    tiff.tile = [tile(codec, box, start, (raw_mode, *args[1:])) for codec, box, start, args in tiff.tile]
