"""The order of recipes, and which candidate is kept: by tables of layers that are written here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from mobileiqa_bench.fidelity.drift import measure_drift
from mobileiqa_bench.fidelity.verdict import Verdict
from mobileiqa_export import candidate as module
from mobileiqa_export.artifact import _remember
from mobileiqa_export.candidate import Candidate, CandidateFactory
from mobileiqa_export.cells import Cell
from mobileiqa_export.formats import LayerCount
from mobileiqa_export.measurements import MeasurementCache
from mobileiqa_export.precisions import FP16, INT4_WEIGHTS, INT8_STATIC, INT8_WEIGHTS, Precision
from mobileiqa_export.quantize.sensitivity import LayerDamage
from mobileiqa_export.recipes import (
    Context,
    Recipe,
    doubling,
    keep_most_damaging_float,
    known_to_pass,
    spare_most_damaging,
    with_enclosing,
)
from mobileiqa_export.search import search

from ..recorder import Recorder

REFERENCE = list(np.linspace(0.1, 0.9, 41))
ROWS = [
    LayerDamage(name, (name,), size, 10.0)
    for name, size in zip("abcdef", range(100_000, 700_000, 100_000), strict=True)
]


@dataclass
class Measured:
    """Measurements of six layers; ``worst`` are those whose damage is known."""

    worst: Sequence[str] = ("f", "e")
    edges: Sequence[frozenset[str]] = ()

    def noise(self, _: Precision) -> list[LayerDamage]:
        return ROWS

    def ends(self, _: Precision) -> Sequence[frozenset[str]]:
        return self.edges

    def damage(self, _: Precision, rows: Sequence[LayerDamage]) -> list[LayerDamage]:
        return [row for name in self.worst for row in rows if row.layer == name]

    measured_damage = damage


def context(precision: Precision = INT8_WEIGHTS, smallest: int = 0, **measured: Any) -> Context:
    return Context(precision, cast("MeasurementCache", Measured(**measured)), smallest)


@pytest.mark.parametrize(("smallest", "names"), [(0, "abcdef"), (300_000, "cdef"), (300_001, "def")])
def test_a_layer_of_the_smallest_size_is_quantized(smallest: int, names: str) -> None:
    assert [row.layer for row in context(smallest=smallest).quantized()] == list(names)


def test_layers_without_measured_damage_come_last_and_are_not_forgotten() -> None:
    last = keep_most_damaging_float(context())[-1]
    assert last.keep_float == set("abcdef")
    assert keep_most_damaging_float(context())[0].keep_float == {"f"}


def test_ends_are_spared_with_every_recipe_of_static_integers() -> None:
    both = frozenset("ab")
    recipes = spare_most_damaging(context(INT8_STATIC, edges=[frozenset("a"), both]))
    assert [recipe.weight_only for recipe in recipes] == [both | {"f"}, both | {"e", "f"}]
    assert spare_most_damaging(context(INT8_WEIGHTS)) == []


def test_recipes_that_passed_elsewhere_are_tried_once_each_the_fewest_layers_first() -> None:
    one, two = Recipe(weight_only=frozenset("a")), Recipe(weight_only=frozenset("bc"))
    assert known_to_pass(replace(context(), passed=[two, one, two])) == [one, two]


def test_a_module_is_spared_only_with_all_its_layers() -> None:
    rows = [LayerDamage(name, (name,), 1, 0.0) for name in ("block.one", "block.two", "other.three")]
    assert with_enclosing(frozenset({"block.one"}), rows) == {"block.one"}
    assert with_enclosing(frozenset({"block.one", "block.two"}), rows) == {"block", "block.one", "block.two"}


def test_a_step_halfway_follows_the_doubled_ones() -> None:
    assert [len(modules) for modules in doubling(ROWS)] == [1, 2, 4, 5, 6]


def candidate(shift: float, folder: Path = Path(), recipe: Recipe | None = None, **changes: Any) -> Candidate:
    """A candidate whose scores are all off by ``shift``; ``changes`` are those of its drift."""
    drift = replace(measure_drift(REFERENCE, [score + shift for score in REFERENCE]), **changes)
    verdict = Verdict("", (), (), drift, [] if shift < 0.1 else ["far away"])
    return Candidate(folder, folder / "model.onnx", cast("Any", None), verdict, recipe or Recipe())


def test_a_candidate_reaches_the_bar_that_it_meets_exactly() -> None:
    assert candidate(0.01, srcc=0.995).reaches(0.995)
    assert not candidate(0.01, srcc=0.9949).reaches(0.995)
    assert not candidate(0.2, srcc=1.0).reaches(0.995)
    assert not candidate(0.01, srcc=None).reaches(0.995)


def test_merit_is_passing_then_ranking_then_a_small_difference() -> None:
    """From the best to the worst."""
    order = [
        candidate(0.01, srcc=0.999),
        candidate(0.02, srcc=0.999),
        candidate(0.001, srcc=0.998),
        candidate(0.2, srcc=1.0),
        candidate(0.3, srcc=1.0),
        candidate(0.3, srcc=1.0, mean_difference=None),
        candidate(0.2, srcc=None),
    ]
    merits = [each.merit for each in order]
    assert merits == sorted(merits, reverse=True)
    assert len(set(merits)) == len(merits)


class Factory:
    """Writes nothing but folders; plain artifacts fail, equalised ones are nearer, sparing helps."""

    def __init__(self, scratch: Path, shift: float = 0.3) -> None:
        self.cell, self.measurements = Cell("onnx", INT8_WEIGHTS), Measured()
        self.progress, self.scratch = Recorder(), scratch
        self.made: list[Recipe] = []
        self.shift = shift

    def make(self, folder: str, recipe: Recipe, *, spared: str = "") -> Candidate:
        path = self.scratch / folder
        path.mkdir()
        self.made.append(recipe)
        shift = self.shift - 0.1 * recipe.equalised - 0.05 * len(recipe.keep_float)
        return candidate(shift, path, recipe)


def test_what_helped_is_kept_and_the_worse_artifact_removed(tmp_path: Path) -> None:
    factory = Factory(tmp_path)
    result = search(cast("CandidateFactory", factory), 0.99, ())
    assert [(recipe.equalised, len(recipe.keep_float)) for recipe in factory.made] == [
        (False, 0),
        (True, 0),
        (True, 1),
        (True, 2),
        (True, 4),
    ][: len(factory.made)]
    assert result.best.recipe == factory.made[-1]
    assert not result.best.failures
    assert [path.name for path in tmp_path.iterdir()] == [result.best.folder.name]
    assert len(result.attempts) == len(factory.made)
    assert [row.layer for row in result.layers if row.spared_as == "float"] == list("fedcab")[
        : len(result.best.recipe.keep_float)
    ]


def test_an_integer_artifact_that_passes_at_once_has_a_table_of_layers(tmp_path: Path) -> None:
    factory = Factory(tmp_path, shift=0.0)
    result = search(cast("CandidateFactory", factory), 0.99, ())
    assert [attempt.label for attempt in result.attempts] == ["plain"]
    assert sorted(row.layer for row in result.layers) == list("abcdef")
    assert not any(row.spared_as for row in result.layers)


@pytest.mark.parametrize(
    ("precision", "count", "fails"),
    [
        (INT8_WEIGHTS, LayerCount(10, 0, 0), True),
        (INT8_WEIGHTS, LayerCount(0, 0, 0), True),
        (INT8_WEIGHTS, LayerCount(10, 1, 0), False),
        (INT8_STATIC, LayerCount(10, 10, 0), True),
        (INT8_STATIC, LayerCount(10, 10, 1), False),
        (INT4_WEIGHTS, LayerCount(10, 10, 0), True),
        (INT4_WEIGHTS, LayerCount(10, 10, 0, 1), False),
        (FP16, LayerCount(0, 0, 0), False),
    ],
)
def test_a_file_needs_one_layer_in_the_integer_precision_that_it_is_named_after(
    precision: Precision, count: LayerCount, fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "count_layers", lambda *_: count)
    assert bool(module._misnamed(Cell("onnx", precision), Path())) is fails


def test_where_the_format_quantizes_no_layer_only_half_precision_has_recipes() -> None:
    assert context(INT8_WEIGHTS, smallest=10**6).spares_all(Recipe(equalised=True))
    assert not context(FP16, smallest=10**6).spares_all(Recipe(weight_only=frozenset("a")))


def test_a_candidate_that_bears_its_name_is_better_than_one_that_ranks_better() -> None:
    named, misnamed = candidate(0.2, srcc=0.9), replace(candidate(0.2, srcc=1.0), bears_name=False)
    assert named.merit > misnamed.merit


@pytest.mark.parametrize(("wrong", "failed"), [(None, 0), (0, 1), (1, 1)])
def test_the_golden_image_counts_with_every_setting(wrong: int | None, failed: int) -> None:
    reference = [{"score": 0.4}, {"score": 0.6}, {"score": 0.9}]
    prepared = SimpleNamespace(images=SimpleNamespace(names=["fast", "high", "photo"]), reference=reference)
    contract = SimpleNamespace(golden=SimpleNamespace(tolerance=0.05, cases=[None, None]))
    answers = [{"score": values["score"] + 0.06 * (index == wrong)} for index, values in enumerate(reference)]
    assert len(module._golden_failures(cast("Any", prepared), answers, cast("Any", contract))) == failed


def test_other_formats_try_what_needed_no_layer_in_float() -> None:
    shared: Any = SimpleNamespace(passed={})
    spared = frozenset("a")
    for recipe in (Recipe(), Recipe(weight_only=spared, keep_float=spared), Recipe(weight_only=spared)):
        _remember(shared, Cell("onnx", INT8_WEIGHTS), recipe)
    assert shared.passed == {INT8_WEIGHTS: [Recipe(weight_only=spared)]}
