"""What a screen shows: code editors, terminals, dialogs, phones and web pages."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from .ink import MONOSPACED, Colour, colour, font, grey, pick_alphabet, pick_font, size_of, words


def editor(generator: np.random.Generator) -> Image.Image:
    """Returns a code editor, dark or light, with a side bar and coloured words."""
    width, height = size_of(generator, 480, 1400)
    theme = _Theme(generator)
    screen = Image.new("RGB", (width, height), theme.ground)
    draw = ImageDraw.Draw(screen)
    side = int(width * generator.uniform(0.0, 0.3))
    draw.rectangle((0, 0, side, height), fill=theme.panel)
    bar = int(generator.integers(20, 40))
    draw.rectangle((0, 0, width, bar), fill=theme.panel)
    size = int(generator.integers(10, 20))
    face, small = font(generator, MONOSPACED, size), pick_font(generator, max(9, size - 2))
    for top in range(bar + 6, height - size, int(size * 1.6)):
        if side > 60 and generator.random() < 0.7:
            draw.text(
                (10 + 10 * int(generator.integers(0, 3)), top),
                words(generator, 1)[0],
                fill=theme.faint,
                font=small,
            )
    indent = 0
    for number, top in enumerate(range(bar + 6, height - size, int(size * 1.35)), 1):
        draw.text((side + 6, top), str(number), fill=theme.faint, font=face)
        indent = int(np.clip(indent + generator.integers(-1, 2), 0, 5))
        if generator.random() < 0.15:
            continue
        left = side + 4 * size + indent * 2 * size
        for word in words(generator, int(generator.integers(1, 9))):
            draw.text(
                (left, top), word, fill=theme.accents[int(generator.integers(len(theme.accents)))], font=face
            )
            left += int(face.getlength(word + " "))
    return screen


def terminal(generator: np.random.Generator) -> Image.Image:
    """Returns a terminal window, mostly dark, filled in part."""
    width, height = size_of(generator, 400, 1300)
    dark = generator.random() < 0.8
    ground = colour(generator, 0, 50) if dark else colour(generator, 230, 256)
    ink = grey(int(generator.integers(170, 256))) if dark else grey(int(generator.integers(0, 60)))
    screen = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(screen)
    size = int(generator.integers(10, 22))
    face = font(generator, MONOSPACED, size)
    filled = height * generator.uniform(0.3, 1.0)
    for top in range(4, int(filled), int(size * 1.25)):
        line = " ".join(words(generator, int(generator.integers(1, 16))))
        prompt = generator.random() < 0.15
        draw.text(
            (4, top),
            f"$ {line}" if prompt else line,
            fill=colour(generator, 80, 240) if prompt else ink,
            font=face,
        )
    return screen


def dialog(generator: np.random.Generator) -> Image.Image:
    """Returns a form or a dialog: labels, fields, check boxes and buttons, perhaps over a desktop."""
    width, height = size_of(generator, 320, 1000)
    theme = _Theme(generator)
    desktop = (
        _desktop(generator, width, height)
        if generator.random() < 0.4
        else Image.new("RGB", (width, height), theme.ground)
    )
    draw = ImageDraw.Draw(desktop)
    inset = int(min(width, height) * generator.uniform(0.0, 0.15))
    draw.rectangle((inset, inset, width - inset, height - inset), fill=theme.ground, outline=theme.faint)
    draw.rectangle((inset, inset, width - inset, inset + 30), fill=theme.panel)
    size = int(generator.integers(11, 20))
    face = pick_font(generator, size)
    alphabet = pick_alphabet(generator)
    draw.text((inset + 10, inset + 6), " ".join(words(generator, 3, alphabet)), fill=theme.ink, font=face)
    rounding = int(generator.integers(0, 10))
    label = inset + 20
    field = inset + int((width - 2 * inset) * generator.uniform(0.3, 0.5))
    for top in range(inset + 50, height - inset - 60, int(size * generator.uniform(1.8, 3.0))):
        draw.text((label, top), " ".join(words(generator, 2, alphabet)), fill=theme.ink, font=face)
        if generator.random() < 0.3:
            draw.rectangle((field, top, field + size, top + size), fill=theme.panel, outline=theme.faint)
        else:
            box = (field, top - 3, max(width - inset - 20, field + 20), top + size + 5)
            draw.rounded_rectangle(box, rounding, fill=theme.panel, outline=theme.faint)
    for place in range(int(generator.integers(1, 4))):
        right = width - inset - 20 - place * 110
        box = (right - 95, height - inset - 42, right, height - inset - 12)
        draw.rounded_rectangle(box, rounding, fill=theme.accents[place % len(theme.accents)])
        draw.text(
            (right - 85, height - inset - 36), words(generator, 1, alphabet)[0], fill=theme.ground, font=face
        )
    return desktop


def phone(generator: np.random.Generator) -> Image.Image:
    """Returns an app's screen on a phone: a bar, then a list, cards or messages."""
    width = int(generator.integers(360, 720))
    height = int(width * generator.uniform(1.6, 2.2))
    theme = _Theme(generator)
    screen = Image.new("RGB", (width, height), theme.ground)
    draw = ImageDraw.Draw(screen)
    unit = width // 18
    accent = theme.accents[0]
    draw.rectangle((0, 0, width, 4 * unit), fill=accent)
    title, body = pick_font(generator, unit), pick_font(generator, max(9, int(unit * 0.7)))
    alphabet = pick_alphabet(generator)
    draw.text((unit, 2 * unit), " ".join(words(generator, 2, alphabet)), fill=theme.ground, font=title)
    messages = generator.random() < 0.35
    top = 5 * unit
    while top < height - 3 * unit:
        lines = int(generator.integers(1, 4))
        bottom = top + (lines + 1) * unit
        if messages:
            own = generator.random() < 0.5
            left = 6 * unit if own else unit
            box = (left, top, left + 11 * unit, bottom)
            draw.rounded_rectangle(box, unit // 2, fill=accent if own else theme.panel)
        else:
            left = 4 * unit
            draw.rounded_rectangle((unit // 2, top, width - unit // 2, bottom), unit // 3, fill=theme.panel)
            draw.ellipse(
                (unit, top + unit // 2, 3 * unit, top + unit // 2 + 2 * unit), fill=colour(generator, 60, 220)
            )
        for line in range(lines):
            text = " ".join(words(generator, int(generator.integers(2, 5)), alphabet))
            draw.text((left + unit // 2, top + unit // 3 + line * unit), text, fill=theme.ink, font=body)
        top = bottom + unit // 2
    return screen


def web_page(generator: np.random.Generator) -> Image.Image:
    """Returns a web page or a dashboard: a header, tiles with figures, bars and text."""
    width, height = size_of(generator, 600, 1500)
    theme = _Theme(generator)
    screen = Image.new("RGB", (width, height), theme.ground)
    draw = ImageDraw.Draw(screen)
    alphabet = pick_alphabet(generator)
    head = int(generator.integers(40, 110))
    draw.rectangle((0, 0, width, head), fill=theme.accents[0] if generator.random() < 0.5 else theme.panel)
    large, body = (
        pick_font(generator, int(generator.integers(18, 44))),
        pick_font(generator, int(generator.integers(10, 18))),
    )
    draw.text((20, 10), " ".join(words(generator, 3, alphabet)), fill=theme.ink, font=large)
    across = int(generator.integers(1, 5))
    tile, gap = width // across, int(generator.integers(6, 24))
    deep = int(generator.integers(110, 330))
    for top in range(head + gap, height, deep + gap):
        for left in range(gap // 2, width - tile // 2, tile):
            right = left + tile - gap
            draw.rectangle((left, top, right, top + deep), fill=theme.panel)
            draw.text(
                (left + 8, top + 6),
                " ".join(words(generator, 2, alphabet)),
                fill=theme.accents[-1],
                font=large,
            )
            if generator.random() < 0.4:
                _bars(generator, draw, (left + 10, top + 60, right - 10, top + deep - 10), theme.accents)
                continue
            step = int(body.size * 1.5)
            for line in range(top + 60, top + deep - step, step):
                text = " ".join(words(generator, max(1, (right - left) // 70), alphabet))
                draw.text((left + 8, line), text, fill=theme.ink, font=body)
    return screen


class _Theme:
    """Colours of a screen: ground, panel, ink, faint ink, and accents."""

    def __init__(self, generator: np.random.Generator) -> None:
        dark = generator.random() < 0.45
        level = int(generator.integers(10, 55)) if dark else int(generator.integers(235, 256))
        tint = generator.integers(-6, 7, 3)
        self.ground: Colour = _clipped(level + tint)
        self.panel: Colour = _clipped(
            level + tint + (int(generator.integers(8, 30)) if dark else -int(generator.integers(4, 25)))
        )
        self.ink: Colour = grey(int(generator.integers(190, 250) if dark else generator.integers(0, 80)))
        self.faint: Colour = grey(int(generator.integers(90, 140) if dark else generator.integers(130, 190)))
        low, high = (110, 250) if dark else (10, 190)
        self.accents: list[Colour] = [colour(generator, low, high) for _ in range(4)] + [self.ink]


def _clipped(levels: np.ndarray) -> Colour:
    red, green, blue = (int(level) for level in np.clip(levels, 0, 255))
    return red, green, blue


def _desktop(generator: np.random.Generator, width: int, height: int) -> Image.Image:
    """Returns a wall paper of two colours that run into each other."""
    ends = np.array([colour(generator), colour(generator)], np.float32)
    share = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None]
    column = ends[0] * (1 - share) + ends[1] * share
    return Image.fromarray(np.repeat(column[:, None], width, axis=1).astype(np.uint8))


def _bars(
    generator: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    box: tuple[int, int, int, int],
    accents: list[Colour],
) -> None:
    left, top, right, bottom = box
    count = int(generator.integers(3, 14))
    if right - left < 3 * count or bottom - top < 10:
        return
    step = (right - left) / count
    for bar in range(count):
        height = (bottom - top) * generator.uniform(0.1, 1.0)
        start = left + bar * step
        draw.rectangle((start, bottom - height, start + step * 0.7, bottom), fill=accents[bar % len(accents)])
