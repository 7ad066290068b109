"""Reads small text files of the kernel, below a root that a test may replace."""

from __future__ import annotations

from pathlib import Path

ROOT = Path("/")


def text(root: Path, path: str) -> str | None:
    """Returns the stripped content of ``root/path``; None if it cannot be read."""
    try:
        return (root / path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def number(root: Path, path: str) -> int | None:
    """Returns the whole number in a file; None if it does not hold one."""
    content = text(root, path)
    try:
        return None if content is None else int(content)
    except ValueError:
        return None


def fields(root: Path, path: str) -> dict[str, str]:
    """Returns the fields of a file of lines ``key: value`` or ``key value``; the first of each key counts."""
    values: dict[str, str] = {}
    for line in (text(root, path) or "").splitlines():
        key, _, value = line.partition(":") if ":" in line else line.partition(" ")
        values.setdefault(key.strip(), value.strip())
    return values
