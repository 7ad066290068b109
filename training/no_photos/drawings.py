"""Drawings: diagrams, flat illustrations, line drawings, maps and icons."""

from __future__ import annotations

import itertools

import numpy as np
from PIL import Image, ImageDraw

from .ink import Colour, colour, grey, pick_font, size_of, words

Point = tuple[float, float]
FINE = 2
"""Drawings are made this many times larger and shrunk, so that their edges are smooth."""


def diagram(generator: np.random.Generator) -> Image.Image:
    """Returns boxes, ellipses and diamonds with words, joined by arrows."""
    width, height = size_of(generator, 400, 1000)
    ground = grey(255) if generator.random() < 0.7 else colour(generator, 200, 256)
    ink = colour(generator, 0, 90)
    sheet = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(sheet)
    face = pick_font(generator, int(generator.integers(10, 18)))
    columns, rows = (int(count) for count in generator.integers(2, 6, 2))
    middles = [
        (width * (column + 0.5) / columns, height * (row + 0.5) / rows)
        for row in range(rows)
        for column in range(columns)
        if generator.random() < 0.75
    ]
    for first, second in itertools.pairwise(middles):
        _arrow(draw, first, second, ink)
    half_width, half_height = width / columns * 0.36, height / rows * 0.28
    fills = [colour(generator, 130, 256) for _ in range(3)] + [ground]
    for x, y in middles:
        box = (x - half_width, y - half_height, x + half_width, y + half_height)
        fill = fills[int(generator.integers(len(fills)))]
        kind = int(generator.integers(4))
        if kind == 0:
            draw.ellipse(box, fill=fill, outline=ink, width=2)
        elif kind == 1:
            corners = [(x, box[1]), (box[2], y), (x, box[3]), (box[0], y)]
            draw.polygon(corners, fill=fill, outline=ink)
        else:
            draw.rounded_rectangle(box, 8 * (kind - 2), fill=fill, outline=ink, width=2)
        draw.text((x, y), words(generator, 1)[0], fill=ink, font=face, anchor="mm")
    return sheet


