"""Temporary folders that are removed however an export ends, short of being killed."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

_removals: list[Callable[[], None]] = []
MOVING = threading.Lock()
"""Held while a finished folder takes the place of another, which must not be cut short."""


@contextmanager
def removing(remove: Callable[[], None]) -> Iterator[None]:
    """Calls a function at the end of the block, or in :func:`remove_all` if that comes first."""
    _removals.append(remove)
    try:
        yield
    finally:
        _removals.remove(remove)
        remove()


def remove_all() -> None:
    """Removes what open blocks would remove, for a process that is about to end in the middle of them."""
    with MOVING:
        for remove in reversed(_removals.copy()):
            remove()


@contextmanager
def temporary_files_together() -> Iterator[None]:
    """Sends all temporary files, those of converters too, to one folder, and removes it afterwards."""
    before, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    try:
        folder = tempfile.mkdtemp(prefix="mobileiqa-")
    except OSError:  # said where something is to be written there
        yield
        return
    with removing(partial(shutil.rmtree, folder, ignore_errors=True)):
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        try:
            yield
        finally:
            tempfile.tempdir = before
            if variable is None:
                del os.environ["TMPDIR"]
            else:
                os.environ["TMPDIR"] = variable


@contextmanager
def scratch_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Yields a new folder in a parent folder, which is made too; what was made is removed afterwards.

    Raises:
        OSError: it cannot be made there.
    """
    absent = [folder for folder in (parent, *parent.parents) if not os.path.lexists(folder)]
    with removing(partial(_remove_empty, absent)):
        parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(prefix=prefix, dir=parent)
        with removing(partial(shutil.rmtree, folder, ignore_errors=True)):
            yield Path(folder)


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:  # never made, or no longer empty
            return
