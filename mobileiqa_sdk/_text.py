"""Text from files, phones and libraries, made safe to print: one line, no control characters, bounded."""

from __future__ import annotations

LIMIT = 2000
"""Characters of an error message. Longer ones are cut in the middle, where paths and remedies are not."""


def printable(text: str) -> str:
    r"""Returns the text with escapes such as ``\x1b`` for what a terminal would obey or not show.

    Controls of C0 and C1, marks of direction and other invisible characters are escaped. Surrogate escapes,
    which stand for the bytes of a file name that are not text, print as those bytes. They are kept, except
    0x80 to 0xbf: those are controls on some terminals, and the end of a character in UTF-8.

    >>> printable("name\x1b]0;title\x07")
    'name\\x1b]0;title\\x07'
    """
    return "".join(c if c.isprintable() or _is_harmless_byte(c) else _escape(c) for c in text)


def one_line(text: object, limit: int = LIMIT) -> str:
    r"""Returns any object's text as one printable line of at most ``limit`` characters.

    Runs of white space become one space.

    >>> one_line("first\n\tsecond  third")
    'first second third'
    """
    line = printable(" ".join(str(text).split()))
    if len(line) <= limit:
        return line
    head = (limit - 5) // 2
    return f"{line[:head]} ... {line[len(line) - (limit - 5 - head) :]}"


def page(text: str) -> str:
    r"""Returns a text of several lines with every line printable; for tables and reports on a terminal.

    >>> page("# a report\n\nof \x1b]0;title\x07")
    '# a report\n\nof \\x1b]0;title\\x07'
    """
    return "\n".join(map(printable, text.split("\n")))


def utf8(text: str) -> str:
    r"""Returns the text with ``\udcff`` and the like for the bytes of a file name that are not UTF-8.

    >>> utf8("caf\udce9.jpg")
    'caf\\udce9.jpg'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def first_line(error: BaseException) -> str:
    r"""Returns the first non-empty line of an error's message, else its class name; printable.

    >>> first_line(ValueError("\n  what went wrong\n  and where"))
    'what went wrong'
    >>> first_line(MemoryError())
    'MemoryError'
    """
    lines = (line for line in str(error).splitlines() if line.strip())
    return one_line(next(lines, type(error).__name__))


def _is_harmless_byte(character: str) -> bool:
    return "\udcc0" <= character <= "\udcff"


def _escape(character: str) -> str:
    if "\udc80" <= character <= "\udcbf":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