def illustration(generator: np.random.Generator) -> Image.Image:
    """Returns a flat scene of hills, houses and trees, or loose shapes, with or without outlines."""
    width, height = (FINE * side for side in size_of(generator, 320, 700))
    outline = grey(int(generator.integers(0, 60))) if generator.random() < 0.5 else None
    sheet = Image.new("RGB", (width, height), colour(generator, 100, 256))
    draw = ImageDraw.Draw(sheet)
    if generator.random() < 0.6:
        _scene(generator, draw, (width, height), outline)
    else:
        for _ in range(int(generator.integers(4, 40))):
            middle = (generator.uniform(0, width), generator.uniform(0, height))
            radius = min(width, height) * generator.uniform(0.03, 0.3)
            _blob(generator, draw, middle, radius, outline)
    return sheet.resize((width // FINE, height // FINE), Image.Resampling.BOX)


def line_drawing(generator: np.random.Generator) -> Image.Image:
    """Returns pen strokes on paper: loops, hatching and outlines without colour, or comic panels."""
    width, height = (FINE * side for side in size_of(generator, 320, 800))
    sheet = Image.new("RGB", (width, height), grey(int(generator.integers(225, 256))))
    draw = ImageDraw.Draw(sheet)
    ink = grey(int(generator.integers(0, 90)))
    thick = int(generator.integers(2, 9))
    panels = int(generator.integers(1, 4))
    for row in range(panels):
        for column in range(panels):
            cell = (width / panels, height / panels)
            corner = (column * cell[0], row * cell[1])
            if panels > 1:
                box = (corner[0] + 12, corner[1] + 12, corner[0] + cell[0] - 12, corner[1] + cell[1] - 12)
                draw.rectangle(box, outline=ink, width=thick)
            for _ in range(int(generator.integers(2, 9))):
                middle = (
                    corner[0] + cell[0] * generator.uniform(0.2, 0.8),
                    corner[1] + cell[1] * generator.uniform(0.2, 0.8),
                )
                _strokes(generator, draw, middle, min(cell) * generator.uniform(0.05, 0.3), ink, thick)
    return sheet.resize((width // FINE, height // FINE), Image.Resampling.BOX)


def comic(generator: np.random.Generator) -> Image.Image:
    """Returns a page of comic panels: black areas, screen tones, hatching, figures and speech balloons."""
    width, height = (FINE * side for side in size_of(generator, 380, 800))
    sheet = Image.new("RGB", (width, height), grey(int(generator.integers(235, 256))))
    draw = ImageDraw.Draw(sheet)
    coloured = generator.random() < 0.4
    rows = int(generator.integers(1, 5))
    for row in range(rows):
        columns = int(generator.integers(1, 4))
        for column in range(columns):
            left, top = int(column * width / columns) + 12, int(row * height / rows) + 12
            panel = (left, top, int((column + 1) * width / columns) - 12, int((row + 1) * height / rows) - 12)
            tile = Image.new("RGB", (panel[2] - left, panel[3] - top), "white")
            _panel(generator, tile, coloured)
            sheet.paste(tile, (left, top))
            draw.rectangle(panel, outline=(0, 0, 0), width=5)
    return sheet.resize((width // FINE, height // FINE), Image.Resampling.BOX)


def map_drawing(generator: np.random.Generator) -> Image.Image:
    """Returns a map: areas of land and water, roads with borders, and names."""
    width, height = size_of(generator, 350, 800)
    sheet = Image.new("RGB", (width, height), colour(generator, 215, 250))
    draw = ImageDraw.Draw(sheet)
    for tone in ((170, 205, 225), (200, 225, 180), (225, 215, 205)):
        for _ in range(int(generator.integers(0, 5))):
            middle = (generator.uniform(0, width), generator.uniform(0, height))
            draw.polygon(_ring(generator, middle, width * generator.uniform(0.05, 0.35)), fill=tone)
    for _ in range(int(generator.integers(4, 30))):
        thick = int(generator.choice([2, 3, 5, 9]))
        start, end = generator.uniform(-0.1, 1.1, (2, 2)) * (width, height)
        bend = (start + end) / 2 + generator.normal(0.0, width * 0.07, 2)
        road = [(float(x), float(y)) for x, y in (start, bend, end)]
        draw.line(road, fill=(160, 150, 140), width=thick + 2, joint="curve")
        draw.line(road, fill=(255, 255, 255) if thick < 9 else (250, 215, 130), width=thick, joint="curve")
    for name in words(generator, int(generator.integers(3, 25))):
        place = (generator.uniform(0, width), generator.uniform(0, height))
        face = pick_font(generator, int(generator.integers(9, 18)))
        draw.text(
            place,
            name.capitalize(),
            fill=(70, 70, 90),
            font=face,
            stroke_width=1,
            stroke_fill=(255, 255, 255),
        )
    return sheet


def icon(generator: np.random.Generator) -> Image.Image:
    """Returns one to sixteen simple icons on a plain or shaded ground."""
    side = FINE * int(generator.integers(256, 640))
    sheet = Image.new("RGB", (side, side), colour(generator))
    draw = ImageDraw.Draw(sheet)
    if generator.random() < 0.3:
        ends = np.array([colour(generator), colour(generator)], np.float32)
        for row in range(side):
            red, green, blue = (int(level) for level in ends[0] + (ends[1] - ends[0]) * row / side)
            draw.line((0, row, side, row), fill=(red, green, blue))
    across = int(generator.integers(1, 5))
    cell = side / across
    outline = grey(20) if generator.random() < 0.4 else None
    for row in range(across):
        for column in range(across):
            middle = (cell * (column + 0.5), cell * (row + 0.5))
            for size in (0.38, 0.26, 0.14)[: int(generator.integers(1, 4))]:
                _blob(generator, draw, middle, cell * size, outline)
            if generator.random() < 0.3:
                face = pick_font(generator, max(8, int(cell * 0.3)))
                letter = words(generator, 1)[0][0].upper()
                draw.text(middle, letter, fill=colour(generator), font=face, anchor="mm")
    return sheet.resize((side // FINE, side // FINE), Image.Resampling.BOX)


def _panel(generator: np.random.Generator, tile: Image.Image, coloured: bool) -> None:
    """Fills one panel of a comic."""
    draw = ImageDraw.Draw(tile)
    width, height = tile.size
    down, across = np.mgrid[0:height, 0:width]
    step = int(generator.integers(5, 14))
    near = (across % step - step / 2) ** 2 + (down % step - step / 2) ** 2
    shade = (step / 2) ** 2 * (down / height if generator.random() < 0.5 else generator.uniform(0.2, 0.9))
    ink = colour(generator) if coloured else (0, 0, 0)
    if generator.random() < 0.7:
        tile.paste(ink, (0, 0), Image.fromarray(((near < shade) * 255).astype(np.uint8)))
    for _ in range(int(generator.integers(1, 6))):
        middle = (width * generator.uniform(0, 1), height * generator.uniform(0.2, 1))
        radius = min(width, height) * generator.uniform(0.08, 0.45)
        dark = generator.random() < 0.35
        skin = colour(generator, 90, 256) if coloured else (255, 255, 255)
        draw.polygon(
            _ring(generator, middle, radius), fill=(0, 0, 0) if dark else skin, outline=(0, 0, 0), width=5
        )
        _strokes(
            generator,
            draw,
            middle,
            radius / 2,
            (255, 255, 255) if dark else (0, 0, 0),
            int(generator.integers(2, 7)),
        )
    if generator.random() < 0.7:
        x, y = width * generator.uniform(0.2, 0.8), height * generator.uniform(0.15, 0.4)
        half = min(width, height) * generator.uniform(0.15, 0.3)
        draw.ellipse(
            (x - half, y - half * 0.8, x + half, y + half * 0.8),
            fill=(255, 255, 255),
            outline=(0, 0, 0),
            width=4,
        )
        face = pick_font(generator, max(8, int(half * 0.25)))
        text = "\n".join(" ".join(words(generator, 2)) for _ in range(3))
        draw.multiline_text((x, y), text.upper(), fill=(0, 0, 0), font=face, anchor="mm", align="center")


def _scene(
    generator: np.random.Generator, draw: ImageDraw.ImageDraw, size: tuple[int, int], outline: Colour | None
) -> None:
    width, height = size
    sun = (width * generator.uniform(0.1, 0.9), height * generator.uniform(0.1, 0.3))
    radius = height * generator.uniform(0.03, 0.12)
    draw.ellipse(
        (sun[0] - radius, sun[1] - radius, sun[0] + radius, sun[1] + radius), fill=colour(generator, 180, 256)
    )
    for layer in range(int(generator.integers(2, 5))):
        base = height * (0.35 + 0.15 * layer)
        across = np.linspace(0, width, 40)
        wave = base + height * 0.08 * np.sin(
            across / width * generator.uniform(4, 16) + generator.uniform(0, 6)
        )
        hill = [(float(x), float(y)) for x, y in zip(across, wave, strict=True)]
        draw.polygon([*hill, (width, height), (0, height)], fill=colour(generator, 30, 220), outline=outline)
    for _ in range(int(generator.integers(0, 8))):
        left, ground = width * generator.uniform(0, 0.9), height * generator.uniform(0.6, 0.95)
        side = height * generator.uniform(0.05, 0.2)
        draw.rectangle(
            (left, ground - side, left + side, ground), fill=colour(generator, 60, 256), outline=outline
        )
        roof = [
            (left - side * 0.1, ground - side),
            (left + side / 2, ground - 1.6 * side),
            (left + side * 1.1, ground - side),
        ]
        draw.polygon(roof, fill=colour(generator, 40, 200), outline=outline)
    for _ in range(int(generator.integers(0, 12))):
        foot = (width * generator.uniform(0, 1), height * generator.uniform(0.6, 0.98))
        tall = height * generator.uniform(0.05, 0.2)
        draw.line(
            (foot, (foot[0], foot[1] - tall)), fill=colour(generator, 30, 120), width=max(2, int(tall / 8))
        )
        _blob(generator, draw, (foot[0], foot[1] - tall), tall * 0.5, outline)


def _blob(
    generator: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    middle: Point,
    radius: float,
    outline: Colour | None,
) -> None:
    """Draws an ellipse, a rectangle, a star or a rounded shape in a colour."""
    x, y = middle
    fill = colour(generator)
    kind = int(generator.integers(4))
    box = (
        x - radius,
        y - radius * generator.uniform(0.5, 1.0),
        x + radius,
        y + radius * generator.uniform(0.5, 1.0),
    )
    if kind == 0:
        draw.ellipse(box, fill=fill, outline=outline, width=5)
    elif kind == 1:
        draw.rounded_rectangle(box, radius * 0.25, fill=fill, outline=outline, width=5)
    elif kind == 2:
        angles = np.arange(10) * np.pi / 5
        radii = radius * np.where(np.arange(10) % 2, 0.45, 1.0)
        draw.polygon(
            [(x + r * np.sin(a), y - r * np.cos(a)) for a, r in zip(angles, radii, strict=True)],
            fill=fill,
            outline=outline,
        )
    else:
        draw.polygon(_ring(generator, middle, radius), fill=fill, outline=outline)


def _strokes(
    generator: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    middle: Point,
    radius: float,
    ink: Colour,
    thick: int,
) -> None:
    """Draws an outline, a scribble or hatching with a pen."""
    kind = int(generator.integers(3))
    if kind == 0:
        ring = _ring(generator, middle, radius)
        draw.line([*ring, ring[0]], fill=ink, width=thick, joint="curve")
    elif kind == 1:
        walk = np.array(middle) + np.cumsum(generator.normal(0.0, radius / 4, (30, 2)), axis=0)
        draw.line([(float(x), float(y)) for x, y in walk], fill=ink, width=thick, joint="curve")
    else:
        for offset in np.arange(-radius, radius, 3 * thick):
            start = (middle[0] + offset, middle[1] - radius)
            draw.line(
                (start, (start[0] + radius / 2, middle[1] + radius)), fill=ink, width=max(1, thick // 2)
            )


def _ring(generator: np.random.Generator, middle: Point, radius: float) -> list[Point]:
    """Returns the corners of a smooth closed shape around a point."""
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    waves = [
        generator.normal(0.0, 0.12) * np.sin(order * angles + generator.uniform(0, 6))
        for order in range(1, 6)
    ]
    radii = radius * (1 + np.sum(waves, axis=0))
    return [
        (float(middle[0] + r * np.cos(a)), float(middle[1] + r * np.sin(a)))
        for a, r in zip(angles, radii, strict=True)
    ]


def _arrow(draw: ImageDraw.ImageDraw, start: Point, end: Point, ink: Colour) -> None:
    draw.line((start, (end[0], start[1]), end), fill=ink, width=2)
    middle = ((start[0] + 2 * end[0]) / 3, start[1])
    draw.polygon(
        [(middle[0] + 7, middle[1]), (middle[0] - 5, middle[1] - 5), (middle[0] - 5, middle[1] + 5)], fill=ink
    )
