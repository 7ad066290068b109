"""A TFLite file with its contract attached: written and read with the standard library alone.

The contract is an associated file as TFLite Metadata defines them: an uncompressed ZIP archive after
the flatbuffer, which interpreters do not look at. It was preferred to an entry in the flatbuffer's own
metadata, because ``unzip``, Python's ``zipfile`` and Java's ``ZipFile`` read it without a schema and
refuse damaged archives themselves, and because no byte of the model has to move.

A second entry holds the SHA-256 of the flatbuffer. Interpreters are native code that trusts a model:
the digest keeps a damaged file from crashing the process. It does not protect against files that were
made to do so.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import BinaryIO

from ..contract import METADATA_KEY
from ..errors import ArtifactInvalid

CONTRACT = f"{METADATA_KEY}.json"
DIGEST = "mobileiqa.sha256"
IDENTIFIER = b"TFL3"
_MAX_BYTES = 1 << 20
_WHEN = (1980, 1, 1, 0, 0, 0)


def attach(model: bytes, contract: str) -> bytes:
    """Returns the flatbuffer with the archive behind it; the same bytes for the same arguments."""
    file = io.BytesIO(model)
    file.seek(len(model))
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in ((CONTRACT, contract), (DIGEST, hashlib.sha256(model).hexdigest() + "\n")):
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, text)
    return file.getvalue()


def read_contract(path: Path) -> bytes:
    """Returns the contract's text, after checking that the flatbuffer is still the one it was attached to.

    Raises:
        ArtifactInvalid: the file is not a TFLite model, has no contract, or is damaged.
    """
    try:
        with open(path, "rb") as file:
            if file.read(8)[4:] != IDENTIFIER:
                raise ArtifactInvalid(f"{path}: is not a TFLite model")
            contract, promised, end = _associated(file, path)
            actual = _sha256(file, end)
    except OSError as error:
        raise ArtifactInvalid(f"{path}: cannot be read ({error})") from error
    if promised.strip() != actual.encode():
        raise ArtifactInvalid(f"{path}: damaged, its SHA-256 is not the one noted in it; copy it again")
    return contract


def _associated(file: BinaryIO, path: Path) -> tuple[bytes, bytes, int]:
    """Returns the contract, the digest, and the offset at which the archive begins."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [archive.getinfo(name) for name in (CONTRACT, DIGEST)]
            if any(e.file_size > _MAX_BYTES or e.compress_type != zipfile.ZIP_STORED for e in entries):
                raise ArtifactInvalid(f"{path}: the files attached to it are too large or compressed")
            contract, digest = map(archive.read, entries)
            return contract, digest, min(entry.header_offset for entry in archive.infolist())
    except (ArtifactInvalid, MemoryError):
        raise
    # A damaged archive makes zipfile raise half a dozen classes: struct.error, EOFError, and more.
    except Exception as error:
        raise ArtifactInvalid(
            f"{path}: a TFLite model, but without an intact MobileIQA contract ({error}); "
            "make it with `mobileiqa export`"
        ) from error


def _sha256(file: BinaryIO, end: int) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while end > 0 and (piece := file.read(min(end, 1 << 20))):
        digest.update(piece)
        end -= len(piece)
    return digest.hexdigest()
