"""Converts pixels of any Pillow mode to opaque 8-bit sRGB.

The colours of a picture are described by the first of these that is there and usable:

1. the code points of PNG's cICP chunk, which replace a profile (PNG, third edition, 4.3);
2. an embedded ICC profile; if it is of HDR, the code points in it;
3. the code points of HEIC and AVIF (nclx), PNG's sRGB chunk, PNG's gAMA and cHRM; see
   `mobileiqa_sdk.code_points`.

A picture without a description is sRGB. iPhones save Display P3, and a P3 photo taken for sRGB looks duller
than it is. The transform of a profile is relative colorimetric (colours inside sRGB stay what they are, the
rest clips to the nearest edge) with black-point compensation: without it the black of a printing profile
arrives as grey, and a score would take that for a faded photo. A profile that is damaged, of another colour
space or longer than `MAX_PROFILE` is not usable: it never costs the photo.

Pictures of 10 to 16 bits are converted with all their bits, and rounded to 8 once, at the end. CMYK without a
profile is converted naively, as Pillow does.
"""

from __future__ import annotations

import io
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from . import code_points
from ._refusal import Refusal
from .errors import PhotoUnsupported
from .samples import Samples, by_rows, grey_samples, to_bytes

if TYPE_CHECKING:
    from PIL import ImageCms

BACKGROUND = (255, 255, 255)
"""Transparent pixels show this colour: white, the page that most photos with alpha were cut out for."""

MAX_PROFILE = 4 << 20
"""Bytes. Longer ICC profiles are ignored: cameras' and screens' have kilobytes, printers' up to 3 MB."""

CACHE_BYTES = 2 * MAX_PROFILE
"""Bytes of the profiles whose transforms are kept."""

CACHE_ENTRIES = 8
"""Number of transforms that are kept: the photos of a folder come from a few cameras."""

IDENTITY = 2
"""A profile that moves no probed channel by more than this (of 255) is taken for sRGB and not applied.

The many sRGB profiles in the wild differ from each other by their rounding: one step from primaries stored in
16.16 fixed point, one from tone curves stored as tables. Nobody sees two steps, while a wide-gamut profile
moves colours by tens. Not applying them keeps the decoder's pixels, which are what a phone shows.
"""

ROUNDING = 1e-6
"""How far floats may lie outside [0, 1], as sums and products of numbers in it may."""

_ALPHA = {"LA": "LA", "La": "LA", "RGBA": "RGBA", "RGBa": "RGBA", "PA": "RGBA"}
_KEYED = {"1": "LA", "L": "LA", "P": "RGBA", "RGB": "RGBA"}
_OPAQUE = {"1": "L", "L": "L", "CMYK": "CMYK"} | dict.fromkeys(
    ("P", "RGB", "RGBX", "YCbCr", "HSV", "LAB"), "RGB"
)
_DEEP_GREY = ("I;16", "I;16L", "I;16B", "I;16N", "I")
_MODE_OF_SPACE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_MODE_OF_CHANNELS = {1: "L", 3: "RGB", 4: "CMYK"}
_STRIP = 1 << 18  # pixels
# cmsFLAGS_BLACKPOINTCOMPENSATION; Pillow's enum for it is younger than 10.1.
_BLACK_POINT_COMPENSATION = 0x2000
# cmsFLAGS_NOOPTIMIZE: else the curve of a grey profile is sampled at a few points, too few for linear light.
_EXACT = 0x0100

_log = logging.getLogger("mobileiqa_sdk")


class _Profile(NamedTuple):
    """A usable profile.

    Attributes:
        mode: of the images that its transform takes.
        transform: None for sRGB itself.
    """

    mode: str
    transform: ImageCms.ImageCmsTransform | None

    def apply(self, image: Image.Image) -> Image.Image:
        """Returns an image of mode L, RGB or CMYK in sRGB; the image itself if it is sRGB."""
        if self.transform is None:
            return image
        return self.transform.apply(image if image.mode == self.mode else image.convert(self.mode))


