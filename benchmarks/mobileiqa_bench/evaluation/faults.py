"""Faults of photographs that a model can name, each with a strength that grows step by step.

The kinds and their strengths follow the customary synthetic databases (KADID-10k, Lin et al. 2019;
TID2013, Ponomarenko et al. 2015). Strengths are meant for the pixels that a model sees: on a photograph
that will be shrunk, what is measured in pixels is made that much larger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, cos, radians, sin
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..scenes import Pixels
from .distortions import banding, jpeg, low_contrast, overexposure, underexposure

Floats = npt.NDArray[np.float32]

STEPS = 5
"""Strengths of a fault, mild first."""
_PARTS = 8
"""Parts of a pixel's side, or samples along one, that a kernel is drawn with."""


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Attributes:
        name: the key that models answer it by.
        unit: of a strength.
        strengths: of no fault, then of the five steps.
        apply: (RGB uint8 [H, W, 3], strength, seed, scale) -> the same shape.
    """

    name: str
    unit: str
    strengths: tuple[float, ...]
    apply: Callable[[Pixels, float, int, float], Pixels]

    def strength(self, step: float) -> float:
        """Returns the strength of a step in 0..5; between whole steps it is interpolated."""
        return float(np.interp(step, range(len(self.strengths)), self.strengths))

    def put_into(self, pixels: Pixels, step: float, seed: int = 0, scale: float = 1.0) -> Pixels:
        """Returns a photograph with this fault.

        Args:
            pixels: RGB uint8 [H, W, 3].
            step: strength, in 0..5.
            seed: of noise, and of the direction of motion.
            scale: factor by which the photograph will be shrunk before it is looked at, at least 1.

        >>> FAULTS["banding"].put_into(np.full((2, 2, 3), 100, np.uint8), 5)[0, 0].tolist()
        [128, 128, 128]
        """
        return self.apply(pixels, self.strength(step), seed, scale)


def defocus(pixels: Pixels, radius: float, seed: int = 0, scale: float = 1.0) -> Pixels:
    """Blurs with a disc of this radius in pixels, as a lens out of focus does."""
    return _convolved(pixels, _disc(round(radius * scale, 3)))


def motion_blur(pixels: Pixels, length: float, seed: int = 0, scale: float = 1.0) -> Pixels:
    """Averages along a line of this length in pixels, whose direction the seed draws."""
    angle = float(np.random.default_rng(seed).uniform(0, 180))
    return _convolved(pixels, _line(round(length * scale, 3), angle))


def noise(pixels: Pixels, deviation: float, seed: int = 0, scale: float = 1.0) -> Pixels:
    """Adds Gaussian noise of this standard deviation, in levels of 255, independent in every channel.

    Its grains are as many pixels wide as ``scale`` says, so that shrinking does not average it away. A seed
    always gives the same pattern.
    """
    height, width = pixels.shape[:2]
    grains = (3, ceil(height / scale), ceil(width / scale))
    drawn = np.random.default_rng(seed).standard_normal(grains, np.float32)
    if scale > 1:
        enlarged = [
            Image.fromarray(plane).resize((width, height), Image.Resampling.BICUBIC) for plane in drawn
        ]
        drawn = np.stack([np.asarray(plane) for plane in enlarged])
    return _rounded(pixels + np.float32(deviation) * drawn.transpose(1, 2, 0))


def _unscaled(apply: Callable[[Pixels, float, int], Pixels]) -> Callable[[Pixels, float, int, float], Pixels]:
    """Returns a fault whose strength has nothing to do with the photograph's size."""
    return lambda pixels, strength, seed, _: apply(pixels, strength, seed)


def _convolved(pixels: Pixels, kernel: Floats) -> Pixels:
    """Convolves every channel; beyond the edges the outermost pixels are repeated."""
    from scipy.fft import irfft2, next_fast_len, rfft2

    reach = kernel.shape[0] // 2
    padded = np.pad(pixels.transpose(2, 0, 1), ((0, 0), (reach, reach), (reach, reach)), mode="edge")
    shape = [next_fast_len(side, real=True) for side in padded.shape[1:]]
    spectrum = rfft2(padded.astype(np.float32), shape) * rfft2(kernel, shape)
    height, width = pixels.shape[:2]
    top = 2 * reach
    blurred = irfft2(spectrum, shape)[:, top : top + height, top : top + width]
    return _rounded(blurred.transpose(1, 2, 0))


@lru_cache(maxsize=32)
def _disc(radius: float) -> Floats:
    """A disc with smooth edges, [side, side]; its sum is 1."""
    reach = max(ceil(radius - 0.5), 0)
    side = 2 * reach + 1
    centres = (np.arange(side * _PARTS, dtype=np.float32) + 0.5) / _PARTS - side / 2
    inside = centres[:, np.newaxis] ** 2 + centres**2 <= max(radius, 0.5) ** 2
    disc = inside.reshape(side, _PARTS, side, _PARTS).mean(axis=(1, 3), dtype=np.float32)
    kernel: Floats = disc / disc.sum()
    return kernel


@lru_cache(maxsize=32)
def _line(length: float, angle: float) -> Floats:
    """A line through the middle, [side, side], at this angle in degrees; its sum is 1."""
    reach = ceil(length / 2) + 1
    steps = np.linspace(-length / 2, length / 2, ceil(length * _PARTS) + 1)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    rows, columns = reach + steps * sin(radians(angle)), reach + steps * cos(radians(angle))
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    for down in (0, 1):
        for right in (0, 1):
            weight = np.abs(1 - down - (rows - top)) * np.abs(1 - right - (columns - left))
            np.add.at(kernel, (top + down, left + right), weight)
    scaled: Floats = kernel / kernel.sum()
    return scaled


def _rounded(values: npt.NDArray[np.floating[Any]]) -> Pixels:
    rounded: Pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return rounded


FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("defocus", "radius, pixels", (0, 1.2, 2, 3.2, 5, 8), defocus),
        Fault("motion_blur", "length, pixels", (0, 4, 7, 11, 17, 26), motion_blur),
        Fault("noise", "deviation, levels", (0, 6, 12, 20, 34, 56), noise),
        Fault("compression", "quality", (95, 45, 25, 15, 9, 5), _unscaled(jpeg)),
        Fault("underexposure", "stops", (0, 1.2, 2.2, 3.2, 4.2, 5.2), _unscaled(underexposure)),
        Fault("overexposure", "stops", (0, 0.8, 1.5, 2.2, 2.9, 3.6), _unscaled(overexposure)),
        Fault("low_contrast", "share lost", (0, 0.3, 0.5, 0.65, 0.78, 0.88), _unscaled(low_contrast)),
        Fault("banding", "levels", (64, 14, 9, 7, 5, 3), _unscaled(banding)),
    )
}
"""The faults by name, in the order in which a camera and those who process its photographs make them."""
