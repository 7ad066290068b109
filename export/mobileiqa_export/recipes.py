"""Ways to quantize a network, and the order in which they are tried until an artifact passes.

A stage is a function that returns recipes, the mildest first. :func:`stages_of` is the order; ``search.py``
walks it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from .measurements import MeasurementCache
from .precisions import FP16, Precision
from .quantize.sensitivity import SPARED, LayerDamage, mark_spared


@dataclass(frozen=True)
class Recipe:
    """How an artifact is quantized.

    Attributes:
        equalised: from the equalised network, with corrected biases.
        weight_only: names of modules that are quantized as in ``int8-weights`` only; of the precision fp16,
            modules that compute in float32 with weights in fp16.
        keep_float: names of modules that stay float.
    """

    equalised: bool = False
    weight_only: frozenset[str] = frozenset()
    keep_float: frozenset[str] = frozenset()

    @property
    def spared(self) -> frozenset[str]:
        """Modules that do not get the precision itself."""
        return self.weight_only | self.keep_float


@dataclass(frozen=True)
class Context:
    """What a stage may read.

    Attributes:
        precision: the requested one.
        measurements: of the network.
        smallest: layers with fewer weights are not quantized by the format.
        computes_in_half: whether the format computes in fp16, where fp16 is the precision.
        passed: recipes that other formats' artifacts of this precision passed with.
    """

    precision: Precision
    measurements: MeasurementCache
    smallest: int = 0
    computes_in_half: bool = False
    passed: Sequence[Recipe] = ()

    def layers(self) -> list[LayerDamage]:
        """Returns all layers, the noisiest first."""
        return self.measurements.noise(self.precision)

    def quantized(self) -> list[LayerDamage]:
        """Returns the layers that the format quantizes."""
        return [row for row in self.layers() if row.modules and row.weights >= max(self.smallest, 1)]

    def outermost(self) -> frozenset[str]:
        """Modules at both ends, spared before damage is measured; none where activations stay float."""
        ends = self.measurements.ends(self.precision)
        return ends[-1] if ends else frozenset()

    def most_damaging(self) -> list[LayerDamage]:
        """Returns the quantized layers between the outermost ones, most damaging first."""
        return self.measurements.damage(self.precision, self._between())

    def table(self) -> list[LayerDamage]:
        """Returns all layers: those with measured damage, most damaging first, then the others by noise."""
        measured = self.measurements.measured_damage(self.precision, self._between())
        names = {row.layer for row in measured}
        return [*measured, *(row for row in self.layers() if row.layer not in names)]

    def spares_all(self, recipe: Recipe) -> bool:
        """Returns whether a recipe quantizes no layer: its artifact must not bear the precision's name."""
        rows = self.quantized()
        if not rows:
            return self.precision.is_integer
        spared = recipe.spared if self.precision.is_integer else recipe.keep_float
        return all(spared.issuperset(row.modules) for row in rows)

    def marked(self, recipe: Recipe) -> list[LayerDamage]:
        """Returns the table of layers with those marked that a recipe spares."""
        weights = self.precision.weights_alone
        return mark_spared(self.table(), recipe.weight_only, recipe.keep_float, weights)

    def spared(self, recipe: Recipe) -> str:
        """Returns the layers that a recipe spares in words, such as ``4 of 53 layers as in int8-weights``."""
        rows = self.marked(recipe)
        counts = Counter(row.spared_as for row in rows)
        parts = (
            f"{counts[kind]} of {len(rows)} layers {words}" for kind, words in SPARED.items() if counts[kind]
        )
        return ", ".join(parts)

    def label(self, recipe: Recipe) -> str:
        """Returns a recipe in words: what it spares, or else what it does."""
        return self.spared(recipe) or ("equalised, biases corrected" if recipe.equalised else "plain")

    def _between(self) -> list[LayerDamage]:
        if self.computes_in_half:
            return self.layers()
        ends = self.outermost()
        return [row for row in self.quantized() if not ends.issuperset(row.modules)]


Stage = Callable[[Context], Sequence[Recipe]]


def known_to_pass(context: Context) -> list[Recipe]:
    """Returns recipes that passed for other formats' artifacts, fewest spared layers first."""
    return sorted(dict.fromkeys(context.passed), key=lambda recipe: len(recipe.weight_only))


def equalisation(_: Context) -> list[Recipe]:
    """Returns the recipe of cross-layer equalisation and bias correction."""
    return [Recipe(equalised=True)]


