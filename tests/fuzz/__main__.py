"""``python -m tests.fuzz TARGET``: searches for bytes that a target neither takes nor refuses.

With `atheris <https://pypi.org/project/atheris/>`_ installed, its coverage leads the search; without it,
hypothesis makes random damage and shrinks what it finds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from hypothesis import HealthCheck, given, settings

try:
    import atheris
except ImportError:
    atheris = None

# atheris follows the branches of modules that are imported in its care; all modules would take it minutes.
with atheris.instrument_imports(include=["mobileiqa_sdk"]) if atheris else nullcontext():
    from .damage import damaged
    from .targets import TARGETS, Target, check


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=10_000, help="inputs to try (default: 10000)")
    options = parser.parse_args()
    target = TARGETS[options.target]
    with tempfile.TemporaryDirectory() as folder:
        search = _search_by_coverage if atheris else _search_at_random
        search(target, options.runs, Path(folder))
    print(f"{options.target}: no bug in {options.runs} inputs")


def _search_at_random(target: Target, runs: int, folder: Path) -> None:
    @settings(max_examples=runs, deadline=None, suppress_health_check=list(HealthCheck))
    @given(damaged(target.seeds()))
    def search(data: bytes) -> None:
        check(target, data, folder)

    search()


def _search_by_coverage(target: Target, runs: int, folder: Path) -> None:
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(target.seeds()):
        (corpus / str(number)).write_bytes(seed)
    atheris.Setup([sys.argv[0], f"-runs={runs}", str(corpus)], lambda data: check(target, data, folder))
    atheris.Fuzz()


main()
