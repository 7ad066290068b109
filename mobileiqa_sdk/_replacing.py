"""Files that take another one's place in one step: the new one is there in full, or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def check_replaceable(path: str | os.PathLike[str]) -> None:
    """Raises OSError if what is at a path is not a file: a device, a pipe or a folder must not be replaced.

    Where nothing is yet, a file can come.
    """
    file = Path(path)
    # A link such as /dev/stdout counts as what it leads to.
    if file.exists() and not file.is_file():
        raise OSError(errno.EEXIST, "is not a regular file, and is not replaced; name another one", str(file))


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Gives a name in the same folder to write to; without an error, that file is at the path afterwards.

    Raises:
        OSError: what is at the path cannot be replaced.
    """
    check_replaceable(path)
    file = Path(path)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        yield part
        check_replaceable(file)
        os.replace(part, file)
    finally:
        with suppress(OSError):  # it was moved, or its folder is missing too, which was raised
            part.unlink(missing_ok=True)
