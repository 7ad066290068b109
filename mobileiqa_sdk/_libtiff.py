"""Stops libtiff, Pillow's decoder of TIFF, from printing; the error already says what is wrong."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import PIL

_SYSTEM_LIBRARIES = ("libtiff.so.6", "libtiff.so.5", "libtiff.6.dylib", "libtiff.5.dylib")


@cache
def silence() -> None:
    """Removes the functions with which libtiff prints, for the whole process.

    Does nothing if the library that Pillow has loaded cannot be determined, for example on Windows.
    """
    flag = getattr(os, "RTLD_NOLOAD", None)  # a library that is not loaded yet is not Pillow's
    if flag is None:
        return
    for name in _libraries():
        try:
            library = ctypes.CDLL(name, mode=flag)
        except OSError:
            continue
        for setter in (library.TIFFSetErrorHandler, library.TIFFSetWarningHandler):
            setter.argtypes, setter.restype = [ctypes.c_void_p], ctypes.c_void_p
            setter(None)


def _libraries() -> Iterator[str]:
    package = Path(PIL.__file__).parent
    for folder in (package.parent / "pillow.libs", package / ".dylibs"):  # of wheels
        yield from map(str, sorted(folder.glob("libtiff*")))
    yield from _SYSTEM_LIBRARIES