def spare_both_ends(context: Context) -> list[Recipe]:
    """Returns recipes with the layers at both ends as in int8-weights, if activations have calibrated
    ranges.
    """
    rows = context.layers()
    return [
        Recipe(weight_only=with_enclosing(modules, rows))
        for modules in context.measurements.ends(context.precision)
    ]


def spare_most_damaging(context: Context) -> list[Recipe]:
    """Returns recipes with the most damaging layers as in int8-weights, twice as many each time."""
    if context.precision.activations == "float" and context.precision.weights == "int8":
        return []  # this is int8-weights already
    ends, rows = context.outermost(), context.layers()
    return [
        Recipe(weight_only=with_enclosing(ends | modules, rows))
        for modules in doubling(context.most_damaging())
    ]


def keep_most_damaging_float(context: Context) -> list[Recipe]:
    """Returns recipes with the most damaging layers in float, twice as many each time.

    Even int8 weights may be too coarse for those. All others are as in int8-weights if the precision is
    coarser.
    """
    worst = context.most_damaging()
    base: frozenset[str] = frozenset()
    if not (context.precision.activations == "float" and context.precision.weights == "int8"):
        modules = context.outermost().union(*(row.modules for row in worst))
        base = with_enclosing(modules, context.layers())
    order = [*worst, *(row for row in context.quantized() if row not in worst)]
    return [Recipe(False, base, modules) for modules in doubling(order)]


def compute_most_damaging_in_float(context: Context) -> list[Recipe]:
    """Computes the most damaging modules in float32 with fp16 weights, twice as many each time, then all."""
    if not context.computes_in_half:
        return []
    return [Recipe(weight_only=modules) for modules in doubling(context.most_damaging())]


def keep_most_damaging_weights_float(context: Context) -> list[Recipe]:
    """Keeps the weights of the most damaging modules in float32, twice as many each time."""
    rows = [row for row in context.most_damaging() if row.weights]
    computed = frozenset(module for row in context.layers() for module in row.modules)
    weight_only = computed if context.computes_in_half else frozenset[str]()
    # Keeping a module in float keeps those inside it too.
    inner = [row for row in rows if not any(_is_inside(other, row) for other in rows)]
    return [Recipe(weight_only=weight_only, keep_float=modules) for modules in doubling(inner)]


def _is_inside(row: LayerDamage, outer: LayerDamage) -> bool:
    prefixes = tuple(f"{module}." if module else "" for module in outer.modules)
    return row.layer != outer.layer and all(module.startswith(prefixes) for module in row.modules)


HALF_STAGES: tuple[Stage, ...] = (compute_most_damaging_in_float, keep_most_damaging_weights_float)

INTEGER_STAGES: tuple[Stage, ...] = (
    known_to_pass,
    equalisation,
    spare_both_ends,
    spare_most_damaging,
    keep_most_damaging_float,
)


def stages_of(precision: Precision) -> tuple[Stage, ...]:
    """Returns the stages of a precision, in order; float32 has none."""
    if precision.is_integer:
        return INTEGER_STAGES
    return HALF_STAGES if precision is FP16 else ()


def doubling(rows: Sequence[LayerDamage]) -> Iterator[frozenset[str]]:
    """Yields the modules of the first 1, 2, 4, ... layers, of half of the rest, finally of all.

    Layers that share their modules count as one; a layer that no module holds alone cannot be spared.
    """
    layers = [modules for modules in dict.fromkeys(row.modules for row in rows) if modules]
    for count in _counts(len(layers)):
        yield frozenset(module for modules in layers[:count] for module in modules)


def _counts(layers: int) -> list[int]:
    """Returns 1, 2, 4, ... below the number of layers, a number halfway between the last and all, and all.

    >>> _counts(14), _counts(2), _counts(0)
    ([1, 2, 4, 8, 11, 14], [1, 2], [])
    """
    counts = [1 << power for power in range(layers.bit_length()) if 1 << power < layers]
    middle = (counts[-1] + layers) // 2 if counts else 0
    return sorted({*counts, middle, layers} - {0})


def with_enclosing(spared: frozenset[str], rows: Sequence[LayerDamage]) -> frozenset[str]:
    """Adds every enclosing module all of whose layers are spared.

    Its weightless operations (sums, pools, softmax) are then spared too: between layers that are not
    quantized they would only round. The root module is never added.
    """
    unspared: set[str] = set()
    covered: set[str] = set()
    for row in rows:
        enclosing = {outer for module in row.modules for outer in _outwards(module)}
        (covered if spared.issuperset(row.modules) else unspared).update(enclosing)
    return spared | (covered - unspared)


def _outwards(module: str) -> Iterator[str]:
    while module:
        yield module
        module = module.rpartition(".")[0]