def to_srgb(image: Image.Image, samples: Samples | None = None) -> Image.Image:
    """Converts a loaded image of any mode to sRGB, mode "RGB", composited over `BACKGROUND`.

    Returns the image itself when there is nothing to do; it is never modified. Orientation is ignored.

    Args:
        image: loaded, unless there are ``samples``.
        samples: the pixels, if the image's mode does not hold all their bits.

    Raises:
        Refusal: a mode that photos do not have, or numbers outside the mode's agreed range.
    """
    if image.mode == "I":
        image = _without_wide_integers(image)
    if samples is None and image.mode in _DEEP_GREY:
        samples = grey_samples(image)
    if samples is not None:
        colour = _manage_samples(samples.colour, image.info)
        alpha = None if samples.alpha is None else Image.fromarray(samples.alpha)
    else:
        colour, alpha = _split(image)
        # LAB is absolute, so converting it to RGB already manages the colours.
        if image.mode != "LAB":
            colour = _manage(colour, image.info)
    if colour.mode != "RGB":
        colour = colour.convert("RGB")
    return colour if alpha is None else _over_background(colour, alpha)


def _split(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Returns the colours as mode L, RGB or CMYK, which profiles are made for, and any alpha channel."""
    if image.mode == "F":
        return Image.fromarray(unit_to_bytes(np.asarray(image))), None
    mode = _ALPHA.get(image.mode)
    if mode is None and image.has_transparency_data and not _deep_colour_key(image):
        mode = _KEYED.get(image.mode)
    if mode is not None:
        image = image if image.mode == mode else image.convert(mode)
        return image.convert(mode[:-1]), image.getchannel("A")
    mode = _OPAQUE.get(image.mode)
    if mode is None:
        raise Refusal(PhotoUnsupported, f"has Pillow mode {image.mode}; convert it to RGB first")
    return (image if image.mode == mode else image.convert(mode)), None


def _deep_colour_key(image: Image.Image) -> bool:
    # A PIL image of a 16-bit PNG: Pillow reduced the colours to 8 bits and left tRNS at 16.
    key = image.info.get("transparency")
    return isinstance(key, tuple) and any(level > 255 for level in key)


def _without_wide_integers(image: Image.Image) -> Image.Image:
    """Returns an image of mode I as it is if its values are of 16 bits, or as mode L if they are of 8."""
    values = np.asarray(image)
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65535:
        raise Refusal(
            PhotoUnsupported,
            f"has 32-bit values from {low} to {high}; bring them to 0..65535, or convert it to RGB",
        )
    # Pillow's convert("I") keeps 0..255. In 16 bits that would be a picture without any light. Some versions
    # of Pillow open 16-bit PNGs as mode I.
    if high > 255 or image.format == "PNG":
        return image
    grey = Image.fromarray(values.astype(np.uint8))
    grey.info = image.info
    return grey


def unit_to_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Returns floats in [0, 1] as rint(255 * x), of any shape but empty. Rounding errors outside are clipped.

    Raises:
        Refusal: NaN, an infinity, or a value outside [0, 1] by more than `ROUNDING`.
    """
    with np.errstate(invalid="ignore"):
        low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):  # NaN wins both min and max
        raise Refusal(PhotoUnsupported, "has NaN or infinite values; replace them by numbers in [0, 1]")
    # float16 has too few digits for a product by 255, and its steps are wider than ROUNDING.
    is_half = values.dtype.itemsize < 4
    tolerance = float(np.finfo(np.float16).eps) if is_half else ROUNDING
    if low < -tolerance or high > 1 + tolerance:
        raise Refusal(
            PhotoUnsupported,
            f"has values from {low:.9g} to {high:.9g}; floats must lie in [0, 1]: "
            f"{_remedy(low, high)}, or pass uint8",
        )
    exact = np.float32 if is_half else values.dtype
    return by_rows(values, lambda rows: np.rint(np.clip(rows.astype(exact, copy=False), 0, 1) * 255))


