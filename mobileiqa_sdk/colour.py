"""Pixels of any Pillow mode -> 8-bit sRGB, opaque.

An embedded ICC profile is honoured, as phones and browsers do: iPhones save Display P3, and a P3 photo taken
for sRGB looks duller than it is. The transform is relative colorimetric (colours inside sRGB stay what they
are, the rest clips to the nearest edge) with black-point compensation: without it the black of a printing
profile arrives as grey, and a score would take that for a faded photo.

PNG's gAMA and cHRM chunks, and the colour description that AVIF and HEIF can carry in place of a profile, are
not applied: Pillow does not offer them. CMYK without a profile is converted naively, as Pillow does.
"""

from __future__ import annotations

import io
import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from .errors import PhotoUnsupported

if TYPE_CHECKING:
    from PIL import ImageCms

BACKGROUND = (255, 255, 255)
"""Transparent pixels show this colour: white, the page that most photos with alpha were cut out for."""

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

_log = logging.getLogger("mobileiqa_sdk")


def to_srgb(image: Image.Image, label: str) -> Image.Image:
    """Convert a loaded image of any mode to sRGB, mode "RGB", composited over `BACKGROUND`.

    Returns the image itself when there is nothing to do; it is never modified. Orientation is not looked at.

    Raises:
        PhotoUnsupported: a mode that is no photo, or numbers outside of the mode's agreed range.
    """
    profile = image.info.get("icc_profile")
    if image.mode in _DEEP:
        colour, alpha = _eight_bits(image, label)
    else:
        colour, alpha = _split(image, label)
    # LAB is absolute: its conversion above already is the colour management.
    if isinstance(profile, bytes) and profile and image.mode != "LAB":
        colour = _manage(colour, profile)
    if colour.mode != "RGB":
        colour = colour.convert("RGB")
    return colour if alpha is None else _over_background(colour, alpha)


def _split(image: Image.Image, label: str) -> tuple[Image.Image, Image.Image | None]:
    """The colours as mode L, RGB or CMYK (what profiles are made for), and the alpha channel if any."""
    mode = _ALPHA.get(image.mode)
    if mode is None and image.has_transparency_data and not _deep_colour_key(image):
        mode = _KEYED.get(image.mode)
    if mode is not None:
        image = image if image.mode == mode else image.convert(mode)
        return image.convert(mode[:-1]), image.getchannel("A")
    mode = _OPAQUE.get(image.mode)
    if mode is None:
        raise PhotoUnsupported(label, f"has Pillow mode {image.mode}; convert it to RGB first")
    return (image if image.mode == mode else image.convert(mode)), None


def _deep_colour_key(image: Image.Image) -> bool:
    # Pillow reduces 16-bit colour to 8 but leaves tRNS at 16, and would then compare it modulo 256.
    key = image.info.get("transparency")
    return isinstance(key, tuple) and any(level > 255 for level in key)


def _eight_bits(image: Image.Image, label: str) -> tuple[Image.Image, Image.Image | None]:
    """Grey of 16 bits, or floats in [0, 1], as mode L, and the alpha that a transparent grey implies."""
    values: NDArray[Any] = np.asarray(image)
    if image.mode == "F":
        return Image.fromarray(unit_to_bytes(values, label)), None
    if image.mode == "I":  # how some versions of Pillow open 16-bit PNGs
        low, high = int(values.min()), int(values.max())
        if low < 0 or high > 65535:
            raise PhotoUnsupported(
                label, f"has 32-bit values from {low} to {high}; bring them to 0..65535, or convert it to RGB"
            )
    # (v + 128) // 257 is v / 257 rounded: 257 * 255 = 65535, and 257 is odd, so no value lies half-way.
    grey = Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))
    key = image.info.get("transparency")
    if not isinstance(key, int):
        return grey, None
    return grey, Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8))


def unit_to_bytes(values: NDArray[Any], label: str) -> NDArray[np.uint8]:
    """Floats in [0, 1] as rint(255 * x), of any shape but empty.

    Raises:
        PhotoUnsupported: NaN, an infinity, or a value outside [0, 1].
    """
    with np.errstate(invalid="ignore"):
        low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):  # NaN wins both min and max
        raise PhotoUnsupported(label, "has NaN or infinite values; replace them by numbers in [0, 1]")
    if low < 0 or high > 1:
        hint = "divide it by 255" if low >= 0 and high <= 255 else "scale or clip it"
        raise PhotoUnsupported(
            label, f"has values from {low:g} to {high:g}; floats must lie in [0, 1]: {hint}, or pass uint8"
        )
    if values.dtype.itemsize < 4:  # float16 has too few digits to multiply by 255 in
        values = values.astype(np.float32)
    return cast("NDArray[np.uint8]", np.rint(values * 255).astype(np.uint8))


def _over_background(colour: Image.Image, alpha: Image.Image) -> Image.Image:
    if alpha.getextrema() == (255, 255):
        return colour
    canvas = Image.new("RGB", colour.size, BACKGROUND)
    canvas.paste(colour, mask=alpha)
    return canvas


def _manage(colour: Image.Image, profile: bytes) -> Image.Image:
    if not features.check("littlecms2"):
        _warn_unmanaged()
        return colour
    conversion = _transform(profile, colour.mode)
    if conversion is None:
        return colour
    mode, transform = conversion
    return transform.apply(colour if colour.mode == mode else colour.convert(mode))


@lru_cache(maxsize=1)
def _warn_unmanaged() -> None:
    _log.warning("this Pillow was built without littlecms2: embedded colour profiles are ignored")


# A folder of photos comes from a few cameras; a printing profile weighs megabytes, so not many are kept.
@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> tuple[str, ImageCms.ImageCmsTransform] | None:
    """The mode to hand over and the transform to sRGB; None for sRGB itself and for what cannot be used."""
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
    # littlecms refuses damaged profiles in many ways; like browsers, go on without.
    except Exception as error:
        _log.debug("ignored a broken ICC profile: %s", error)
        return None
    return None if _is_identity(transform, accepts) else (accepts, transform)


def _is_identity(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether the grey ramp, and for RGB a 9x9x9 grid of colours, come out as they went in."""
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
