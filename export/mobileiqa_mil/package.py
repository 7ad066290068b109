"""The folder of a ``.mlpackage``. It comes from users, so nothing in it is trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mobileiqa_sdk.errors import ArtifactInvalid

from .coreml_tools import load

DecodeError = load("google.protobuf.message").DecodeError
Model = load("coremltools.proto.Model_pb2").Model
MANIFEST = "Manifest.json"
MAX_MANIFEST = 1_000_000
MAX_MODEL = 500_000_000
"""Bytes. Weights are stored beside the model, so that even thousands of operations need far less."""


class Package:
    """An opened package.

    Attributes:
        path: of the package, as given.
        model: the protobuf that the manifest calls the root model, an ML program.

    Raises:
        ArtifactInvalid: the folder is not a Core ML package, is damaged, or refers to files outside itself.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folder = path / "Data"
        self._file = self._root_model()
        self.model: Any = Model()
        try:
            self.model.ParseFromString(_read(self._file, MAX_MODEL))
        except DecodeError as error:
            raise ArtifactInvalid(f"{path}: {self._file.name} is damaged; export the model again") from error
        kind = self.model.WhichOneof("Type")
        if kind != "mlProgram":
            raise ArtifactInvalid(
                f"{path}: is not an ML program but {kind or 'an empty model'}; export the model again"
            )

    def _root_model(self) -> Path:
        manifest = self.path / MANIFEST
        content = _read(manifest, MAX_MANIFEST)
        try:
            values = json.loads(content)
            inside = values["itemInfoEntries"][values["rootModelIdentifier"]]["path"]
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise ArtifactInvalid(f"{manifest}: names no root model; export the model again") from error
        return self._inside(self._folder, inside)

    def blob(self, name: str) -> Path:
        """Returns the file that a weight names, as in ``@model_path/weights/weight.bin``.

        Raises:
            ArtifactInvalid: the file is outside the package.
        """
        prefix = "@model_path/"
        if not name.startswith(prefix):
            raise ArtifactInvalid(
                f"{self.path}: keeps weights in {name[:200]!r}, which is not inside the package; "
                "export the model again"
            )
        return self._inside(self._file.parent, name[len(prefix) :])

    def _inside(self, folder: Path, name: object) -> Path:
        try:
            file = (folder / str(name)).resolve()
            contained = file.is_relative_to(self._folder.resolve())
        except (OSError, ValueError, RuntimeError):  # links in a circle, NUL, a name too long
            contained = False
        if not contained:
            raise ArtifactInvalid(
                f"{self.path}: refers to {str(name)[:200]!r}, outside the package; export the model again"
            )
        return file


def _read(path: Path, limit: int) -> bytes:
    try:
        if not path.is_file():
            raise ArtifactInvalid(f"{path}: is missing from the Core ML package; export the model again")
        if path.stat().st_size > limit:
            raise ArtifactInvalid(f"{path}: is larger than {limit} bytes; export the model again")
        return path.read_bytes()
    except OSError as error:
        raise ArtifactInvalid(f"{path}: cannot be read ({error}); export the model again") from error
