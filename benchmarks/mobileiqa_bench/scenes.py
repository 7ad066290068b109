"""Generated outdoor scenes, for machines on which no photographs are installed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""RGB, [height, width, 3]."""


def scene(seed: int, height: int = 480, width: int = 640) -> Pixels:
    """Returns a generated outdoor scene, uint8 RGB [height, width, 3]: sky, textured ground, lit discs.

    Its texture has the 1/f amplitude spectrum of natural images (Field 1987), so that filters respond to it
    roughly as they do to photographs. The same seed and size always give the same pixels.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    horizon = rng.uniform(0.3, 0.7)
    sky, ground = rng.uniform(0.3, 1, 3), rng.uniform(0.1, 0.6, 3)
    picture = np.where(y[..., None] < horizon, sky * (1 - 0.4 * y[..., None]), ground)
    texture = _pink(rng, height, width)[..., None]
    picture = picture + texture * np.where(y[..., None] < horizon, 0.04, 0.15)
    for _ in range(rng.integers(4, 12)):
        centre_y, centre_x, radius = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.02, 0.2)
        distance = np.hypot(y - centre_y, x - centre_x) / radius
        light = np.clip(1.2 - 0.5 * distance + 0.3 * (centre_x - x) / radius, 0, 1)[..., None]
        picture = np.where(distance[..., None] < 1, rng.uniform(0, 1, 3) * light, picture)
    return np.asarray(np.clip(picture * 255, 0, 255).astype(np.uint8))


def _pink(rng: np.random.Generator, height: int, width: int) -> NDArray[np.float64]:
    """Returns noise of a 1/f amplitude spectrum and standard deviation 1, [height, width]."""
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    frequency[0, 0] = 1
    noise = np.fft.fft2(rng.standard_normal((height, width))) / frequency
    texture = np.fft.ifft2(noise).real
    return np.asarray(texture / texture.std())
