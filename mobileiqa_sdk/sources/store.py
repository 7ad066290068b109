"""Photos behind URLs, such as ``s3://``, ``gs://`` and ``https://``, by fsspec (the extra ``[cloud]``).

This is the only place of the SDK that opens a connection, and only for a URL that the user named. Credentials
and endpoints are those of the environment, as each of fsspec's drivers reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, cast

from .._packages import import_extra
from .._text import first_line
from ..errors import ExtraMissing, PhotoError, PhotoNotFound, PhotoTooLarge, PhotoUnreadable
from .member import MAX_MEMBER, ShardUnreadable, is_hidden, is_named_like_a_photo

_BLOCK = 8 << 20
"""Bytes that are fetched at once."""

_URL = re.compile(r"[a-z][a-z0-9+.-]*(::[a-z][a-z0-9+.-]*)*://", re.IGNORECASE)
_LISTED = re.compile(r"https?://", re.IGNORECASE)
_MODIFIED = ("LastModified", "last_modified", "mtime", "updated")
"""Keys of the time of modification in what the drivers know of a file."""


@dataclass(frozen=True)
class StoredPhoto:
    """A photo of its own behind a URL. It is downloaded where it is scored, as a whole.

    Attributes:
        url: of the photo.
        stamp: length in bytes and time of modification, if they are known from a listing.
    """

    url: str
    stamp: tuple[int, int] | None = None

    def read(self) -> bytes | PhotoError:
        """Returns the bytes, or the error that says why there are none."""
        reason = f"is longer than {MAX_MEMBER:,} bytes, the most that is read from a URL; pass a smaller copy"
        try:
            if self.stamp is not None and self.stamp[0] > MAX_MEMBER:
                return PhotoTooLarge(self.url, reason)
            with open_url(self.url) as file:
                data = file.read(MAX_MEMBER + 1)
        except FileNotFoundError:
            return PhotoNotFound(self.url, "no such file")
        except (MemoryError, ExtraMissing):
            raise
        except Exception as error:  # a driver raises anything
            return PhotoUnreadable(self.url, f"cannot be read: {first_line(error)}")
        return PhotoTooLarge(self.url, reason) if len(data) > MAX_MEMBER else data


def is_url(name: str) -> bool:
    """Returns whether a name is a URL, and not a path.

    >>> is_url("s3://bucket/a.jpg"), is_url("photos/a.jpg"), is_url("C:/photos/a.jpg")
    (True, False, False)
    """
    return _URL.match(name) is not None


def open_url(url: str) -> BinaryIO:
    """Returns the file behind a URL, open to read.

    Raises:
        ShardUnreadable: it cannot be opened.
        FileNotFoundError: there is no such file.
        ExtraMissing: fsspec, or its driver for this kind of URL, is not installed.
    """
    files, path = _files_at(url)
    try:
        return cast("BinaryIO", files.open(path, "rb", block_size=_BLOCK))
    except (MemoryError, FileNotFoundError):
        raise
    except Exception as error:  # a driver raises anything
        raise ShardUnreadable(f"cannot be opened: {first_line(error)}") from error


def stamp(url: str) -> tuple[int, int] | None:
    """Returns the length and time of modification of a file; 0 for what the store does not say."""
    files, path = _files_at(url)
    try:
        return stamp_of(files.info(path))
    except MemoryError:
        raise
    except Exception:  # a driver raises anything; reading the file will say what is wrong
        return None


def stamp_of(info: Mapping[str, Any]) -> tuple[int, int]:
    """Returns length and time from what a driver knows of a file."""
    time = next((info[key] for key in _MODIFIED if info.get(key)), 0)
    if isinstance(time, str):
        time = datetime.fromisoformat(time.replace("Z", "+00:00"))
    if isinstance(time, datetime):
        time = time.timestamp()
    return int(info.get("size") or 0), int(time * 1e9)


def list_url(url: str, *, recursive: bool) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yields the URLs that one stands for, with the stamp of each: itself, those it matches, or those in it.

    Args:
        url: of a file, of a folder, or with ``*`` in it. Web servers (``https://``) do not list files, so
            theirs is always one file.
        recursive: look into subfolders of a folder.

    Raises:
        PhotoNotFound: there is none.
        ExtraMissing: fsspec, or its driver for this kind of URL, is not installed.
    """
    files, path = _files_at(url)
    try:
        infos = _infos(files, path, recursive=recursive, listed=_LISTED.match(url) is None)
    except MemoryError:
        raise
    except FileNotFoundError as error:
        raise PhotoNotFound(url, "no such file") from error
    except Exception as error:  # a driver raises anything
        raise PhotoNotFound(url, f"cannot be listed: {first_line(error)}") from error
    for name in sorted(infos):
        yield files.unstrip_protocol(name), stamp_of(infos[name])


def _infos(files: Any, path: str, *, recursive: bool, listed: bool) -> dict[str, Mapping[str, Any]]:
    if not listed:
        return {path: files.info(path)}
    if "*" in path:
        matches: dict[str, Mapping[str, Any]] = files.glob(path, detail=True)
        return {name: info for name, info in matches.items() if info.get("type") != "directory"}
    if not files.isdir(path):
        return {path: files.info(path)}
    inside: dict[str, Mapping[str, Any]] = files.find(path, maxdepth=None if recursive else 1, detail=True)
    root = len(path.rstrip("/")) + 1
    return {
        name: info
        for name, info in inside.items()
        if is_named_like_a_photo(name) and not is_hidden(name[root:])
    }


def _files_at(url: str) -> tuple[Any, str]:
    core = import_extra("fsspec.core", "cloud")
    try:
        files, path = core.url_to_fs(url)
    except ImportError as error:
        scheme = url.partition("://")[0]
        reason = (
            f'{scheme}:// needs another package ({first_line(error)}); pip install "mobileiqa-sdk[cloud]"'
        )
        raise ExtraMissing(reason) from error
    except ValueError as error:  # an unknown protocol
        raise PhotoNotFound(url, f"is a URL that fsspec does not open: {first_line(error)}") from error
    return files, path
