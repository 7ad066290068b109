"""Folders that appear complete or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mobileiqa_sdk.library import CHECKSUMS, files_of, sha256_of
from mobileiqa_sdk.runtimes import available

from .errors import ExportError
from .report import REPORT_FILES

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

CONTRACT = "contract.json"
FILES = {CONTRACT, CHECKSUMS, *REPORT_FILES}
SCRATCH = ".mobileiqa-"
_YOUNG_SECONDS = 60


def check_output(output: Path, overwrite: bool) -> None:
    """Raise ExportError unless nothing is at ``output``, or an artifact that may be replaced."""
    if not os.path.lexists(output):
        return
    found = set(os.listdir(output)) if output.is_dir() else None
    if found is None or (found and CONTRACT not in found):
        raise ExportError(f"{output}: exists and is no artifact; choose another output folder")
    suffixes = {entry.suffix for entry in available().values()}
    if foreign := sorted(name for name in found - FILES if Path(name).suffix not in suffixes):
        raise ExportError(
            f"{output}: holds {foreign[0]}, which no export wrote; choose another output folder"
        )
    if found and not overwrite:
        raise ExportError(f"{output}: an artifact is already there; --force replaces it")


def report_folder(output: Path) -> Path:
    """Where the report of an artifact goes that was not kept: beside it, with ``.report`` at the end."""
    return output.parent / f"{output.name}.report"


def check_report_folder(folder: Path) -> None:
    """Raise ExportError where something other than such a report is in the way."""
    if not os.path.lexists(folder):
        return
    found = set(os.listdir(folder)) if folder.is_dir() and not folder.is_symlink() else {folder.name}
    if foreign := sorted(found - set(REPORT_FILES)):
        raise ExportError(
            f"{folder}: holds {foreign[0]}, which no export wrote; choose another output folder"
        )


def remove_report_folder(folder: Path) -> None:
    """Remove the report of an earlier export that failed; what is no such report stays."""
    with suppress(ExportError, OSError):
        check_report_folder(folder)
        for name in os.listdir(folder):
            (folder / name).unlink()
        folder.rmdir()


@contextmanager
def scratch_beside(output: Path) -> Iterator[Path]:
    """A temporary folder on the disk of ``output``, hidden and gone afterwards whatever happens.

    Failures of the disk become ExportError; folders made for an output that never came are removed, and
    so is what an export that was killed has left here.
    """
    absent = [folder for folder in output.parents if not os.path.lexists(folder)]
    try:
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(output.parent)
            with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=output.parent) as scratch, _locked(scratch):
                yield Path(scratch)
        except OSError as error:
            raise ExportError(f"{output}: cannot be written ({error})") from error
    except BaseException:
        for folder in absent:
            with suppress(OSError):  # never made, or in use by now
                folder.rmdir()
        raise


@contextmanager
def _locked(folder: str | Path) -> Iterator[bool]:
    """Hold a folder while this process lives; whether nobody else does. Windows has no such locks."""
    if fcntl is None:
        yield True
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # held, or a disk without locks
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _remove_abandoned(parent: Path) -> None:
    """Remove scratch folders whose process is gone."""
    for folder in parent.glob(f"{SCRATCH}*") if fcntl else ():
        with suppress(OSError):
            # One that was just made may not be locked yet.
            if time.time() - folder.stat().st_mtime < _YOUNG_SECONDS:
                continue
            with _locked(folder) as free:
                if free:
                    shutil.rmtree(folder)


def move(folder: Path, output: Path, replaced: Path) -> None:
    """Rename a finished folder; what was at ``output`` goes to ``replaced``, or comes back on failure."""
    if not output.exists():
        os.replace(folder, output)
        return
    os.replace(output, replaced)
    try:
        os.replace(folder, output)
    except BaseException:
        os.replace(replaced, output)
        raise


def write_checksums(folder: Path, model: Path) -> None:
    """``SHA256SUMS``, a line for each file of the model, as sha256sum writes and checks them."""
    lines = [f"{sha256_of(path)}  {path.relative_to(folder).as_posix()}\n" for path in files_of(model)]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")
