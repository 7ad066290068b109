"""What is measured: artifacts times runtimes times thread counts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mobileiqa_sdk import library
from mobileiqa_sdk.errors import ArtifactInvalid, MobileIQAError
from mobileiqa_sdk.runtimes import available

from .errors import BenchmarkError
from .schema import Srcc

OPENVINO = "openvino"
"""Not a runtime of the SDK, but ONNX artifacts can be measured in it too."""

OF_REFERENCE = "with the scores of the network as trained"


@dataclass(frozen=True)
class Config:
    """One row of a benchmark.

    Attributes:
        label: in words; together with `threads` it identifies the row.
        engine: a key of :func:`mobileiqa_bench.engines.named`.
        path: what the engine loads.
        artifact: what the user named.
        runtime: for the engine ``sdk``; None picks it by suffix.
        threads: for one inference.
        model, version, precision: if known before it is loaded, else empty.
        srcc: its ranking, if a report has it.
        failure: why it cannot be tried.
    """

    label: str
    engine: str
    path: Path
    artifact: str
    runtime: str | None = None
    threads: int = 1
    model: str = ""
    version: str = ""
    precision: str = ""
    srcc: Srcc | None = None
    failure: str | None = None

    def __str__(self) -> str:
        return f"{self.label}, {self.threads} thread{'' if self.threads == 1 else 's'}"

    @property
    def runtime_name(self) -> str:
        """The runtime in the results."""
        if self.engine != "sdk" or self.runtime:
            return self.runtime or self.engine
        return next((name for name, entry in available().items() if entry.suffix == self.path.suffix), "")

    @property
    def size(self) -> int | None:
        """Bytes of what is loaded; None if it does not exist."""
        return library.size_of(self.path) if self.path.exists() else None


def of_artifacts(
    names: Iterable[str], *, runtimes: Sequence[str] = (), precisions: Sequence[str] = ()
) -> list[Config]:
    """Returns a configuration for each artifact in each runtime that opens it, on one thread.

    Args:
        names: names, folders and files of artifacts, and folders of artifact folders.
        runtimes: keys of ``mobileiqa_sdk.runtimes.available()``, or `OPENVINO`; none picks it by suffix.
        precisions: keep only artifacts stored in these; none keeps all.

    Raises:
        ModelNotFound: a name is not that of a model or a path.
        ArtifactInvalid: a path is not that of an artifact.
        BenchmarkError: nothing is left to measure.

    >>> [config.label for config in of_artifacts(["mobileiqa-small"])]
    ['mobileiqa-small onnx fp32']
    """
    configs = []
    for name in names:
        for path in _model_files(name):
            config = _described(name, path)
            if not precisions or config.precision in precisions:
                configs += _in_runtimes(config, runtimes)
    if not configs:
        filters = (("in", precisions), ("for", runtimes))
        request = " and ".join(f"{word} {', '.join(chosen)}" for word, chosen in filters if chosen)
        raise BenchmarkError(f"none of the artifacts is {request}")
    return _labelled(configs)


def _in_runtimes(config: Config, runtimes: Sequence[str]) -> list[Config]:
    """Returns the configuration in each runtime that opens such files; without any, in the default."""
    if not runtimes:
        return [config]
    return [
        replace(config, runtime=runtime, engine=OPENVINO if runtime == OPENVINO else "sdk")
        for runtime in runtimes
        if _suffix(runtime) == config.path.suffix
    ]


def times_threads(configs: Iterable[Config], threads: Sequence[int]) -> list[Config]:
    """Returns each configuration on each number of threads.

    >>> [config.threads for config in times_threads(of_artifacts(["mobileiqa-small"]), (1, 2))]
    [1, 2]
    """
    return [replace(config, threads=count) for count in threads for config in configs]


def _suffix(runtime: str) -> str:
    return ".onnx" if runtime == OPENVINO else available()[runtime].suffix


def _model_files(name: str) -> list[Path]:
    try:
        return [library.find(name)]
    except ArtifactInvalid:
        if not Path(name).is_dir():  # a cached model's name
            raise
        # The folder that `mobileiqa export --precision fp32,int8` makes holds one for each.
        inside = [path for folder in sorted(Path(name).iterdir()) for path in _only(folder)]
        if not inside:
            raise
        return inside


def _only(folder: Path) -> list[Path]:
    try:
        return [library.find(folder)] if folder.is_dir() else []
    except MobileIQAError:
        return []


def _described(name: str, path: Path) -> Config:
    """Returns what the files beside a model say about it. They may be damaged, so every value is checked."""
    contract, report = _object(path.parent / "contract.json"), _object(path.parent / "report.json")
    model, precision = _inner(contract, "model"), _inner(contract, "precision")
    return Config(
        label="",
        engine="sdk",
        path=path,
        artifact=name,
        model=str(model.get("name", "")),
        version=str(model.get("version", "")),
        precision=str(report.get("precision") or precision.get("weights", "")),
        srcc=_srcc(report),
    )


def _srcc(report: dict[str, Any]) -> Srcc | None:
    value = _inner(report, "drift").get("srcc")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -1 <= value <= 1:
        return None
    return Srcc(value=float(value), of=OF_REFERENCE)


def _labelled(configs: Sequence[Config]) -> list[Config]:
    """Returns the configurations with short labels; equal ones get their paths as well."""

    def short(config: Config) -> str:
        words = [config.model or config.path.parent.name, config.runtime_name, config.precision]
        return " ".join(word for word in words if word)

    labels = [short(config) for config in configs]
    return [
        replace(config, label=label if labels.count(label) == 1 else f"{label} ({config.path})")
        for config, label in zip(configs, labels, strict=True)
    ]


def _object(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _inner(values: dict[str, Any], key: str) -> dict[str, Any]:
    part = values.get(key)
    return part if isinstance(part, dict) else {}
