"""Pictures that show nothing: plain surfaces, gradients, patterns, misfires and noise."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from .ink import Levels, colour, image_of, size_of


def plain(generator: np.random.Generator) -> Image.Image:
    """Returns one colour, half of the time with faint noise as a camera gives of a wall."""
    width, height = size_of(generator, 300, 700)
    levels = np.tile(np.array(colour(generator), np.float32), (height, width, 1))
    if generator.random() < 0.5:
        levels += _grain(generator, height, width, float(generator.uniform(0.5, 4.0)))
    return image_of(levels)


def gradient(generator: np.random.Generator) -> Image.Image:
    """Returns two or three colours that run into each other, along a line or from a centre."""
    width, height = size_of(generator, 300, 700)
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    if generator.random() < 0.6:
        angle = generator.uniform(0, 2 * np.pi)
        place = np.cos(angle) * across / width + np.sin(angle) * down / height
    else:
        middle = generator.uniform(0, 1, 2)
        place = np.hypot(across / width - middle[0], down / height - middle[1])
    place = (place - place.min()) / (np.ptp(place) + 1e-6)
    stops = int(generator.integers(2, 4))
    ends = np.array([colour(generator) for _ in range(stops)], np.float32)
    channels = [np.interp(place, np.linspace(0, 1, stops), ends[:, channel]) for channel in range(3)]
    return image_of(np.stack(channels, axis=2).astype(np.float32))


def pattern(generator: np.random.Generator) -> Image.Image:
    """Returns stripes, a chess board or dots of two colours."""
    width, height = size_of(generator, 300, 700)
    down, across = np.mgrid[0:height, 0:width]
    step = int(generator.integers(3, 90))
    kind = int(generator.integers(3))
    if kind == 0:
        mask = (across * int(generator.integers(0, 3)) + down) // step % 2 == 0
    elif kind == 1:
        mask = (across // step + down // step) % 2 == 0
    else:
        mask = (across % step - step / 2) ** 2 + (down % step - step / 2) ** 2 < (step / 3) ** 2
    first, second = (np.array(colour(generator), np.float32) for _ in range(2))
    return image_of(np.where(mask[..., None], first, second))


def misfire(generator: np.random.Generator) -> Image.Image:
    """Returns what a camera gives in a pocket: nearly black and noisy, without a scene."""
    width, height = size_of(generator, 300, 700)
    levels = np.zeros((height, width, 3), np.float32) + float(generator.uniform(0.0, 18.0))
    levels += np.array(generator.uniform(0.0, 8.0, 3), np.float32)
    levels += _grain(generator, height, width, float(generator.uniform(0.0, 8.0)))
    return image_of(levels)


def noise(generator: np.random.Generator) -> Image.Image:
    """Returns noise around a middle level: of each pixel, or in grains; grey or coloured."""
    width, height = size_of(generator, 300, 600)
    deviation = float(generator.uniform(8.0, 90.0))
    grain = _grain(generator, height, width, deviation)
    radius = float(generator.choice([0.0, 0.0, 1.0, 3.0, 12.0]))
    image = image_of(float(generator.uniform(60, 200)) + grain)
    return image.filter(ImageFilter.GaussianBlur(radius)) if radius else image


def _grain(generator: np.random.Generator, height: int, width: int, deviation: float) -> Levels:
    """Returns noise of this deviation, grey or coloured, [H, W, 1 or 3]."""
    channels = int(generator.choice([1, 3]))
    grain: Levels = generator.standard_normal((height, width, channels), np.float32)
    return grain * np.float32(deviation)
