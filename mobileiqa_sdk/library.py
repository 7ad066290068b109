"""Finds models: bundled with the package, cached on this machine, or at a path.

Symbolic links to files are followed: a cache may link to one copy of each file. Links to folders are followed
if they are named, and not inside a model that is a folder.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from .errors import ArtifactInvalid, ModelNotFound
from .runtimes import for_suffix

BUNDLED = Path(__file__).parent / "models"
DEFAULT = "mobileiqa-small"
CHECKSUMS = "SHA256SUMS"
_BESIDE = {".json", ".md", ".png"}


@dataclass(frozen=True)
class Model:
    """A model that can be named.

    Attributes:
        name: folder name of its artifact.
        path: its model file; a folder for formats whose models are folders, such as Core ML's.
        bundled: shipped with the package, else cached.
        size: bytes of the model file, or of all files in the folder.
        intact: whether it matches the checksums beside it; None where there are none.
    """

    name: str
    path: Path
    bundled: bool
    size: int
    intact: bool | None


def home() -> Path:
    """Returns the folder of cached models: ``MOBILEIQA_HOME``, else the platform's cache folder."""
    # Unlike Path.home, expanduser does not raise for a user that the system does not know, as in containers.
    user = Path(os.path.expanduser("~"))
    if configured := os.environ.get("MOBILEIQA_HOME"):
        return Path(os.path.expanduser(configured))
    if sys.platform == "darwin":
        return user / "Library" / "Caches" / "mobileiqa"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or user / "AppData" / "Local") / "mobileiqa" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or user / ".cache") / "mobileiqa"


def models() -> list[Model]:
    """Returns all models that can be named, the default first. A cached one does not hide a bundled one."""
    bundled_and_cached = [
        Model(name, file, file.is_relative_to(BUNDLED), size_of(file), _intact(file))
        for name, file in _named().items()
    ]
    return sorted(
        bundled_and_cached, key=lambda model: (model.name != DEFAULT, not model.bundled, model.name)
    )


def _named() -> dict[str, Path]:
    paths: dict[str, Path] = {}
    for root in (BUNDLED, home() / "models"):
        for folder in _inside(root):
            files = _model_files(folder)
            if len(files) == 1 and not folder.name.startswith("."):
                paths.setdefault(folder.name, files[0])
    return paths


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # missing, not a folder, or not readable
        return []


def unnamed() -> dict[Path, str]:
    """Returns what lies in the cache and cannot be used by name, with the reason."""
    reasons: dict[Path, str] = {}
    for path in _inside(home() / "models"):
        if path.name.startswith("."):
            continue
        if not path.is_dir() or _is_model(path):
            reasons[path] = "is not a folder that holds one model file; put it into a folder of its own"
        elif len(_model_files(path)) != 1:
            try:
                _only_model_file(path)
            except ArtifactInvalid as error:
                reasons[path] = str(error).removeprefix(f"{path}: ")
        elif (BUNDLED / path.name).is_dir():
            reasons[path] = "has the name of the bundled model, which is used in its place; rename it"
    return reasons


def find(model: str | os.PathLike[str] | None) -> Path:
    """Returns the model file for a name, a folder or a file; None is the bundled default.

    Raises:
        ModelNotFound: it is neither the name of a model nor an existing path.
        ArtifactInvalid: a folder does not hold exactly one model file.
    """
    text = DEFAULT if model is None else os.fspath(model)
    # A bare word is a name before it is a path, so that a stray folder cannot shadow a model.
    if os.sep not in text and "/" not in text and not text.startswith("."):
        for root in (BUNDLED, home() / "models"):
            if text and os.path.isdir(root / text):
                return _only_model_file(root / text)
    # Unlike the methods of Path, these accept any text: too long, with NUL, in an unreadable folder.
    if os.path.isdir(text):
        return Path(text) if _is_model(Path(text)) else _only_model_file(Path(text))
    if os.path.isfile(text):
        return Path(text)
    names = ", ".join(sorted(_named(), key=lambda name: name != DEFAULT)) or "none"
    shown = text if len(text) <= 300 else text[:300] + "..."
    raise ModelNotFound(f"{shown!r} is neither a model's name ({names}) nor the path of an artifact")


def sha256_of(path: str | Path) -> str:
    """Returns the hex digest of a file, which is read in pieces; a link is followed."""
    import hashlib  # here: it loads OpenSSL, and scoring needs no digest

    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def digest_of(model: Path) -> str:
    """Returns the hex digest of a model file; of a folder's file names and digests for other models."""
    if not model.is_dir():
        return sha256_of(model)
    import hashlib

    lines = [f"{sha256_of(file)}  {file.relative_to(model).as_posix()}" for file in files_of(model)]
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()


def files_of(model: Path) -> list[Path]:
    """Returns the model file itself, or all files in a model that is a folder, sorted.

    Links to files count as the files; links to folders are not entered.
    """
    if not model.is_dir():
        return [model]
    paths = (Path(folder, name) for folder, _, names in os.walk(model) for name in names)
    return sorted(path for path in paths if path.is_file())


def size_of(model: Path) -> int:
    """Returns the bytes of a model, which may be a file or a folder."""
    return sum(file.stat().st_size for file in files_of(model))


def _model_files(folder: Path) -> list[Path]:
    """Returns the models in a folder. Suffixes of an artifact's other files are no runtime's."""
    return [path for path in _inside(folder) if path.suffix not in _BESIDE and _is_model(path)]


def _is_model(path: Path) -> bool:
    for entry in for_suffix(path.suffix).values():
        if os.path.isdir(path) if entry.folder else os.path.isfile(path):
            return True
    return False


def _only_model_file(folder: Path) -> Path:
    files = _model_files(folder)
    if len(files) == 1:
        return files[0]
    names = ", ".join(path.name for path in files) or "none"
    inside = [path.name for path in _inside(folder) if not files and len(_model_files(path)) == 1]
    if inside:
        raise ArtifactInvalid(
            f"{folder}: is a folder of artifacts; name one of those in it: {', '.join(inside)}"
        )
    raise ArtifactInvalid(
        f"{folder}: an artifact folder has one model file, and this one has {names}; name the file"
    )


def _intact(model: Path) -> bool | None:
    sums = model.parent / CHECKSUMS
    if not sums.is_file():
        return None
    digests: dict[bytes, bytes] = {}
    for line in sums.read_bytes().splitlines():
        digest, _, name = line.partition(b" ")
        if name[:1] in (b" ", b"*"):  # as sha256sum writes them
            digests.setdefault(name[1:], digest.lower())
    # A path of Windows is not a name in the list.
    names = {os.fsencode(file.relative_to(model.parent).as_posix()): file for file in files_of(model)}
    if not digests.keys() & names.keys():
        return None
    return all(digests.get(name) == sha256_of(file).encode() for name, file in names.items())
