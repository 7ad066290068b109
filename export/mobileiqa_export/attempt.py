"""One artifact written and verified; and the mixed precision that it takes to pass."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from msgspec import structs

from mobileiqa_bench.fidelity.drift import Drift, drift, failures, ranking_is_judged
from mobileiqa_bench.fidelity.parity import Parity, side_by_side
from mobileiqa_bench.fidelity.runners import open_runner, run_all
from mobileiqa_sdk.contract import ModelContract, Verification
from mobileiqa_sdk.errors import MobileIQAError, ModelError
from mobileiqa_sdk.progress import Progress

from .blame import cause, operator_of
from .errors import ConversionFailed
from .formats import FORMATS, save
from .matrix import Cell
from .precisions import PRECISIONS
from .quantize.mixed import Try, enclosing, plans
from .quantize.sensitivity import SPARED, LayerDamage, mark_spared
from .workshop import Workshop


@dataclass(frozen=True)
class Way:
    """How an artifact is quantized.

    Attributes:
        treated: from the equalised network, with corrected biases.
        weight_only: modules that are as in int8-weights.
        keep: modules that stay float.
    """

    treated: bool = False
    weight_only: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()

    def mark(self, rows: Sequence[LayerDamage]) -> list[LayerDamage]:
        """The table of layers with those marked that are spared."""
        return mark_spared(rows, self.weight_only, self.keep)

    def label(self, rows: Sequence[LayerDamage]) -> str:
        """For the table of tries."""
        counts = Counter(row.spared_as for row in self.mark(rows))
        parts = (f"{counts[kind]} layers {words}" for kind, words in SPARED.items() if counts[kind])
        return ", ".join(parts) or "equalised, biases corrected"


@dataclass(frozen=True)
class Attempt:
    """An artifact on trial.

    Attributes:
        folder, file: where it lies.
        contract: as embedded.
        parity, drift: its scores against the reference.
        failures: why it cannot be kept, a sentence each.
        way: how it was quantized.
        layers: the table of a quantized artifact, with those marked that were spared.
        tries: all that was tried, in order; empty where one try was to pass or fail.
    """

    folder: Path
    file: Path
    contract: ModelContract
    parity: list[Parity]
    drift: Drift
    failures: list[str]
    way: Way = Way()
    layers: Sequence[LayerDamage] = ()
    tries: Sequence[Try] = ()

    def row(self, label: str) -> Try:
        """Its line in the table of tries."""
        found = self.drift
        return Try(label, found.srcc, found.mean_difference, found.max_difference, found.flips_clear.share)

    def reaches(self, bar: float) -> bool:
        """Whether it passes, and its SRCC is at least this where the ranking can be judged."""
        judged = ranking_is_judged(self.drift)
        return not self.failures and (not judged or (self.drift.srcc or 0.0) >= bar)

    @property
    def rank(self) -> tuple[bool, float, float]:
        """Larger is better: passing, then SRCC, then a small mean difference."""
        return not self.failures, self.drift.srcc or -1.0, -self.drift.mean_difference


def try_cell(shop: Workshop, cell: Cell, scratch: Path, progress: Progress) -> Attempt:
    """The plain artifact, or where that misses the ranking bar the first of :func:`_ways` that reaches it.

    Without one that reaches the bar, the best that was tried; it may have failures.
    """
    best = _attempt(shop, cell, shop.contract(cell.precision), scratch / "plain", Way(), progress)
    tries = [best.row("plain")]
    if not PRECISIONS[cell.precision].is_integer:
        return best
    rows: Sequence[LayerDamage] = shop.noise(cell.precision)
    bar = shop.options.ranking_bar
    for way, ranked in _ways(shop, cell, rows):
        if best.reaches(bar):
            break
        label = way.label(ranked)
        progress.step(f"{cell}: {_lack(best, bar)}; try {len(tries) + 1}, {label}")
        chosen = replace(way, treated=way.treated or best.way.treated)
        tried = _attempt(shop, cell, best.contract, scratch / f"try-{len(tries)}", chosen, progress)
        tries.append(tried.row(label))
        worse, best = sorted((tried, best), key=lambda attempt: attempt.rank)
        shutil.rmtree(worse.folder, ignore_errors=True)  # a search may take two dozen tries
        rows = ranked
    if best.reaches(bar) and best.way.weight_only and not best.way.keep:
        shop.passed.setdefault(cell.precision, []).append((best.way.treated, best.way.weight_only))
    return replace(best, layers=best.way.mark(rows), tries=tries)


def _ways(
    shop: Workshop, cell: Cell, rows: Sequence[LayerDamage]
) -> Iterator[tuple[Way, Sequence[LayerDamage]]]:
    """What to try after the plain artifact, with the layers' table as far as it was measured by then.

    First what other formats' artifacts of this precision needed, the least first. Then equalised with
    corrected biases; with layers as in int8-weights: where activations have calibrated ranges those at
    both ends, then the most damaging too, at last all. Were int8 weights themselves too coarse, the most
    damaging layers in float, at last all.
    """
    spared: frozenset[str]
    passed = dict.fromkeys(shop.passed.get(cell.precision, ()))
    for treated, spared in sorted(passed, key=lambda way: len(way[1])):
        yield Way(treated, spared), rows
    yield Way(treated=True), rows
    spared = frozenset()
    for spared in shop.ends(cell.precision):
        yield Way(weight_only=enclosing(spared, rows)), rows
    smallest = FORMATS[cell.form].smallest(PRECISIONS[cell.precision])
    left = [row for row in rows if row.weights >= smallest and not spared.issuperset(row.modules)]
    worst = shop.damage(cell.precision, left)
    rows = [*worst, *(row for row in rows if row not in left)]
    if cell.precision != "int8-weights":
        for more in plans(worst):
            spared |= more
            yield Way(weight_only=enclosing(spared, rows)), rows
    for keep in plans([row for row in rows if row.weights >= smallest]):
        yield Way(weight_only=enclosing(spared, rows), keep=keep), rows


def with_drift_allowed(
    shop: Workshop, cell: Cell, failed: Attempt, scratch: Path, progress: Progress
) -> Attempt:
    """The same artifact with a contract that says it failed."""
    contract = failed.contract
    marked = structs.replace(contract, verification=Verification(False, tuple(failed.failures)))
    again = _attempt(shop, cell, marked, scratch / "drift-allowed", failed.way, progress)
    return replace(again, layers=failed.layers, tries=failed.tries, failures=failed.failures)


def _attempt(
    shop: Workshop, cell: Cell, contract: ModelContract, folder: Path, way: Way, progress: Progress
) -> Attempt:
    folder.mkdir()
    progress.step(f"writing {cell}")
    job = shop.job(contract, cell.precision, folder, way.keep, way.weight_only)
    if way.treated:
        job = shop.treated(job, FORMATS[cell.form].smallest(PRECISIONS[cell.precision]))
    try:
        file = save(cell.form, job)
    except (MobileIQAError, OSError):
        raise
    except Exception as error:  # converters raise whatever their libraries do
        pixels = torch.from_numpy(shop.images.pixels[0])[None]
        culprit = operator_of(job.network, pixels, error)
        at = f" because of {culprit}" if culprit else ""
        raise ConversionFailed(
            f"the network does not convert to {cell}{at} ({cause(error)}); "
            "choose another format or precision, or replace the operator in the network's code"
        ) from error
    progress.step(f"verifying {cell}")
    try:
        runner = open_runner(file)
        scores = run_all(runner.run, shop.images.pixels, progress, f"verifying {cell}")
    except ModelError as error:
        raise ConversionFailed(f"{cell} was written, but cannot be run here to verify it: {error}") from error
    parity = side_by_side(shop.images.names, shop.references, scores)
    found = drift(shop.references, scores)
    wrong = failures(found, PRECISIONS[cell.precision].limit)
    golden = parity[0]
    if not golden.difference <= contract.golden.tolerance:
        wrong.append(
            f"the golden image scores {golden.difference:.1e} away from the reference, "
            f"more than {contract.golden.tolerance:.0e}"
        )
    if runner.contract != contract:
        wrong.append("the contract inside the file is not the one that was to be written")
    return Attempt(folder, file, contract, parity, found, wrong, way)


def _lack(attempt: Attempt, bar: float) -> str:
    return attempt.failures[0] if attempt.failures else f"its SRCC is below the ranking bar of {bar}"
