"""Text from files, phones and libraries, made safe to print: one line, no control characters, bounded."""

from __future__ import annotations

LIMIT = 2000
"""Characters of an error message. Longer ones are cut in the middle, where paths and remedies are not."""


def printable(text: str) -> str:
    r"""Replaces what a terminal would obey or not show by its escape, as in ``\x1b``; keeps everything else.

    Surrogate escapes, which stand for the undecodable bytes of a file name, are kept: they print as
    the bytes they stand for.

    >>> printable("name\x1b]0;title\x07")
    'name\\x1b]0;title\\x07'
    """
    return "".join(c if c.isprintable() or _is_escaped_byte(c) else _escape(c) for c in text)


def one_line(text: object, limit: int = LIMIT) -> str:
    r"""Any object's text as one printable line of at most ``limit`` characters.

    Runs of white space become one space.

    >>> one_line("first\n\tsecond  third")
    'first second third'
    """
    line = printable(" ".join(str(text).split()))
    if len(line) <= limit:
        return line
    head = (limit - 5) // 2
    return f"{line[:head]} ... {line[len(line) - (limit - 5 - head) :]}"


def first_line(error: BaseException) -> str:
    r"""The first non-empty line of an error's message, else its class name; printable.

    >>> first_line(ValueError("\n  what went wrong\n  and where"))
    'what went wrong'
    >>> first_line(MemoryError())
    'MemoryError'
    """
    lines = (line for line in str(error).splitlines() if line.strip())
    return one_line(next(lines, type(error).__name__))


def _is_escaped_byte(character: str) -> bool:
    return "\udc80" <= character <= "\udcff"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
