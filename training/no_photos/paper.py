"""Text on paper: pages, receipts and tables, printed cleanly or scanned."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .ink import (
    MONOSPACED,
    SERIF,
    Colour,
    Font,
    Levels,
    colour,
    font,
    grey,
    image_of,
    pick_alphabet,
    pick_font,
    words,
)


def page(generator: np.random.Generator) -> Image.Image:
    """Returns a page of one to three columns with headings, perhaps figures; half of them are scans."""
    width = int(generator.integers(480, 1100))
    height = int(width * generator.choice([0.75, 1.0, 1.29, 1.41]))
    scanned = generator.random() < 0.5
    paper, ink = _paper(generator, scanned)
    sheet = Image.new("RGB", (width, height), paper)
    columns = int(generator.integers(1, 4))
    margin, gutter = int(width * generator.uniform(0.03, 0.12)), int(width * 0.03)
    column_width = (width - 2 * margin - gutter * (columns - 1)) // columns
    size = int(generator.integers(9, 24)) if columns < 3 else int(generator.integers(8, 14))
    alphabet = pick_alphabet(generator)
    latin = alphabet[0] == "e"
    body = font(generator, SERIF, size) if latin and generator.random() < 0.6 else pick_font(generator, size)
    heading = pick_font(generator, int(size * generator.uniform(1.2, 2.2)))
    draw = ImageDraw.Draw(sheet)
    for column in range(columns):
        left = margin + column * (column_width + gutter)
        top = margin
        bottom = int(height - margin * generator.uniform(1.0, 4.0))
        while top < bottom:
            kind = generator.random()
            if kind < 0.2:
                title = " ".join(words(generator, 4, alphabet))
                draw.text((left, top), _fitting(title, heading, column_width), fill=ink, font=heading)
                top += int(heading.size * 1.8)
            elif kind < 0.27:
                top += _figure(generator, draw, (left, top, column_width), ink)
            else:
                count = int(generator.integers(10, 90))
                top = _paragraph(
                    draw, words(generator, count, alphabet), (left, top, column_width, bottom), body, ink
                )
    return scan(sheet, generator, paper) if scanned else sheet


def receipt(generator: np.random.Generator) -> Image.Image:
    """Returns a till receipt: a narrow strip of monospaced lines with amounts, mostly scanned."""
    width = int(generator.integers(300, 620))
    scanned = generator.random() < 0.7
    paper, ink = _paper(generator, scanned)
    size = max(10, width // int(generator.integers(24, 36)))
    lines = int(generator.integers(16, 50))
    spacing = int(size * generator.uniform(1.1, 1.6))
    sheet = Image.new("RGB", (width, lines * spacing + 4 * size), paper)
    draw = ImageDraw.Draw(sheet)
    face = font(generator, MONOSPACED, size)
    big = font(generator, MONOSPACED, int(size * 1.6))
    margin = int(width * 0.06)
    draw.text((width // 2, size), " ".join(words(generator, 2)).upper(), fill=ink, font=big, anchor="ma")
    for line in range(2, lines):
        top = size + line * spacing
        draw_kind = generator.random()
        if draw_kind < 0.08:
            draw.text((margin, top), "-" * 60, fill=ink, font=face)
        elif draw_kind < 0.2:
            text = " ".join(words(generator, 3)).upper()
            draw.text(
                (width // 2, top), _fitting(text, face, width - 2 * margin), fill=ink, font=face, anchor="ma"
            )
        else:
            text = " ".join(words(generator, 3))
            draw.text((margin, top), _fitting(text, face, int(width * 0.6)), fill=ink, font=face)
            amount = f"{generator.gamma(1.5, 12.0):.2f}"
            draw.text((width - margin, top), amount, fill=ink, font=face, anchor="ra")
    return scan(sheet, generator, paper) if scanned else sheet


def book(generator: np.random.Generator) -> Image.Image:
    """Returns a page of an old book: yellow or brown, stained, darker to the spine, mostly on a dark desk."""
    sheet = page(generator)
    levels = np.asarray(sheet, np.float32)
    height, width = levels.shape[:2]
    tone = np.array([1.0, generator.uniform(0.88, 1.0), generator.uniform(0.62, 0.95)], np.float32)
    stains = generator.normal(1.0, float(generator.uniform(0.01, 0.1)), (6, 5)).astype(np.float32)
    stain = np.asarray(Image.fromarray(stains).resize((width, height), Image.Resampling.BICUBIC))
    depth, reach = generator.uniform(0.0, 0.5), width * generator.uniform(0.02, 0.2)
    spine = (1 - depth * np.exp(-np.arange(width) / reach)).astype(np.float32)
    light = np.float32(generator.uniform(0.7, 1.05))
    levels = levels * tone * stain[..., None] * spine[None, :, None] * light
    if generator.random() < 0.25:
        return _with_grain(levels, generator)
    left, top, right, bottom = (
        int(side * generator.uniform(0.0, 0.25)) for side in (width, height, width, height)
    )
    wood = colour(generator, 15, 75) if generator.random() < 0.4 else grey(int(generator.integers(10, 75)))
    desk = Image.new("RGB", (left + width + right, top + height + bottom), wood)
    leather = int(min(right, width * generator.uniform(0.0, 0.08)))
    desk.paste(colour(generator, 50, 140), (left + width, top, left + width + leather, top + height))
    desk.paste(image_of(levels), (left, top))
    turned = desk.rotate(float(generator.normal(0.0, 1.0)), Image.Resampling.BICUBIC, fillcolor=wood)
    return _with_grain(np.asarray(turned, np.float32), generator)


def table(generator: np.random.Generator) -> Image.Image:
    """Returns a table or spreadsheet of numbers and words, ruled or striped."""
    rows, columns = int(generator.integers(6, 32)), int(generator.integers(3, 10))
    row_height, column_width = int(generator.integers(18, 36)), int(generator.integers(70, 150))
    scanned = generator.random() < 0.25
    paper, ink = _paper(generator, scanned)
    head = colour(generator, 120, 240)
    stripe = colour(generator, 225, 250) if generator.random() < 0.5 else paper
    ruled = generator.random() < 0.7
    sheet = Image.new("RGB", (columns * column_width + 20, rows * row_height + 20), paper)
    draw = ImageDraw.Draw(sheet)
    face = pick_font(generator, int(row_height * 0.55))
    for row in range(rows):
        for column in range(columns):
            left, top = 10 + column * column_width, 10 + row * row_height
            fill = head if row == 0 else stripe if row % 2 else paper
            box = (left, top, left + column_width, top + row_height)
            draw.rectangle(box, fill=fill, outline=grey(150) if ruled else None)
            number = f"{generator.normal(0.0, 10.0 ** generator.integers(0, 5)):.2f}"
            text = number if row and column else " ".join(words(generator, 2))
            draw.text(
                (left + 4, top + row_height // 5), _fitting(text, face, column_width - 8), fill=ink, font=face
            )
    return scan(sheet, generator, paper) if scanned else sheet


def scan(sheet: Image.Image, generator: np.random.Generator, paper: Colour) -> Image.Image:
    """Returns a sheet as a scanner gives it: turned a little, soft, unevenly lit and with noise."""
    angle = float(generator.normal(0.0, 1.2))
    desk = grey(int(generator.integers(0, 90))) if generator.random() < 0.2 else paper
    turned = sheet.rotate(angle, Image.Resampling.BICUBIC, expand=generator.random() < 0.3, fillcolor=desk)
    soft = turned.filter(ImageFilter.GaussianBlur(float(generator.uniform(0.2, 1.3))))
    levels = np.asarray(soft, np.float32)
    height, width = levels.shape[:2]
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    slope = generator.normal(0.0, 12.0, 2)
    levels += (slope[0] * (down / height - 0.5) + slope[1] * (across / width - 0.5))[..., None]
    levels += float(generator.uniform(1.0, 9.0)) * generator.standard_normal((height, width, 1), np.float32)
    if generator.random() < 0.3:
        levels = np.repeat(levels.mean(axis=2, keepdims=True), 3, axis=2)
    if generator.random() < 0.2:
        levels = np.where(levels > levels.mean() - 40, 255.0, 0.0)
    return image_of(levels)


def _with_grain(levels: Levels, generator: np.random.Generator) -> Image.Image:
    """Returns levels [H, W, 3] with a scanner's noise, perhaps a little soft."""
    height, width = levels.shape[:2]
    grain = float(generator.uniform(1.0, 6.0)) * generator.standard_normal((height, width, 1), np.float32)
    return image_of(levels + grain).filter(ImageFilter.GaussianBlur(float(generator.uniform(0.0, 1.2))))


