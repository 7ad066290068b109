"""Small text files that the kernel answers in, read under a root that a test may replace."""

from __future__ import annotations

from pathlib import Path

ROOT = Path("/")


def text(root: Path, path: str) -> str | None:
    """The stripped content of ``root/path``; None where there is no such file, or it may not be read."""
    try:
        return (root / path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def number(root: Path, path: str) -> int | None:
    """A file that holds one whole number; None where it does not."""
    content = text(root, path)
    try:
        return None if content is None else int(content)
    except ValueError:
        return None


def fields(root: Path, path: str) -> dict[str, str]:
    """A file of lines ``key: value`` or ``key value``, the first of each key; empty where there is none."""
    values: dict[str, str] = {}
    for line in (text(root, path) or "").splitlines():
        key, _, value = line.partition(":") if ":" in line else line.partition(" ")
        values.setdefault(key.strip(), value.strip())
    return values
