"""One artifact written and verified; and the mixed precision that it takes to pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.errors import MobileIQAError, ModelError

from .blame import cause, operator_of
from .errors import ConversionFailed
from .formats import save
from .matrix import Cell
from .precision.fakequant import SCHEMES
from .precision.mixed import Try, plans
from .precision.promises import DRIFT_ALLOWED, PROMISES
from .precision.sensitivity import LayerDamage, mark_kept
from .verify.drift import Drift, drift, failures, ranking_is_judged
from .verify.parity import Parity, side_by_side
from .verify.runners import Say, open_runner, run_all
from .workshop import Workshop


@dataclass(frozen=True)
class Way:
    """How an artifact is quantized.

    Attributes:
        treated: from the equalised network, with corrected biases.
        keep: modules that stay float.
    """

    treated: bool = False
    keep: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Attempt:
    """An artifact on trial.

    Attributes:
        folder, file: where it lies.
        contract: as embedded.
        parity, drift: its scores against the reference.
        failures: why it cannot be kept, a sentence each.
        way: how it was quantized.
        layers: the table of a quantized artifact, with those marked that stayed float.
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


def try_cell(shop: Workshop, cell: Cell, scratch: Path, say: Say) -> Attempt:
    """The plain artifact, or where that misses the ranking bar the first of these that reaches it.

    Equalised with corrected biases; then, where activations are quantized by calibrated ranges, with the
    first layers in float; then with the most damaging ones too, more of them each time. Without one that
    reaches the bar, the best that was tried; it may have failures.
    """
    best = _attempt(shop, cell, shop.contract(cell.precision), scratch / "plain", Way(), say)
    tries = [best.row("plain")]
    if cell.precision not in SCHEMES:
        return best
    rows: Sequence[LayerDamage] = shop.noise(cell.precision)
    bar = shop.options.ranking_bar
    for label, way, ranked in _ways(shop, cell, rows):
        if best.reaches(bar):
            break
        say(f"{cell}: {_lack(best, bar)}; trying again, {label}")
        chosen = Way(best.way.treated, way.keep) if way.keep else way
        tried = _attempt(shop, cell, best.contract, scratch / f"try-{len(tries)}", chosen, say)
        tries.append(tried.row(label))
        best, rows = max(best, tried, key=lambda attempt: attempt.rank), ranked
    return replace(best, layers=mark_kept(rows, best.way.keep), tries=tries)


def _ways(
    shop: Workshop, cell: Cell, rows: Sequence[LayerDamage]
) -> Iterator[tuple[str, Way, Sequence[LayerDamage]]]:
    """What to try after the plain artifact, with the layers' table as far as it was measured by then."""
    yield "equalised, biases corrected", Way(treated=True), rows
    count, first = shop.first_layers(cell.precision)
    if first:
        yield f"the first {count} layers in float", Way(keep=first), rows
    rows = shop.damage(cell.precision)
    for keep in (first | worst for worst in plans(rows)):
        kept = sum(row.kept_float for row in mark_kept(rows, keep))
        yield f"{kept} layers in float", Way(keep=keep), rows


def with_drift_allowed(shop: Workshop, cell: Cell, failed: Attempt, scratch: Path, say: Say) -> Attempt:
    """The same artifact with a contract that says it failed, and a tolerance that its golden image keeps."""
    contract = failed.contract
    off = failed.parity[0].difference
    tolerance = min(max(contract.golden.tolerance, round(2 * off, 6)), 0.999)
    marked = replace(
        contract,
        precision=replace(contract.precision, compute=contract.precision.compute + DRIFT_ALLOWED),
        golden=replace(contract.golden, tolerance=tolerance),
    )
    again = _attempt(shop, cell, marked, scratch / "drift-allowed", failed.way, say)
    return replace(again, layers=failed.layers, tries=failed.tries, failures=failed.failures)


def _attempt(
    shop: Workshop, cell: Cell, contract: ModelContract, folder: Path, way: Way, say: Say
) -> Attempt:
    folder.mkdir()
    say(f"writing {cell}")
    job = shop.job(contract, cell.precision, folder, way.keep, way.treated)
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
    say(f"verifying {cell}")
    try:
        runner = open_runner(file)
        scores = run_all(runner.run, shop.images.pixels, say, f"verifying {cell}")
    except ModelError as error:
        raise ConversionFailed(f"{cell} was written, but cannot be run here to verify it: {error}") from error
    parity = side_by_side(shop.images.names, shop.references, scores)
    found = drift(shop.references, scores)
    wrong = failures(found, PROMISES[cell.precision].limit)
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