def _remedy(low: float, high: float) -> str:
    """Returns how to bring values of a range to [0, 1]."""
    if low >= -0.5 and high <= 2:  # resizing and denoising overshoot
        return "clip it: numpy.clip(x, 0, 1)"
    for top in (255, 65535):  # of 8 and 16 bits; a picture of other bits would turn black
        if low >= -top / 4 and top / 16 < high <= top * 5 / 4:
            clipped = "" if low >= 0 and high <= top else " and clip it"
            return f"divide it by {top}{clipped}"
    return "scale or clip it"


def _over_background(colour: Image.Image, alpha: Image.Image) -> Image.Image:
    if alpha.getextrema() == (255, 255):
        return colour
    canvas = Image.new("RGB", colour.size, BACKGROUND)
    canvas.paste(colour, mask=alpha)
    return canvas


def _manage(colour: Image.Image, info: Mapping[Any, Any]) -> Image.Image:
    """Converts an image of mode L, RGB or CMYK by the description in ``info``; to L or RGB."""
    profile = _profile_of(info, colour.mode)
    if profile is not None:
        return profile.apply(colour)
    description = code_points.described(info)
    if description is None or description.is_srgb or colour.mode == "CMYK":
        return colour

    def rows(top: int, bottom: int) -> NDArray[Any]:
        return np.asarray(colour.crop((0, top, colour.width, bottom)))

    return _by_rows(colour.size, colour.mode, rows, lambda values: code_points.to_srgb(values, description))


def _manage_samples(samples: NDArray[np.uint16], info: Mapping[Any, Any]) -> Image.Image:
    """Converts 16-bit grey, RGB or CMYK by the description in ``info``; to mode L, RGB or CMYK."""
    height, width, channels = samples.shape
    mode = result_mode = _MODE_OF_CHANNELS[channels]
    profile = _profile_of(info, mode, _EXACT if mode == "L" else 0)
    description = None if profile else code_points.described(info)
    convert: Callable[[NDArray[Any]], NDArray[Any]] = to_bytes
    if profile is not None and profile.transform:
        result_mode, convert = "RGB", partial(_interpolated, mode=mode, profile=profile)
    elif description is not None and not description.is_srgb and mode != "CMYK":
        convert = partial(code_points.to_srgb, description=description)
    return _by_rows((width, height), result_mode, lambda top, bottom: samples[top:bottom], convert)


