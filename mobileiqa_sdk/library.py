"""Which models there are: bundled with the package, cached on this machine, or a path."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from .errors import ArtifactInvalid, ModelNotFound
from .runtimes import RUNTIMES

BUNDLED = Path(__file__).parent / "models"
DEFAULT = "mobileiqa-small"
CHECKSUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Model:
    """A model that can be named.

    Attributes:
        name: folder name of its artifact.
        path: its model file.
        bundled: shipped with the package, else cached.
        size: bytes of the model file.
        intact: whether the file matches the checksum beside it; None where there is none.
    """

    name: str
    path: Path
    bundled: bool
    size: int
    intact: bool | None


def home() -> Path:
    """Where cached models live: ``MOBILEIQA_HOME``, else the platform's cache folder."""
    if configured := os.environ.get("MOBILEIQA_HOME"):
        return Path(configured).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "mobileiqa"
    if sys.platform == "win32":
        return (
            Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "mobileiqa" / "Cache"
        )
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mobileiqa"


def models() -> list[Model]:
    """All models that can be named, the default first. A cached one does not hide a bundled one."""
    found: dict[str, Model] = {}
    for root in (BUNDLED, home() / "models"):
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            files = _model_files(folder) if folder.is_dir() else []
            if len(files) == 1 and folder.name not in found:
                size = files[0].stat().st_size
                found[folder.name] = Model(folder.name, files[0], root is BUNDLED, size, _intact(files[0]))
    return sorted(found.values(), key=lambda model: (model.name != DEFAULT, not model.bundled, model.name))


def find(model: str | os.PathLike[str] | None) -> Path:
    """The model file for a name, a folder or a file; None is the bundled default.

    Raises:
        ModelNotFound: neither a known name nor an existing path.
        ArtifactInvalid: a folder without exactly one model file.
    """
    text = DEFAULT if model is None else os.fspath(model)
    # A bare word is a name before it is a path, so that a stray folder cannot shadow a model.
    if os.sep not in text and "/" not in text and not text.startswith("."):
        for root in (BUNDLED, home() / "models"):
            if text and (root / text).is_dir():
                return _only_model_file(root / text)
    path = Path(text)
    if text and "\0" not in text and path.is_dir():
        return _only_model_file(path)
    if text and "\0" not in text and path.is_file():
        return path
    names = ", ".join(known.name for known in models()) or "none"
    raise ModelNotFound(f"{text!r} is neither a model's name ({names}) nor the path of an artifact")


def _model_files(folder: Path) -> list[Path]:
    suffixes = {entry.suffix for entry in RUNTIMES.values()}
    return sorted(path for path in folder.iterdir() if path.suffix in suffixes)


def _only_model_file(folder: Path) -> Path:
    files = _model_files(folder)
    if len(files) == 1:
        return files[0]
    found = ", ".join(path.name for path in files) or "none"
    raise ArtifactInvalid(
        f"{folder}: one model file is wanted in an artifact folder, found {found}; name the file"
    )


def _intact(file: Path) -> bool | None:
    sums = file.parent / CHECKSUMS
    if not sums.is_file():
        return None
    lines = (line.split() for line in sums.read_text(encoding="utf-8").splitlines())
    listed = {parts[1]: parts[0] for parts in lines if len(parts) == 2}
    if file.name not in listed:
        return None
    return hashlib.sha256(file.read_bytes()).hexdigest() == listed[file.name]
