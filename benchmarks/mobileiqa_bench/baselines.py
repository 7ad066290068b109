"""The network as trained, in other programs that can run it: prepared once, measured beside the artifacts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mobileiqa_sdk.progress import SILENT, Progress

from . import processes
from .configs import OF_REFERENCE, Config, of_artifacts
from .engines import check_installed
from .errors import BenchmarkError
from .schema import Srcc

VERIFICATION_IMAGES = "4"
"""Of a plain export, which takes minutes per dozen images: enough to show that it is the same network."""


class Baseline(NamedTuple):
    """A way to run a checkpoint.

    Attributes:
        label: in the results.
        engine: that runs it.
        prepare: (checkpoint, folder) -> what the engine loads. Raises BenchmarkError.
    """

    label: str
    engine: str
    prepare: Callable[[Path, Path], Path]


def _as_it_is(checkpoint: Path, folder: Path) -> Path:
    return checkpoint


def _plain_onnx(checkpoint: Path, folder: Path) -> Path:
    artifact = folder / "plain"
    if not artifact.exists():
        _export(checkpoint, artifact, "--no-rewrite", "--verification-images", VERIFICATION_IMAGES)
    return artifact / "model.onnx"


def _ncnn(checkpoint: Path, folder: Path) -> Path:
    converted = folder / "ncnn"
    converted.mkdir()
    processes.run("mobileiqa_export.engines.ncnn_convert", str(checkpoint.resolve()), str(converted))
    return converted


BASELINES: dict[str, Baseline] = {
    "eager": Baseline("as trained, PyTorch eager", "torch", _as_it_is),
    "compile": Baseline("as trained, torch.compile", "torch-compile", _as_it_is),
    "onnx": Baseline("as trained, plain ONNX, onnxruntime", "onnxruntime", _plain_onnx),
    "openvino": Baseline("as trained, plain ONNX, OpenVINO", "openvino", _plain_onnx),
    "ncnn": Baseline("as trained, ncnn", "ncnn", _ncnn),
}


def of_checkpoint(
    checkpoint: Path, scratch: Path, names: Sequence[str] = tuple(BASELINES), progress: Progress = SILENT
) -> list[Config]:
    """Returns a configuration on one thread for each baseline, with a failure if it cannot be prepared."""
    return [_config(BASELINES[name], checkpoint, scratch, progress) for name in names]


def exported(
    checkpoint: Path,
    scratch: Path,
    precisions: Sequence[str],
    runtimes: Sequence[str],
    progress: Progress = SILENT,
) -> list[Config]:
    """Returns the ONNX artifacts that `mobileiqa export` writes, on one thread, or a failure."""
    folder = scratch / checkpoint.stem
    failed = []
    progress.step(f"exporting: {', '.join(precisions)}")
    try:
        _export(checkpoint, folder, "--precision", ",".join(precisions))
    except BenchmarkError as error:
        row = Config(f"exported, {', '.join(precisions)}", "sdk", checkpoint, str(checkpoint))
        failed.append(replace(row, failure=str(error)))
    configs = of_artifacts([str(folder)], runtimes=runtimes) if folder.exists() else []
    return [*(replace(config, artifact=str(checkpoint)) for config in configs), *failed]


def _export(checkpoint: Path, folder: Path, *options: str) -> None:
    # In a process of its own, whose memory is not ours.
    options = ("--no-timing", "--checkpoint", str(checkpoint), "--output", str(folder), *options)
    processes.run("mobileiqa_sdk", "export", *options)


def _config(baseline: Baseline, checkpoint: Path, scratch: Path, progress: Progress) -> Config:
    path, failure = checkpoint, None
    # For PyTorch this holds by definition; the scores of other runtimes were not ranked.
    exact: Srcc | None = Srcc(value=1.0, of=OF_REFERENCE) if baseline.engine == "torch" else None
    try:
        check_installed(baseline.engine)
        progress.step(f"preparing: {baseline.label}")
        path = baseline.prepare(checkpoint, scratch)
    except BenchmarkError as error:
        failure = str(error)
    return Config(
        label=baseline.label,
        engine=baseline.engine,
        path=path,
        artifact=str(checkpoint),
        model=checkpoint.stem,
        precision="fp32",
        srcc=exact,
        failure=failure,
    )
