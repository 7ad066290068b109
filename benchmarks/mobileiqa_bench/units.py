"""Figures with their units, in words for people."""

from __future__ import annotations


def count(number: int, noun: str) -> str:
    """Returns a number with its noun: ``1 thread``, ``2 threads``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def milliseconds(seconds: float) -> str:
    """Returns three figures: milliseconds below ten seconds, else seconds."""
    if seconds >= 10:
        return f"{seconds:.1f} s"
    value = 1000 * seconds
    if value >= 100:
        return f"{value:.0f} ms"
    return f"{value:.1f} ms" if value >= 10 else f"{value:.2f} ms"


def megabytes(size: int | None) -> str:
    """Returns a number of bytes in units of a million bytes, of a thousand if few; nothing for None."""
    if size is None:
        return ""
    if size < 1e5:
        return f"{size / 1e3:.0f} kB"
    return f"{size / 1e6:.0f} MB" if size >= 1e8 else f"{size / 1e6:.1f} MB"
