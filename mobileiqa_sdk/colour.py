"""Converts pixels of any Pillow mode to opaque 8-bit sRGB.

An embedded ICC profile is honoured, as phones and browsers do: iPhones save Display P3, and a P3 photo taken
for sRGB looks duller than it is. The transform is relative colorimetric (colours inside sRGB stay what they
are, the rest clips to the nearest edge) with black-point compensation: without it the black of a printing
profile arrives as grey, and a score would take that for a faded photo. A profile that is damaged, of another
colour space or longer than `MAX_PROFILE` is ignored: it never costs the photo.

PNG's gAMA and cHRM chunks, and the colour description that AVIF and HEIF can carry in place of a profile, are
not applied: Pillow does not offer them. CMYK without a profile is converted naively, as Pillow does.
"""

from __future__ import annotations

import io
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from ._refusal import Refusal
from .errors import PhotoUnsupported

if TYPE_CHECKING:
    from PIL import ImageCms

BACKGROUND = (255, 255, 255)
"""Transparent pixels show this colour: white, the page that most photos with alpha were cut out for."""

MAX_PROFILE = 4 << 20
"""Bytes. Longer ICC profiles are ignored: cameras' and screens' have kilobytes, printers' up to 3 MB."""

CACHE_BYTES = 2 * MAX_PROFILE
"""Bytes of the profiles whose transforms are kept."""

CACHE_ENTRIES = 8
"""Transforms that are kept: the photos of a folder come from a few cameras."""

IDENTITY = 2
"""A profile that moves no probed channel by more than this (of 255) is taken for sRGB and not applied.

The many sRGB profiles in the wild differ from each other by their rounding: one step from primaries stored in
16.16 fixed point, one from tone curves stored as tables. Nobody sees two steps, while a wide-gamut profile
moves colours by tens. Not applying them keeps the decoder's pixels, which are what a phone shows.
"""

_ALPHA = {"LA": "LA", "La": "LA", "RGBA": "RGBA", "RGBa": "RGBA", "PA": "RGBA"}
_KEYED = {"1": "LA", "L": "LA", "P": "RGBA", "RGB": "RGBA"}
_OPAQUE = {"1": "L", "L": "L", "CMYK": "CMYK"} | dict.fromkeys(
    ("P", "RGB", "RGBX", "YCbCr", "HSV", "LAB"), "RGB"
)
_DEEP = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
_MODE_OF_SPACE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
# cmsFLAGS_BLACKPOINTCOMPENSATION; Pillow's enum for it is younger than 10.1.
_BLACK_POINT_COMPENSATION = 0x2000

_STRIP = 1 << 20  # values

# The mode to hand over and the transform to sRGB; None for sRGB itself and for profiles that cannot be used.
_Conversion: TypeAlias = "tuple[str, ImageCms.ImageCmsTransform] | None"

_log = logging.getLogger("mobileiqa_sdk")


def to_srgb(image: Image.Image) -> Image.Image:
    """Converts a loaded image of any mode to sRGB, mode "RGB", composited over `BACKGROUND`.

    Returns the image itself when there is nothing to do; it is never modified. Orientation is ignored.

    Raises:
        Refusal: a mode that photos do not have, or numbers outside the mode's agreed range.
    """
    profile = image.info.get("icc_profile")
    if image.mode in _DEEP:
        colour, alpha = _eight_bits(image)
    else:
        colour, alpha = _split(image)
    # LAB is absolute: its conversion above already is the colour management.
    if isinstance(profile, bytes) and profile and image.mode != "LAB":
        colour = _manage(colour, profile)
    if colour.mode != "RGB":
        colour = colour.convert("RGB")
    return colour if alpha is None else _over_background(colour, alpha)


