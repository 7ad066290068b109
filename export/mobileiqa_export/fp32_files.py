"""Writes the exact fp32 model file of each format, which the other artifacts are compared with."""

from __future__ import annotations

import tempfile
from functools import cached_property
from pathlib import Path
from types import TracebackType

from mobileiqa_bench.fidelity.scoring import open_artifact
from mobileiqa_bench.photographs import Pixels
from mobileiqa_sdk.progress import Progress
from mobileiqa_sdk.runtimes.runtime import Runtime

from .formats import Job, save
from .interrupts import interrupts_deferred
from .precisions import FP32
from .prepare import Prepared


class Fp32FileCache:
    """The exact fp32 artifacts that this export kept, and temporary ones for formats where it kept none.

    A context manager: temporary files lie in the system's temporary folder until it exits.
    """

    def __init__(self, prepared: Prepared, progress: Progress) -> None:
        self._prepared, self._progress = prepared, progress
        self._files: dict[str, Path] = {}
        self._folders: list[tempfile.TemporaryDirectory[str]] = []

    def __enter__(self) -> Fp32FileCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for folder in self._folders:
            folder.cleanup()

    def file(self, file_format: str) -> Path:
        """Returns the fp32 file of a format, and writes it if there is none yet.

        Raises:
            OSError: the temporary folder cannot hold it; set TMPDIR to one that can.
        """
        if file_format not in self._files:
            self._progress.step(f"writing {file_format} fp32, to compare with")
            folder = tempfile.TemporaryDirectory(prefix="mobileiqa-", ignore_cleanup_errors=True)
            self._folders.append(folder)
            job = Job(self._prepared.exact, self._prepared.template, FP32, Path(folder.name))
            try:
                with interrupts_deferred():
                    self._files[file_format] = save(file_format, job)
            except OSError as error:
                raise OSError(
                    f"the temporary folder {tempfile.gettempdir()} cannot hold the fp32 file ({error}); "
                    "set TMPDIR to a larger one"
                ) from error
        return self._files[file_format]

    def known(self, file_format: str) -> Path | None:
        """Returns the fp32 file of a format if it has already been written, else None."""
        return self._files.get(file_format)

    def add(self, file_format: str, file: Path) -> None:
        """Registers an exact fp32 artifact that this export kept."""
        self._files[file_format] = file

    def predict(self, pixels: Pixels) -> float:
        """Scores resized pixels by the fp32 ONNX file, which takes a fifth of PyTorch's time."""
        return self._onnx.run(pixels)

    @cached_property
    def _onnx(self) -> Runtime:
        return open_artifact(self.file("onnx"))
