"""Distortions of photographs, each with a strength that can be increased step by step.

The kinds and their strengths follow the customary synthetic databases (KADID-10k, Lin et al. 2019;
TID2013, Ponomarenko et al. 2015), which apply five steps of each.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from ..scenes import Pixels


@dataclass(frozen=True)
class Distortion:
    """One kind of distortion.

    Attributes:
        name: for tables and file names.
        unit: of a strength.
        steps: the five strengths of the customary ladder, mild first. They are meant for photos
            of about 512 pixels a side; strengths in pixels look milder on larger ones.
        apply: (RGB uint8 [H, W, 3], strength, seed) -> the same shape; only noise uses the seed.
    """

    name: str
    unit: str
    steps: tuple[float, ...]
    apply: Callable[[Pixels, float, int], Pixels]


def gaussian_blur(pixels: Pixels, radius: float, seed: int = 0) -> Pixels:
    """Blurs with a Gaussian of this standard deviation, in pixels."""
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def motion_blur(pixels: Pixels, length: float, seed: int = 0) -> Pixels:
    """Averages along a falling diagonal of this length in pixels; a fraction weighs the last one."""
    whole = int(length)
    reach = whole // 2
    padded = np.pad(pixels, ((reach, reach + 1), (reach, reach + 1), (0, 0)), mode="edge").astype(np.float32)
    height, width = pixels.shape[:2]
    total = np.zeros(pixels.shape, np.float32)
    for step in range(whole + 1):
        weight = 1.0 if step < whole else length - whole
        if weight:
            total += weight * padded[step : step + height, step : step + width]
    return _rounded(total / length)


def jpeg(pixels: Pixels, quality: float, seed: int = 0) -> Pixels:
    """Encodes as baseline JPEG of this quality (1..100), with chroma at half resolution, and decodes."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=round(quality), subsampling=2)
    return np.asarray(Image.open(stream))


def noise(pixels: Pixels, deviation: float, seed: int = 0) -> Pixels:
    """Adds Gaussian noise of this standard deviation, in levels of 255, independent in every channel.

    A seed always gives the same pattern, so that a ladder increases one noise.
    """
    drawn = np.random.default_rng(seed).standard_normal(pixels.shape, np.float32)
    return _rounded(pixels + np.float32(deviation) * drawn)


def down_up(pixels: Pixels, factor: float, seed: int = 0) -> Pixels:
    """Shrinks by this factor and enlarges again, both bicubically."""
    photo = Image.fromarray(pixels)
    small = (max(round(photo.width / factor), 1), max(round(photo.height / factor), 1))
    return np.asarray(
        photo.resize(small, Image.Resampling.BICUBIC).resize(photo.size, Image.Resampling.BICUBIC)
    )


def underexposure(pixels: Pixels, stops: float, seed: int = 0) -> Pixels:
    """Removes this many stops of light, in linear light."""
    return _exposed(pixels, -stops)


def overexposure(pixels: Pixels, stops: float, seed: int = 0) -> Pixels:
    """Adds this many stops of light, in linear light; what exceeds white is lost."""
    return _exposed(pixels, stops)


def low_contrast(pixels: Pixels, lost: float, seed: int = 0) -> Pixels:
    """Pulls every value towards the photo's mean by this share (0..1)."""
    levels = np.arange(256, dtype=np.float32)
    mean = np.float32(pixels.mean())
    return _rounded(mean + (1 - lost) * (levels - mean))[pixels]


def banding(pixels: Pixels, levels: float, seed: int = 0) -> Pixels:
    """Keeps only this many levels in each channel, evenly spaced over 0..255."""
    top = levels - 1
    return _rounded(np.round(np.arange(256, dtype=np.float32) / 255 * top) / top * 255)[pixels]


def _exposed(pixels: Pixels, stops: float) -> Pixels:
    """Scales linear light by 2**stops, through the sRGB transfer function (IEC 61966-2-1) and back."""
    encoded = np.arange(256, dtype=np.float64) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    linear = np.minimum(linear * 2.0**stops, 1)
    again = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return _rounded(again * 255)[pixels]


def _rounded(values: npt.NDArray[np.floating[Any]]) -> Pixels:
    rounded: Pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return rounded


DISTORTIONS: dict[str, Distortion] = {
    distortion.name: distortion
    for distortion in (
        Distortion("gaussian blur", "deviation, pixels", (0.7, 1.4, 2.4, 4.0, 7.0), gaussian_blur),
        Distortion("motion blur", "length, pixels", (3, 6, 10, 16, 26), motion_blur),
        Distortion("JPEG", "quality", (50, 28, 16, 9, 5), jpeg),
        Distortion("noise", "deviation, levels", (5, 10, 18, 32, 56), noise),
        Distortion("down-up scaling", "factor", (1.6, 2.4, 3.6, 5.4, 8), down_up),
        Distortion("underexposure", "stops", (1, 2, 3, 4, 5), underexposure),
        Distortion("overexposure", "stops", (0.7, 1.4, 2.1, 2.8, 3.5), overexposure),
        Distortion("low contrast", "share lost", (0.25, 0.45, 0.6, 0.75, 0.87), low_contrast),
        Distortion("banding", "levels", (16, 10, 7, 5, 3), banding),
    )
}
