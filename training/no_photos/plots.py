"""Plots of made-up data, drawn by matplotlib in several of its styles."""

from __future__ import annotations

import io
from collections.abc import Callable

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from .ink import words

STYLES = ("default", "ggplot", "dark_background", "bmh", "fivethirtyeight", "grayscale", "seaborn-v0_8")
COLOUR_MAPS = ("viridis", "magma", "coolwarm", "gray", "tab20", "Spectral")


def plot(generator: np.random.Generator) -> Image.Image:
    """Returns one to four axes with lines, bars, points, histograms, pies, heat maps or contours."""
    with matplotlib.style.context(str(generator.choice(STYLES))):
        inches = generator.uniform(3.5, 9.0, 2)
        figure = Figure(figsize=(float(inches[0]), float(inches[1])), dpi=100)
        rows, columns = (int(count) for count in generator.integers(1, 3, 2))
        for place in range(rows * columns):
            axes = figure.add_subplot(rows, columns, place + 1)
            draw = _DRAWINGS[int(generator.integers(len(_DRAWINGS)))]
            draw(generator, axes)
            if generator.random() < 0.7:
                axes.set_title(" ".join(words(generator, 3)))
            if generator.random() < 0.5:
                axes.set_xlabel(words(generator, 1)[0])
                axes.set_ylabel(words(generator, 1)[0])
        stream = io.BytesIO()
        figure.savefig(stream, format="png")
    return Image.open(stream).convert("RGB")


def _lines(generator: np.random.Generator, axes: Axes) -> None:
    for label in words(generator, int(generator.integers(1, 6))):
        axes.plot(np.cumsum(generator.normal(0.0, 1.0, 80)), label=label)
    axes.legend()
    axes.grid(bool(generator.random() < 0.5))


def _bars(generator: np.random.Generator, axes: Axes) -> None:
    count = int(generator.integers(3, 14))
    axes.bar(
        np.arange(count),
        generator.gamma(2.0, 3.0, count),
        tick_label=[name[:4] for name in words(generator, count)],
    )


def _points(generator: np.random.Generator, axes: Axes) -> None:
    count = int(generator.integers(20, 600))
    x, noise = generator.normal(0.0, 1.0, (2, count))
    axes.scatter(x, x * generator.normal() + noise, s=float(generator.uniform(2, 60)), alpha=0.7)


def _histogram(generator: np.random.Generator, axes: Axes) -> None:
    axes.hist(generator.gamma(3.0, 1.0, 500), bins=int(generator.integers(8, 50)))


def _pie(generator: np.random.Generator, axes: Axes) -> None:
    count = int(generator.integers(3, 8))
    axes.pie(generator.gamma(2.0, 1.0, count), labels=words(generator, count))


def _heat_map(generator: np.random.Generator, axes: Axes) -> None:
    side = int(generator.integers(5, 30))
    axes.imshow(
        generator.normal(0.0, 1.0, (side, side)), cmap=str(generator.choice(COLOUR_MAPS)), aspect="auto"
    )


def _contours(generator: np.random.Generator, axes: Axes) -> None:
    x, y = np.meshgrid(np.linspace(-2, 2, 50), np.linspace(-2, 2, 50))
    first, second = generator.uniform(0.5, 3.0, 2)
    axes.contourf(np.sin(first * x) * np.cos(second * y), levels=12, cmap=str(generator.choice(COLOUR_MAPS)))


_DRAWINGS: tuple[Callable[[np.random.Generator, Axes], None], ...] = (
    _lines,
    _bars,
    _points,
    _histogram,
    _pie,
    _heat_map,
    _contours,
)
