"""What every file of rows shares: all of the bytes are written, or it is an error that names the file."""

from __future__ import annotations

import os
from typing import BinaryIO

from .errors import ResultsInvalid


def append(file: BinaryIO, data: bytes, path: str | os.PathLike[str]) -> None:
    """Writes bytes to an unbuffered file.

    Args:
        file: opened without a buffer, so that each call reaches the disk or says that it did not.
        data: to write.
        path: of the file, for errors.

    Raises:
        ResultsInvalid: it cannot be written, or the disk is full.
    """
    try:
        written = file.write(data)
    except OSError as error:
        raise cannot(path, "written", error) from error
    if written != len(data):
        raise ResultsInvalid(f"{path}: cannot be written: the disk is full")


def cannot(path: str | os.PathLike[str], what: str, error: OSError) -> ResultsInvalid:
    """Returns the error that says what cannot be done with a file, such as ``written``, and why."""
    return ResultsInvalid(f"{path}: cannot be {what}: {error.strerror or error}")
