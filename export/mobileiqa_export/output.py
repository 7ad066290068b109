"""Artifact folders that appear complete or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from mobileiqa_sdk.library import CHECKSUMS, files_of, sha256_of
from mobileiqa_sdk.runtimes import available

from .errors import ExportError
from .report_files import REPORT_FILES
from .scratch import MOVING, scratch_folder

CONTRACT = "contract.json"
FILES = frozenset({CONTRACT, CHECKSUMS, *REPORT_FILES})
_SCRATCH = ".mobileiqa-export-"
_MOVING = "replaced"


def resolve(output: str | Path) -> Path:
    """Returns the absolute path of an output folder with links followed, so that it stays on the disk they
    point to.

    Raises:
        ExportError: it is a broken link.
    """
    path = Path(os.path.realpath(output))
    if os.path.islink(output) and not path.exists():
        raise ExportError(f"{output}: is a broken link; choose another output folder")
    return path


def check_output(output: Path, overwrite: bool) -> None:
    """Raises ExportError unless ``output`` does not exist, is an empty folder, or is an artifact to be
    replaced.
    """
    try:
        names = set(os.listdir(output))
    except FileNotFoundError:
        _check_name(output)
        return
    except NotADirectoryError:
        raise ExportError(f"{output}: not a folder; choose another output folder") from None
    except OSError as error:
        raise ExportError(f"{output}: {error.strerror}; choose another output folder") from error
    if not names:
        return
    if CONTRACT not in names:
        raise ExportError(f"{output}: exists and is not an artifact; choose another output folder")
    suffixes = {entry.suffix for entry in available().values()}
    if foreign := sorted(name for name in names - FILES if Path(name).suffix not in suffixes):
        raise ExportError(
            f"{output}: holds {foreign[0]}, which no export wrote; choose another output folder"
        )
    if not overwrite:
        raise ExportError(f"{output}: an artifact is already there; --force replaces it")


def _check_name(output: Path) -> None:
    """Raises ExportError where the disk cannot have the folder or the report beside it."""
    try:
        os.lstat(report_folder(output))
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise ExportError(f"{output}: {error.strerror}; choose another output folder") from error


def report_folder(output: Path) -> Path:
    """Returns the folder for the report of an artifact that was not kept: beside it, with ``.report`` at the
    end.
    """
    return output.parent / f"{output.name}.report"


def check_report_folder(folder: Path) -> None:
    """Raises ExportError where something other than such a report is in the way."""
    if not os.path.lexists(folder):
        return
    is_folder = folder.is_dir() and not folder.is_symlink()
    names = set(os.listdir(folder)) if is_folder else {folder.name}
    if foreign := sorted(names - set(REPORT_FILES)):
        raise ExportError(
            f"{folder}: holds {foreign[0]}, which no export wrote; choose another output folder"
        )


def remove_report_folder(folder: Path) -> None:
    """Removes the report of an earlier export that failed; anything else stays."""
    with suppress(ExportError, OSError):
        check_report_folder(folder)
        for name in os.listdir(folder):
            (folder / name).unlink()
        folder.rmdir()


@contextmanager
def scratch_beside(output: Path) -> Iterator[Path]:
    """Yields a hidden temporary folder on the disk of ``output``, and removes it afterwards.

    A process that is killed leaves it behind: an export never deletes anything but its own scratch folder.
    Parent folders that were made for an output that never appeared are removed.

    Raises:
        ExportError: the folder cannot be made there.
    """
    with ExitStack() as stack:
        try:
            scratch = stack.enter_context(scratch_folder(output.parent, _SCRATCH))
        except OSError as error:
            raise ExportError(f"{output}: cannot be written ({error.strerror or error})") from error
        yield scratch


def put_in_place(folder: Path, output: Path, scratch: Path) -> None:
    """Makes a finished folder appear at ``output``; what was there goes, or comes back on failure.

    Raises:
        ExportError: it cannot be moved there.
    """
    try:
        if not output.exists():
            os.replace(folder, output)
        elif not os.listdir(output):
            # Somebody's working folder, perhaps: filled, not replaced.
            for entry in sorted(folder.iterdir(), key=lambda path: path.name == CONTRACT):
                os.replace(entry, output / entry.name)
        else:
            _swap(folder, output, scratch / _MOVING)
    except OSError as error:
        raise ExportError(f"{output}: cannot be written ({error.strerror or error})") from error


def _swap(folder: Path, output: Path, replaced: Path) -> None:
    with MOVING:
        os.replace(output, replaced)
        try:
            os.replace(folder, output)
        except BaseException:
            os.replace(replaced, output)
            raise


def write_checksums(folder: Path, model: Path) -> None:
    """Writes ``SHA256SUMS``, a line for each file of the model, as sha256sum writes and checks them."""
    lines = [f"{sha256_of(path)}  {path.relative_to(folder).as_posix()}\n" for path in files_of(model)]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")
