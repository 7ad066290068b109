"""Writes what layoutlib reads beside fonts: `fonts.py FOLDER`, a folder with the files of Roboto."""

from __future__ import annotations

import sys
from pathlib import Path

WEIGHTS = {100: "Thin", 300: "Light", 400: "Regular", 500: "Medium", 700: "Bold", 900: "Black"}
ALIASES = {"thin": 100, "light": 300, "medium": 500, "black": 900}


def families() -> str:
    """Returns fonts.xml."""
    lines = ['<familyset version="22">', ' <family name="sans-serif">']
    for weight, name in WEIGHTS.items():
        italic = "Italic" if name == "Regular" else f"{name}Italic"
        for style, file in (("normal", name), ("italic", italic)):
            lines.append(f'  <font weight="{weight}" style="{style}">Roboto-{file}.ttf</font>')
    lines.append(" </family>")
    for name, weight in ALIASES.items():
        lines.append(f' <alias name="sans-serif-{name}" to="sans-serif" weight="{weight}" />')
    return "\n".join([*lines, "</familyset>", ""])


def main() -> None:
    """Writes fonts.xml and fontsInSdk.txt."""
    folder = Path(sys.argv[1])
    (folder / "fonts.xml").write_text('<?xml version="1.0" encoding="utf-8"?>\n' + families())
    (folder / "fontsInSdk.txt").write_text("\n".join(sorted(path.name for path in folder.glob("*.ttf"))))


if __name__ == "__main__":
    main()
