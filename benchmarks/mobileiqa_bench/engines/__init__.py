"""What can be measured: the SDK itself, what it is compared with, and what other packages register."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from math import fsum
from pathlib import Path
from typing import NamedTuple, Protocol

from mobileiqa_sdk import plugins
from mobileiqa_sdk._text import first_line
from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.errors import OpinionsInvalid
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
        """Decodes, resizes and scores a photo. Raises MobileIQAError, and what its runtime raises."""
        ...


def checked_mean(opinions: Iterable[float]) -> float:
    """Returns the mean of a network's opinions, in [0, 1].

    Raises:
        OpinionsInvalid: there are no opinions, or one of them is NaN, infinite or not in [0, 1].
    """
    values = tuple(map(float, opinions))
    for value in values:
        if not 0 <= value <= 1:  # true of NaN
            raise OpinionsInvalid(f"the network answered {value} where an opinion from 0 to 1 was expected")
    if not values:
        raise OpinionsInvalid("the network answered without an opinion")
    return fsum(values) / len(values)


class Entry(NamedTuple):
    """The module of an engine, the package it needs, and what pip installs for that.

    The module has ``load(path, threads, runtime) -> Engine``.
    """

    module: str
    needs: str
    distribution: str


_OURS: dict[str, Entry] = {
    "sdk": Entry("mobileiqa_bench.engines.sdk", "mobileiqa_sdk", "mobileiqa-sdk"),
    "onnxruntime": Entry("mobileiqa_bench.engines.plain_onnx", "onnxruntime", "onnxruntime"),
    "openvino": Entry("mobileiqa_bench.engines.openvino", "openvino", "openvino"),
}


def named(engine: str) -> Entry:
    """Returns the engine of this name: one of this package's, or one that another package registered.

    Raises:
        BenchmarkError: no engine has this name, or its entry point cannot be loaded.
    """
    if engine in _OURS:
        return _OURS[engine]
    point = plugins.registered(plugins.ENGINES).get(engine)
    if point is None:
        raise BenchmarkError(f'no engine is called {engine!r}; pip install "mobileiqa-sdk[bench]"')
    try:
        entry = point.load()
    except (ImportError, AttributeError) as error:
        raise BenchmarkError(f"the engine {engine!r} cannot be loaded ({first_line(error)})") from error
    if not isinstance(entry, Entry):
        raise BenchmarkError(f"the engine {engine!r} is registered as {point.value}, which is not an Entry")
    return entry


def check_installed(engine: str) -> None:
    """Raises BenchmarkError if the engine's package is missing."""
    entry = named(engine)
    if find_spec(entry.needs) is None:
        raise BenchmarkError(f"{entry.needs} is not installed; pip install {entry.distribution}")


def load(engine: str, path: Path, threads: int, runtime: str | None) -> Engine:
    """Loads a network with a named engine. Raises MobileIQAError, and what its runtime raises."""
    check_installed(engine)
    loaded: Engine = import_module(named(engine).module).load(path, threads, runtime)
    return loaded