def _split(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Returns the colours as mode L, RGB or CMYK, which profiles are made for, and any alpha channel."""
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
    # Pillow reduces 16-bit colour to 8 but leaves tRNS at 16, and would then compare it modulo 256.
    key = image.info.get("transparency")
    return isinstance(key, tuple) and any(level > 255 for level in key)


def _eight_bits(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Returns 16-bit grey, or floats in [0, 1], as mode L, and the alpha that a transparent grey implies."""
    values: NDArray[Any] = np.asarray(image)
    if image.mode == "F":
        return Image.fromarray(unit_to_bytes(values)), None
    if image.mode == "I":  # how some versions of Pillow open 16-bit PNGs
        low, high = int(values.min()), int(values.max())
        if low < 0 or high > 65535:
            raise Refusal(
                PhotoUnsupported,
                f"has 32-bit values from {low} to {high}; bring them to 0..65535, or convert it to RGB",
            )
    # (v + 128) // 257 is v / 257 rounded: 257 * 255 = 65535, and 257 is odd, so no value lies half-way.
    grey = _by_rows(values, lambda rows: (rows.astype(np.uint32) + 128) // 257)
    key = image.info.get("transparency")
    if not isinstance(key, int):
        return Image.fromarray(grey), None
    alpha = _by_rows(values, lambda rows: np.where(rows == key, 0, 255))
    return Image.fromarray(grey), Image.fromarray(alpha)


def unit_to_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Returns floats in [0, 1] as rint(255 * x), of any shape but empty.

    Raises:
        Refusal: NaN, an infinity, or a value outside [0, 1].
    """
    with np.errstate(invalid="ignore"):
        low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):  # NaN wins both min and max
        raise Refusal(PhotoUnsupported, "has NaN or infinite values; replace them by numbers in [0, 1]")
    if low < 0 or high > 1:
        hint = "divide it by 255" if low >= 0 and high <= 255 else "scale or clip it"
        raise Refusal(
            PhotoUnsupported,
            f"has values from {low:g} to {high:g}; floats must lie in [0, 1]: {hint}, or pass uint8",
        )
    # float16 has too few digits to multiply by 255 in.
    exact = np.float32 if values.dtype.itemsize < 4 else values.dtype
    return _by_rows(values, lambda rows: np.rint(rows.astype(exact, copy=False) * 255))


def _by_rows(values: NDArray[Any], convert: Callable[[NDArray[Any]], NDArray[Any]]) -> NDArray[np.uint8]:
    """Converts a few rows at a time, so that wide intermediate numbers are never held for all pixels."""
    result = np.empty(values.shape, np.uint8)
    step = max(1, _STRIP * len(values) // values.size)
    for start in range(0, len(values), step):
        result[start : start + step] = convert(values[start : start + step])
    return result


def _over_background(colour: Image.Image, alpha: Image.Image) -> Image.Image:
    if alpha.getextrema() == (255, 255):
        return colour
    canvas = Image.new("RGB", colour.size, BACKGROUND)
    canvas.paste(colour, mask=alpha)
    return canvas


def _manage(colour: Image.Image, profile: bytes) -> Image.Image:
    if len(profile) > MAX_PROFILE:
        _log.debug("ignored an ICC profile of %d bytes", len(profile))
        return colour
    if not features.check("littlecms2"):
        _warn_unmanaged()
        return colour
    conversion = _conversions.get(profile, colour.mode)
    if conversion is None:
        return colour
    mode, transform = conversion
    return transform.apply(colour if colour.mode == mode else colour.convert(mode))


def _warn_unmanaged() -> None:
    global _has_warned
    if not _has_warned:
        _has_warned = True
        _log.warning("this Pillow was built without littlecms2: embedded colour profiles are ignored")


_has_warned = False


def _conversion(profile: bytes, mode: str) -> _Conversion:
    """Builds the transform of a profile for images of a mode."""
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
            flags=cast("ImageCms.Flags", _BLACK_POINT_COMPENSATION),
        )
    except MemoryError:
        raise
    except Exception as error:  # littlecms refuses damaged profiles in many ways
        _log.debug("ignored a broken ICC profile: %s", error)
        return None
    return None if _is_identity(transform, accepts) else (accepts, transform)


class _Conversions:
    """The conversions used last, bounded in number and in bytes of profiles; for any number of threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[bytes, str], _Conversion] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, profile: bytes, mode: str) -> _Conversion:
        """Returns the conversion, built anew if it is not among those kept."""
        key = profile, mode
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        conversion = _conversion(profile, mode)
        with self._lock:
            self._kept[key] = conversion
            while len(self._kept) > CACHE_ENTRIES or self.size > CACHE_BYTES:
                self._kept.popitem(last=False)
        return conversion

    @property
    def size(self) -> int:
        """Bytes of the profiles kept."""
        return sum(len(profile) for profile, _ in self._kept)

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
