"""What a terminal is shown: golden values of the one text cleaner."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobileiqa_sdk import MobileIQAError, PhotoError
from mobileiqa_sdk._text import LIMIT, first_line, one_line, page, printable

PRINTABLE = {
    "": "",
    "photo.jpg": "photo.jpg",
    "a b": "a b",
    "Größe 猫 😀 é": "Größe 猫 😀 é",
    "back\\slash 'quotes\"": "back\\slash 'quotes\"",
    "\x00": r"\x00",
    "\a\b\x1b\x7f": r"\x07\x08\x1b\x7f",
    "tab\there": r"tab\there",
    "line\nbreak\r": r"line\nbreak\r",
    "\x1b[31mred\x1b[0m": r"\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07": r"\x1b]0;title\x07",
    "\x1b]8;;http://x\x1b\\link": r"\x1b]8;;http://x\x1b\link",
    # C1: the 8-bit forms of ESC [, ESC ] and ESC \, and NEL.
    "\x9b31m": r"\x9b31m",
    "\x9d0;title\x9c": r"\x9d0;title\x9c",
    "\x80\x85\x9f": r"\x80\x85\x9f",
    # Direction: a name that would read as its reverse.
    "txt.\u202egpj": r"txt.\u202egpj",
    "\u202a\u202b\u202c\u202d": r"\u202a\u202b\u202c\u202d",
    "\u2066\u2067\u2068\u2069": r"\u2066\u2067\u2068\u2069",
    "\u200e\u200f\u061c": r"\u200e\u200f\u061c",
    # Invisible: zero width, soft hyphen, byte order mark, tags.
    "a\u200bb\u200cc\u200dd": r"a\u200bb\u200cc\u200dd",
    "\u00ad\u2060\ufeff": r"\xad\u2060\ufeff",
    "\U000e0041": r"\U000e0041",
    # Line and paragraph separators, and spaces other than the usual one.
    "\u2028\u2029": r"\u2028\u2029",
    "\u00a0\u3000": r"\xa0\u3000",
    "\ue000\U0010ffff": r"\ue000\U0010ffff",
    # Surrogates: bytes that are not text are kept where they are harmless; halves of a pair are not.
    "caf\udce9 \udcff\udcc0": "caf\udce9 \udcff\udcc0",
    "\udc9b31m \udc80\udcbf": r"\x9b31m \x80\xbf",
    "\udcc2\udc9b31m": "\udcc2" + r"\x9b31m",
    "\udce2\udc80\udcae": "\udce2" + r"\x80\xae",
    "\ud83d \ude00 \udc7f \udd00": r"\ud83d \ude00 \udc7f \udd00",
}


@pytest.mark.parametrize(("text", "shown"), PRINTABLE.items(), ids=ascii)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


LINES: dict[object, str] = {
    "  two\n\n lines\t ": "two lines",
    "a\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029\u00a0b": "a b",
    "a\x1b[2Jb": r"a\x1b[2Jb",
    "txt.\u202egpj": r"txt.\u202egpj",
    3: "3",
    None: "None",
    ("a\n",): r"('a\n',)",
}


@pytest.mark.parametrize(("text", "line"), LINES.items(), ids=ascii)
def test_one_line(text: object, line: str) -> None:
    assert one_line(text) == line


def test_a_long_line_is_cut_in_the_middle() -> None:
    assert one_line("x" * 2000) == "x" * 2000
    assert one_line("a" * 1000 + "b" * 1001) == "a" * 997 + " ... " + "b" * 998
    assert one_line("abcdefghijklmnop", 15) == "abcde ... lmnop"
    assert one_line("abcdefghijklmno", 15) == "abcdefghijklmno"
    assert len(one_line("\x1b" * 10_000)) == LIMIT


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("one"), "one"),
        (ValueError("\n \t\n  two\nthree"), "two"),
        (ValueError("a\x1b[1m\nb"), r"a\x1b[1m"),
        (ValueError(""), "ValueError"),
        (ValueError(" \n "), "ValueError"),
        (MemoryError(), "MemoryError"),
        (OSError(2, "No such\nfile"), "[Errno 2] No such"),
        (KeyError("a\nb"), r"'a\nb'"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), None),
    ],
)
def test_first_line(error: BaseException, line: str | None) -> None:
    assert first_line(error) == (str(error) if line is None else line)


@given(st.text(st.characters()))
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    for shown in (printable(text), one_line(text), str(MobileIQAError(text))):
        kinds = {unicodedata.category(c) for c in shown if not "\udcc0" <= c <= "\udcff"}
        assert not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        # Nor once it is written: bytes of names cannot be put together to a character.
        written = shown.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        assert "".join(c for c in written if not c.isprintable()) == ""


@given(st.binary())
def test_nor_of_a_file_name(name: bytes) -> None:
    written = printable(name.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    assert not set(written) & {*range(32), 127}
    assert written.decode("utf-8", "replace").isprintable()


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=50))
def test_ordinary_text_is_kept(text: str) -> None:
    assert printable(text) == one_line(text) == text


@given(st.text(st.characters()), st.integers(15, 300))
def test_no_line_is_longer_than_its_limit(text: str, limit: int) -> None:
    assert len(one_line(text, limit)) <= limit


def test_messages_and_reasons_of_errors() -> None:
    error = PhotoError("a\x1b[1m\n.jpg", "no\u202e such file")
    assert str(error) == r"a\x1b[1m .jpg: no\u202e such file"
    assert error.photo == "a\x1b[1m\n.jpg", "the path itself, for programs"


def test_every_character_of_unicode() -> None:
    for code in range(0, sys.maxunicode + 1, 7):
        shown = printable(chr(code))
        assert shown == chr(code) or (shown.isascii() and shown.isprintable() and shown.startswith("\\"))


def test_a_page_keeps_its_lines_and_nothing_else_that_a_terminal_obeys() -> None:
    assert page("a\n\x1b[2Jb\r\n\u2028c\n") == "a\n\\x1b[2Jb\\r\n\\u2028c\n"
