"""Measures latency, memory and efficiency so that the figures can be trusted, and agreement with people.

The names below are the public API; everything else may change without notice::

    from mobileiqa_bench import Settings, of_artifacts, run_benchmark

    document = run_benchmark(of_artifacts(["mobileiqa-small"]), Settings(rounds=5))

Benchmarks need the ``bench`` extra, agreement and ladders the ``evaluate`` extra.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .benchmark import run_benchmark
    from .compare import compare_documents
    from .configs import Config, of_artifacts, times_threads
    from .errors import BaselineUnknown, BenchmarkError, BenchmarkFileInvalid, PhotosMissing
    from .evaluation.agreement import Agreement, measure_agreement
    from .evaluation.datasets import read_dataset
    from .evaluation.datasets.rated import RatedPhoto
    from .evaluation.errors import DatasetError, EvaluationError
    from .evaluation.ladders import Ladders, climb_ladders
    from .evaluation.opinions import Evaluation, evaluate, score_rated
    from .rounds import Settings
    from .schema import Document, Result, read_document

__all__ = [
    "Agreement",
    "BaselineUnknown",
    "BenchmarkError",
    "BenchmarkFileInvalid",
    "Config",
    "DatasetError",
    "Document",
    "Evaluation",
    "EvaluationError",
    "Ladders",
    "PhotosMissing",
    "RatedPhoto",
    "Result",
    "Settings",
    "climb_ladders",
    "compare_documents",
    "evaluate",
    "measure_agreement",
    "of_artifacts",
    "read_dataset",
    "read_document",
    "run_benchmark",
    "score_rated",
    "times_threads",
]

_MODULES = {
    "benchmark": ("run_benchmark",),
    "compare": ("compare_documents",),
    "configs": ("Config", "of_artifacts", "times_threads"),
    "evaluation.agreement": ("Agreement", "measure_agreement"),
    "evaluation.datasets": ("read_dataset",),
    "evaluation.datasets.rated": ("RatedPhoto",),
    "evaluation.errors": ("DatasetError", "EvaluationError"),
    "evaluation.ladders": ("Ladders", "climb_ladders"),
    "evaluation.opinions": ("Evaluation", "evaluate", "score_rated"),
    "rounds": ("Settings",),
    "schema": ("Document", "Result", "read_document"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


if not TYPE_CHECKING:  # a type checker should find misspelled names

    def __getattr__(name: str) -> Any:
        # Imported when first asked for: help and completion need neither numpy nor scipy.
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f".{_MODULE_OF.get(name, 'errors')}", __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
