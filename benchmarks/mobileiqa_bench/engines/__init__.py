"""What can be measured: the SDK itself, and what it is compared with. One file each, one line here."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, Protocol

from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.photo import Photo
from mobileiqa_sdk.scorer import Seconds

from ..errors import BenchmarkError


class Assessed(NamedTuple):
    """A score in [0, 1] and the seconds of its three steps."""

    score: float
    seconds: Seconds


class Engine(Protocol):
    """A loaded network.

    Attributes:
        contract: of the artifact it was loaded from; None for what carries none.
    """

    contract: ModelContract | None

    def assess(self, photo: Photo) -> Assessed:
        """Decode, resize and score a photo. Raises MobileIQAError, and what its runtime raises."""
        ...


class Entry(NamedTuple):
    """Where an engine lives, the module it cannot do without, and what pip installs for that.

    Its module has ``load(path, threads, runtime) -> Engine``.
    """

    module: str
    needs: str
    distribution: str


ENGINES: dict[str, Entry] = {
    "sdk": Entry("mobileiqa_bench.engines.sdk", "mobileiqa_sdk", "mobileiqa-sdk"),
    "onnxruntime": Entry("mobileiqa_bench.engines.plain_onnx", "onnxruntime", "onnxruntime"),
    "openvino": Entry("mobileiqa_bench.engines.openvino", "openvino", "openvino"),
    "torch": Entry("mobileiqa_bench.engines.torch_eager", "torch", "mobileiqa-sdk[export]"),
    "torch-compile": Entry("mobileiqa_bench.engines.torch_compiled", "torch", "mobileiqa-sdk[export]"),
    "ncnn": Entry("mobileiqa_bench.engines.ncnn", "ncnn", "ncnn pnnx"),
}


def check_installed(engine: str) -> None:
    """Raises BenchmarkError where the engine's package is missing."""
    entry = ENGINES[engine]
    if find_spec(entry.needs) is None:
        raise BenchmarkError(f"{entry.needs} is not installed; pip install {entry.distribution}")


def load(engine: str, path: Path, threads: int, runtime: str | None) -> Engine:
    """Load a network with a key of `ENGINES`. Raises MobileIQAError, and what its runtime raises."""
    check_installed(engine)
    loaded: Engine = import_module(ENGINES[engine].module).load(path, threads, runtime)
    return loaded