def _paper(generator: np.random.Generator, scanned: bool) -> tuple[Colour, Colour]:
    """Returns the colours of paper and ink."""
    if not scanned and generator.random() < 0.6:
        return grey(255), grey(int(generator.integers(0, 60)))
    tone = int(generator.integers(190, 256))
    yellow = int(generator.integers(0, 45))
    ink = grey(int(generator.integers(0, 100)))
    return (tone, max(tone - yellow // 3, 0), max(tone - yellow, 0)), ink


def _fitting(text: str, face: Font, width: int) -> str:
    """Returns the beginning of a text that is at most this wide."""
    length = face.getlength(text)
    return text if length <= width else text[: max(1, int(len(text) * width / length))]


def _paragraph(
    draw: ImageDraw.ImageDraw, text: list[str], box: tuple[int, int, int, int], face: Font, ink: Colour
) -> int:
    """Writes words into lines within (left, top, width, bottom); returns where the next paragraph begins."""
    left, top, width, bottom = box
    line = ""
    for word in text:
        longer = f"{line} {word}".strip()
        if face.getlength(longer) > width and line:
            draw.text((left, top), _fitting(line, face, width), fill=ink, font=face)
            top += int(face.size * 1.35)
            if top > bottom:
                return top
            longer = word
        line = longer
    draw.text((left, top), _fitting(line, face, width), fill=ink, font=face)
    return top + int(face.size * 2.2)


def _figure(
    generator: np.random.Generator, draw: ImageDraw.ImageDraw, box: tuple[int, int, int], ink: Colour
) -> int:
    """Draws a framed curve at (left, top) of this width; returns how much height it takes."""
    left, top, width = box
    height = int(width * generator.uniform(0.3, 0.7))
    draw.rectangle((left, top, left + width, top + height), outline=ink)
    values = np.cumsum(generator.normal(0.0, 1.0, 40))
    values = (values - values.min()) / (np.ptp(values) + 1e-9)
    across = np.linspace(left + 4, left + width - 4, 40)
    curve = [(float(x), float(top + 4 + (height - 8) * y)) for x, y in zip(across, values, strict=True)]
    draw.line(curve, fill=colour(generator, 0, 160), width=2)
    return height + 14
