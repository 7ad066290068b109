"""Writes the page: pictures while photos are scored, then the rows and the script that shows them.

Names, reasons and metadata are untrusted. They are in the page as JSON without a ``<``, and its script makes
text of them, never markup. A content security policy allows this very script and style, by their digests, and
no connection.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from .._replacing import replacing
from .._text import printable
from ..bursts.best import Burst, Seen, rank_bursts
from ..errors import PhotoError
from ..reason import words_for
from ..scorer import Assessment, Scorer
from .view import SIDE, View, file_of

if TYPE_CHECKING:
    from ..where import QualityMap

CHUNK = 100
"""Small pictures in one element of the page; a browser reads such an element when one of them is seen."""


class PageWriter:
    """A page that is being written, as a context manager; without an error it is at its path afterwards.

    Until then, it grows under another name in the same folder. Memory grows by about a kilobyte for each
    photo: small pictures are written at once.

    Args:
        path: of the page; a file that is there is replaced.
        scorer: whose results they are.
        workers: photos at a time, when those of bursts are looked at again.

    Raises:
        OSError: the file cannot be written, or a folder or a device is in its place.
    """

    def __init__(self, path: str | os.PathLike[str], scorer: Scorer, *, workers: int = 1) -> None:
        self._path = Path(path)
        self._scorer = scorer
        self._workers = workers
        self._results: list[Assessment | PhotoError] = []
        self._seen: list[Seen] = []
        self._maps: dict[str, dict[str, Any]] = {}
        self._chunk: list[str] = []
        self._before, self._after = _template()
        self._held = ExitStack()
        part = self._held.enter_context(replacing(self._path))
        self._file: BinaryIO = self._held.enter_context(open(part, "wb"))  # noqa: SIM115 - __exit__ closes it
        self._file.write(self._before)

    def __enter__(self) -> PageWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._held.__exit__(kind, error, trace)
            return
        with self._held:
            self._finish()

    def add(
        self, result: Assessment | PhotoError, view: View | None, quality: QualityMap | None = None
    ) -> None:
        """Adds the result of a photo.

        Args:
            result: of scoring it.
            view: of the photo; None to show no picture.
            quality: over the photo, which the page shows on demand; None without a map.
        """
        self._results.append(result)
        pictures = [view.thumbnail if view else b""]
        if quality is not None:
            pictures.append(file_of(quality.small_overlay(SIDE)))
            self._maps[result.photo] = _lowest(quality)
        self._chunk.append(" ".join(base64.b64encode(picture).decode() for picture in pictures))
        if isinstance(result, Assessment) and view:
            self._seen.append(Seen(result, view.look, view.capture))
        if len(self._chunk) == CHUNK:
            self._write_chunk()

    def _write_chunk(self) -> None:
        lines = "\n".join(self._chunk)
        self._file.write(f'<script type="text/plain" class="pictures">{lines}</script>\n'.encode())
        self._chunk = []

    def _finish(self) -> None:
        self._write_chunk()
        info = self._scorer.contract.model
        data = {
            "model": {"name": info.name, "version": info.version},
            "faults": {name: words_for(name).plain for name in self._scorer.contract.faults},
            "chunk": CHUNK,
            "photos": self._rows(),
        }
        # In a script element, only "<" could begin something else than text.
        text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
        self._file.write(f'<script type="application/json" id="report">{text}</script>\n'.encode())
        self._file.write(self._after)

    def _rows(self) -> list[dict[str, Any]]:
        places = _places(rank_bursts(self._seen, workers=self._workers))
        taken = {one.assessment.photo: one.capture.taken for one in self._seen}
        rows = []
        for result in self._results:
            row = {"path": result.photo, "label": printable(result.photo), "link": self._link(result.photo)}
            if isinstance(result, PhotoError):
                row |= {"error": result.reason, "kind": type(result).__name__}
            else:
                row |= _answers(result)
                if time := taken.get(result.photo):
                    row["taken"] = time.isoformat(sep=" ", timespec="seconds")
                row |= places.get(result.photo, {})
                row |= self._maps.get(result.photo, {})
            rows.append(row)
        return rows

    def _link(self, photo: str) -> str:
        """Returns the address of a photo's file, relative to the page where that is possible."""
        try:
            relative = os.path.relpath(photo, self._path.parent)
        except ValueError:  # another drive, or a name that cannot be a path
            return ""
        return "./" + quote(os.fsencode(relative.replace(os.sep, "/")))


def _answers(result: Assessment) -> dict[str, Any]:
    row: dict[str, Any] = {"score": result.score, "band": result.band}
    if result.spread is not None:
        row["spread"] = result.spread
    if result.photograph is not None:
        row |= {"photograph": result.photograph, "isPhotograph": result.is_photograph}
    if result.faults:
        row["faults"] = dict(result.faults)
    if result.reason is not None:
        row |= {"reason": result.reason, "named": result.named_faults}
    return row


def _lowest(quality: QualityMap) -> dict[str, Any]:
    """Returns the lowest score of a map, null if all of it is flat, and its fault in words."""
    worst = quality.worst
    return {"lowest": None if worst is None else worst.score, "lowestReason": quality.remark}


def _places(bursts: Sequence[Burst | PhotoError]) -> dict[str, dict[str, Any]]:
    """Returns the burst, the rank in it and the reasons of each photo that has company."""
    several = [burst for burst in bursts if isinstance(burst, Burst) and burst.others]
    return {
        frame.photo: {"burst": number, "rank": rank, "reasons": [reason.text for reason in frame.reasons]}
        for number, burst in enumerate(several, 1)
        for rank, frame in enumerate(burst.frames, 1)
    }


def _template() -> tuple[bytes, bytes]:
    """Returns the page before and after the photos."""
    page, style, script = map(_asset, ("page.html", "page.css", "page.js"))
    page = page.replace("STYLE_DIGEST", _digest(style)).replace("SCRIPT_DIGEST", _digest(script))
    before, after = page.split("PHOTOS\n")
    return before.replace("STYLE", style).encode(), after.replace("SCRIPT", script).encode()


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