def _by_rows(
    size: tuple[int, int],
    mode: str,
    rows: Callable[[int, int], NDArray[Any]],
    convert: Callable[[NDArray[Any]], NDArray[Any]],
) -> Image.Image:
    """Makes an image a few rows at a time: what it is made of and wide numbers are never held for all pixels.

    Args:
        size: (width, height) of the image.
        mode: of the image.
        rows: returns the values from a row up to another.
        convert: turns such values into those of the image, 0..255.
    """
    width, height = size
    result = Image.new(mode, size)
    step = max(1, _STRIP // width)
    for top in range(0, height, step):
        values = rows(top, min(top + step, height))
        values = values if values.ndim == 3 else values[:, :, None]
        result.paste(_as_image(convert(values), mode), (0, top))
    return result


def _interpolated(values: NDArray[np.uint16], mode: str, profile: _Profile) -> NDArray[Any]:
    """Applies a profile's transform, which takes 8 bits, to values of 16.

    A value lies between two of 8 bits, and so a colour of n channels in a cube of 2^n colours. The result is
    interpolated between n + 1 of them, the corners of the simplex that the colour lies in.
    """
    corner, rest = np.divmod(values, np.uint16(257))
    order = np.argsort(rest, axis=2)[:, :, ::-1]
    rest = np.take_along_axis(rest, order, axis=2).astype(np.int32)
    shares = -np.diff(rest, axis=2, prepend=257, append=0)
    total = shares[:, :, :1] * _converted(corner, mode, profile)
    for step in range(values.shape[2]):
        channel = order[:, :, step, None]
        # 255 overflows, but never has a share: its rest is 0.
        np.put_along_axis(corner, channel, np.take_along_axis(corner, channel, axis=2) + 1, axis=2)
        total += shares[:, :, step + 1, None] * _converted(corner % 256, mode, profile)
    return np.asarray((total + 128) // 257, np.uint8)


def _converted(values: NDArray[np.uint16], mode: str, profile: _Profile) -> NDArray[np.uint8]:
    if mode == "L":
        ramp = np.arange(256, dtype=np.uint8)[None]
        table = np.asarray(profile.apply(Image.fromarray(ramp)))[0]
        return np.asarray(table[values[:, :, 0]])
    return np.asarray(profile.apply(_as_image(values.astype(np.uint8), mode)))


def _as_image(values: NDArray[np.uint8], mode: str) -> Image.Image:
    height, width = values.shape[:2]
    return Image.frombytes(mode, (width, height), np.ascontiguousarray(values))


def _profile_of(info: Mapping[Any, Any], mode: str, flags: int = 0) -> _Profile | None:
    """Returns the profile in ``info`` if it is usable for images of a mode; ``flags`` are of littlecms."""
    data = info.get("icc_profile")
    if not isinstance(data, bytes) or not data:
        return None
    if mode != "CMYK" and code_points.from_icc(data):
        return None
    if len(data) > MAX_PROFILE:
        _log.debug("ignored an ICC profile of %d bytes", len(data))
        return None
    if not features.check("littlecms2"):
        _warn_unmanaged()
        return None
    return _conversions.get(data, mode, flags)


def _warn_unmanaged() -> None:
    global _has_warned
    if not _has_warned:
        _has_warned = True
        _log.warning("this Pillow was built without littlecms2: embedded colour profiles are ignored")


_has_warned = False


def _conversion(profile: bytes, mode: str, flags: int = 0) -> _Profile | None:
    """Builds the transform of a profile for images of a mode; ``flags`` are of littlecms."""
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        accepts = _MODE_OF_SPACE.get(space)
        # A grey JPEG often carries the camera's RGB profile, whose tone curve does apply.
        if accepts is None or (accepts != mode and (mode, accepts) != ("L", "RGB")):
            _log.debug("ignored an ICC profile of colour space %s on an image of mode %s", space, mode)
            return None
        transform = ImageCms.ImageCmsTransform(
            source,
            ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
            accepts,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=cast("ImageCms.Flags", _BLACK_POINT_COMPENSATION | flags),
        )
    except MemoryError:
        raise
    except Exception as error:  # littlecms refuses damaged profiles in many ways
        _log.debug("ignored a broken ICC profile: %s", error)
        return None
    return _Profile(accepts, None if _is_identity(transform, accepts) else transform)


class _Conversions:
    """The conversions used last, bounded in number and in bytes of profiles; for any number of threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[bytes, str, int], _Profile | None] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, profile: bytes, mode: str, flags: int) -> _Profile | None:
        """Returns the conversion, built anew if it is not among those kept."""
        key = profile, mode, flags
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        conversion = _conversion(profile, mode, flags)
        with self._lock:
            self._kept[key] = conversion
            while len(self._kept) > CACHE_ENTRIES or self.size > CACHE_BYTES:
                self._kept.popitem(last=False)
        return conversion

    @property
    def size(self) -> int:
        """Bytes of the profiles kept."""
        return sum(len(profile) for profile, _, _ in self._kept)

    def clear(self) -> None:
        """Forgets all conversions."""
        with self._lock:
            self._kept.clear()


_conversions = _Conversions()


def _is_identity(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Returns whether the grey ramp, and for RGB a 9x9x9 grid of colours, come out as they went in."""
    if mode == "CMYK":
        return False
    ramp = np.arange(256, dtype=np.uint8)
    colours = np.repeat(ramp[:, None], 3, axis=1)
    if mode == "RGB":
        steps = np.linspace(0, 255, 9).astype(np.uint8)
        colours = np.concatenate([colours, np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3)])
    probe = Image.fromarray(ramp[None] if mode == "L" else colours[None])
    moved = np.asarray(transform.apply(probe))[0].astype(np.int16) - colours
    return bool(np.abs(moved).max() <= IDENTITY)
