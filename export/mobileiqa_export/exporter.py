"""Checkpoint in, verified artifact folder out."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mobileiqa_sdk import Scorer
from mobileiqa_sdk.contract import Golden, InputSpec, ModelContract, ModelInfo, OutputSpec, Precision
from mobileiqa_sdk.errors import ModelError
from mobileiqa_sdk.golden import HEIGHT, WIDTH
from mobileiqa_sdk.library import CHECKSUMS, sha256_of
from mobileiqa_sdk.runtimes import RUNTIMES
from mobileiqa_sdk.verification import replay_golden

from .errors import ExportError, ExportMismatch
from .formats import FORMATS
from .report import Report
from .rewrite import rewrite
from .student import Checkpoint, load_checkpoint
from .verify import compare, reference_scores
from .verify.parity import probes, resized

TOLERANCE = 1e-4
MAX_DIFFERENCE = 1e-5
CONTRACT = "contract.json"
FILES = {CONTRACT, CHECKSUMS, "report.json", "report.md"}


def export(
    checkpoint: str | Path,
    output: str | Path,
    *,
    format: str = "onnx",
    name: str | None = None,
    version: str | None = None,
    licence: str | None = None,
    input_size: tuple[int, int] | None = None,
    rewrites: bool = True,
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Export a student checkpoint as an fp32 artifact that :class:`mobileiqa_sdk.Scorer` opens.

    The folder appears only when it is complete and its scores agree with the network as trained,
    in PyTorch, within 1e-5; an interrupted or failed export leaves nothing behind.

    Args:
        checkpoint: see :func:`mobileiqa_export.student.load_checkpoint`.
        output: the artifact folder to make.
        format: a key of :data:`mobileiqa_export.formats.FORMATS`.
        name: of the model, for the contract, instead of what the checkpoint says of itself.
        version: likewise.
        licence: likewise, an SPDX identifier.
        input_size: (height, width), instead of the checkpoint's or the published 1231x1907.
        rewrites: False exports the network as trained, for comparison.
        overwrite: replace an artifact that is already there.
        progress: called with a line of text at each step.

    Raises:
        CheckpointError: the checkpoint cannot be loaded.
        ExportMismatch: the exported file gives other scores.
        ExportError: unknown format, or the output is in the way.
    """
    if format not in FORMATS:
        raise ExportError(f"no format is called {format!r}; there is {', '.join(FORMATS)}")
    output = Path(output)
    _check_output(output, overwrite)
    progress("loading the checkpoint")
    loaded = load_checkpoint(checkpoint, input_size=input_size)
    progress("scoring the test images with the network as trained")
    images = probes()
    references = reference_scores(loaded.student, loaded.config, images)
    pixels = resized(images["golden"], loaded.config)
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
    golden = Golden(HEIGHT, WIDTH, digest, references["golden"], TOLERANCE)
    contract = _contract(Path(checkpoint), loaded, golden, name, version, licence)
    progress("rewriting" if rewrites else "wrapping, without rewrites")
    network, steps = rewrite(loaded.student, loaded.config, enabled=rewrites)
    with _writing(output), tempfile.TemporaryDirectory(prefix=".mobileiqa-", dir=output.parent) as scratch:
        folder = Path(scratch) / "artifact"
        folder.mkdir()
        progress(f"writing {format}")
        file = FORMATS[format](network, contract, folder)
        progress("verifying")
        scorer = Scorer(file)
        report = Report(contract, file.name, file.stat().st_size, steps, compare(scorer, images, references))
        agree = all(entry.difference <= MAX_DIFFERENCE for entry in report.parity)
        if not (agree and replay_golden(scorer).passed):
            raise ExportMismatch(
                f"{checkpoint}: the {format} file scores up to {report.max_difference:.1e} away from the "
                f"network as trained, more than {MAX_DIFFERENCE:.0e}; it was not kept"
            )
        (folder / CONTRACT).write_text(contract.to_json() + "\n", encoding="utf-8")
        (folder / CHECKSUMS).write_text(f"{sha256_of(file)}  {file.name}\n", encoding="utf-8")
        report.write(folder)
        _check_output(output, overwrite)
        _move(folder, output, Path(scratch) / "replaced")
    return report


def _check_output(output: Path, overwrite: bool) -> None:
    if not os.path.lexists(output):
        return
    found = set(os.listdir(output)) if output.is_dir() else None
    if found is None or (found and CONTRACT not in found):
        raise ExportError(f"{output}: exists and is no artifact; choose another output folder")
    suffixes = {entry.suffix for entry in RUNTIMES.values()}
    if foreign := sorted(name for name in found - FILES if Path(name).suffix not in suffixes):
        raise ExportError(
            f"{output}: holds {foreign[0]}, which no export wrote; choose another output folder"
        )
    if found and not overwrite:
        raise ExportError(f"{output}: an artifact is already there; --force replaces it")


@contextmanager
def _writing(output: Path) -> Iterator[None]:
    """Failures of the disk by name; folders made for an output that never came are removed."""
    absent = [folder for folder in output.parents if not os.path.lexists(folder)]
    try:
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            yield
        except OSError as error:
            raise ExportError(f"{output}: cannot be written ({error})") from error
    except BaseException:
        for folder in absent:
            with suppress(OSError):  # never made, or in use by now
                folder.rmdir()
        raise


def _move(folder: Path, output: Path, replaced: Path) -> None:
    if not output.exists():
        os.replace(folder, output)
        return
    os.replace(output, replaced)
    try:
        os.replace(folder, output)
    except BaseException:
        os.replace(replaced, output)
        raise


def _contract(
    path: Path, loaded: Checkpoint, golden: Golden, name: str | None, version: str | None, licence: str | None
) -> ModelContract:
    info, config = loaded.info, loaded.config
    height, width = config.input_size
    contract = ModelContract(
        model=ModelInfo(
            name=name or str(info.get("name") or path.stem),
            version=version or str(info.get("version") or "0"),
            family=f"{config.form} student, {config.backbone}",
            licence=licence or str(info.get("licence") or "unknown"),
            checkpoint_sha256=loaded.sha256,
        ),
        input=InputSpec(height, width),
        output=OutputSpec(),
        precision=Precision(),
        golden=golden,
    )
    try:  # before it is written: name, version and licence may be anything
        return ModelContract.from_json(contract.to_json(), str(path))
    except ModelError as error:
        raise ExportError(str(error)) from error
