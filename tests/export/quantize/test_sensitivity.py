"""Simulated quantization, layer by layer."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from mobileiqa_bench.scenes import Pixels, scene
from mobileiqa_export.precisions import PRECISIONS, scheme_of
from mobileiqa_export.quantize.bias import Shift, bias_shifts, correct_biases
from mobileiqa_export.quantize.fakequant import (
    Call,
    Range,
    Scheme,
    fake_activation,
    fake_weight,
    find_ranges,
    quantized,
    visiting,
)
from mobileiqa_export.quantize.sensitivity import LayerDamage, Sensitivity, mark_spared
from mobileiqa_export.quantize.treat import Treated
from mobileiqa_export.recipes import doubling, with_enclosing
from mobileiqa_export.rewrite import rewrite
from mobileiqa_export.student import Student, StudentConfig

from ..conftest import SMALL, TINY


def pictures(config: StudentConfig, count: int = 2) -> list[Pixels]:
    return [scene(seed, *config.input_size) for seed in range(count)]


class Two(nn.Module):
    """A product with the weight on the left, and a linear layer that eight bits cannot hold."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.left = nn.Parameter(torch.randn(4, 3, generator=generator))
        self.line = nn.Linear(4, 1)
        with torch.no_grad():
            self.line.weight.copy_(torch.tensor([[1000.0, 1.0, 1.0, 1.0]]))
            self.left[0] = 0

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        x = pixels.float().mean(2).transpose(1, 2) / 255
        return torch.sigmoid(self.line((self.left @ x).mean(2)).squeeze(1))


def test_weights_on_the_grid() -> None:
    weight = torch.tensor([[1.0, -0.5, 0.126], [254.0, 1.0, 3.0]])
    eight = fake_weight(weight, Scheme())
    assert torch.allclose(
        eight * torch.tensor([[127.0], [0.5]]), torch.tensor([[127, -64, 16], [127, 0, 2.0]])
    )
    by_column = fake_weight(weight.T.contiguous(), Scheme(), channels=1)
    assert torch.equal(by_column, eight.T)
    four = fake_weight(torch.tensor([[7.0, 3.4, 0.7, 0.34]]), Scheme(bits=4, block=2))
    assert torch.allclose(four, torch.tensor([[7.0, 3.0, 0.7, 0.3]]))
    assert torch.equal(fake_weight(torch.zeros(2, 3), Scheme()), torch.zeros(2, 3))


def test_activations_on_the_grid() -> None:
    values = torch.tensor([-1.0, 0.0, 0.49, 254.0, 300.0])
    assert torch.equal(
        fake_activation(values, Range(-1.0, 254.0)), torch.tensor([-1.0, 0.0, 0.0, 254.0, 254.0])
    )
    assert torch.equal(fake_activation(torch.zeros(3), Range(0.0, 0.0)), torch.zeros(3))


def test_every_multiplication_is_found() -> None:
    layers = find_ranges(Two(), [torch.from_numpy(picture)[None] for picture in pictures(TINY)])
    assert [layer.name for layer in layers.values()] == ["left", "line"]
    assert [layer.modules for layer in layers.values()] == [set(), {"line"}]
    assert all(layer.range.low < layer.range.high for layer in layers.values())


def test_the_noisier_layer_comes_first() -> None:
    analysis = Sensitivity(Two(), scheme_of(PRECISIONS["int8-weights"]), pictures(TINY))
    rows = analysis.noise()
    assert [row.layer for row in rows] == ["line", "left"]
    assert rows[0].sqnr_db < 20 < rows[1].sqnr_db
    measured = analysis.damage(rows)
    assert measured[0].mean_difference is not None
    assert measured[0].mean_difference >= (measured[1].mean_difference or 0) >= 0
    assert analysis.scores(lambda _: False) != analysis.scores()


def test_a_layer_that_only_another_answer_uses_does_damage_too() -> None:
    class Sided(nn.Module):
        """A score that int8 hardly moves, and a fault whose layer has one weight far above the others."""

        def __init__(self) -> None:
            super().__init__()
            self.score, self.fault = nn.Linear(3, 1), nn.Linear(3, 1)
            with torch.no_grad():
                self.score.weight.copy_(torch.tensor([[1.0, 1.0, 1.0]]))
                self.fault.weight.copy_(torch.tensor([[100.0, 0.3, -0.3]]))

        def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            means = pixels.float().mean((1, 2)) / 255
            return self.score(means), self.fault(means * torch.tensor([0.0, 1.0, -1.0]))

    analysis = Sensitivity(Sided(), scheme_of(PRECISIONS["int8-weights"]), pictures(TINY))
    first, second = analysis.damage(analysis.noise())
    assert (first.layer, second.layer) == ("fault", "score")
    assert first.mean_difference is not None
    assert first.mean_difference > 0.01
    assert second.mean_difference is not None
    assert second.mean_difference < 1e-3


@pytest.mark.parametrize("precision", [name for name, each in PRECISIONS.items() if each.is_integer])
def test_students(precision: str, small: tuple[Student, StudentConfig]) -> None:
    network = rewrite(*small).network
    modules = {name for name, _ in network.named_modules()}
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    rows = Sensitivity(network, scheme_of(PRECISIONS[precision]), pictures(SMALL, 1)).noise()
    assert all(set(row.modules) <= modules and row.modules for row in rows)
    assert {"LDA1", "LDA1.project"} <= {row.layer for row in rows}
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert not any(module._forward_hooks for module in network.modules())


def test_four_bits_are_noisier_than_eight(tiny: tuple[Student, StudentConfig]) -> None:
    network = rewrite(*tiny).network
    noise = {
        precision: {
            row.layer: row.sqnr_db
            for row in Sensitivity(network, scheme_of(PRECISIONS[precision]), pictures(TINY)).noise()
        }
        for precision in ("int8-weights", "int4-weights")
    }
    assert all(noise["int4-weights"][layer] < db for layer, db in noise["int8-weights"].items())


def test_plans_keep_the_worst(tiny: tuple[Student, StudentConfig]) -> None:
    network = rewrite(*tiny).network
    rows = Sensitivity(network, scheme_of(PRECISIONS["int8-weights"]), pictures(TINY, 1)).noise()
    kept = list(doubling(rows))
    marked = [mark_spared(rows, frozenset(), keep) for keep in kept]
    counts = [sum(row.spared_as == "float" for row in table) for table in marked]
    assert counts == [1, 2, 4, 8, 16, 32, (32 + len(rows)) // 2, len(rows)]
    assert kept[0] == set(rows[0].modules)
    assert not any(row.spared_as for row in mark_spared(rows, frozenset(), frozenset()))
    assert {row.spared_as for row in mark_spared(rows, kept[-1], kept[0])} == {"float", "int8-weights"}


def test_plans_count_what_modules_hold() -> None:
    def row(layer: str, *modules: str) -> LayerDamage:
        return LayerDamage(layer, modules, 10, 20.0)

    rows = [row("own"), row("pool.rows", "pool"), row("pool.columns", "pool"), row("a", "a"), row("b", "b")]
    assert list(doubling(rows)) == [{"pool"}, {"pool", "a"}, {"pool", "a", "b"}]
    assert [actual.spared_as for actual in mark_spared(rows, frozenset(["pool"]), frozenset())] == [
        "",
        "int8-weights",
        "int8-weights",
        "",
        "",
    ]
    assert list(doubling([row("own")])) == []


def test_a_module_without_layers_left_is_spared_with_them() -> None:
    rows = [
        LayerDamage(name, (name,), 10, 20.0) for name in ("a.0.conv", "a.0.gate", "a.1.conv", "b.left", "ab")
    ]
    rows += [LayerDamage("b.right", ("b", "b.right"), 10, 20.0), LayerDamage("own", (), 10, 20.0)]
    assert with_enclosing(frozenset({"a.0.conv"}), rows) == {"a.0.conv"}
    assert with_enclosing(frozenset({"a.0.conv", "a.0.gate"}), rows) == {"a.0.conv", "a.0.gate", "a.0"}
    first = frozenset({"a.0.conv", "a.0.gate", "a.1.conv", "b.right"})
    assert with_enclosing(first, rows) == first | {"a", "a.0", "a.1"}
    # One that a layer of its own and another's both need.
    assert with_enclosing(first | {"b"}, rows) == first | {"a", "a.0", "a.1", "b"}
    assert with_enclosing(frozenset(), rows) == frozenset()


def test_both_ends(tiny: tuple[Student, StudentConfig]) -> None:
    network = rewrite(*tiny).network
    analysis = Sensitivity(network, scheme_of(PRECISIONS["int8-static"]), pictures(TINY, 1))
    ends = analysis.ends(0.25, 1 / 32)
    assert {"local_cnn.conv_stem.conv", "head.opinion"} <= ends
    assert analysis.ends(1.0, 1.0) == {module for row in analysis.noise() for module in row.modules}
    assert analysis.ends(0.0, 0.0) == frozenset()


def channel_means(network: nn.Module, bias: str, scheme: Scheme | None = None) -> torch.Tensor:
    """Mean output per channel, over the pictures, of the layer with this bias; quantized by a scheme."""
    parameter = id(network.get_parameter(bias))
    means = []

    def visit(call: Call) -> torch.Tensor:
        clean = call.compute(call.weight, call.input)
        if id(call.bias) == parameter:
            output = quantized(call, scheme) if scheme else clean
            channel = output.dim() - 1 if call.weight.dim() == 2 else 1
            means.append(output.transpose(channel, 0).flatten(1).mean(1))
        return clean

    with visiting(network, visit, {}):
        for picture in pictures(TINY):
            network(torch.from_numpy(picture)[None])
    return torch.stack(means).mean(0)


def test_corrected_biases_bring_the_mean_back(tiny: tuple[Student, StudentConfig]) -> None:
    network = rewrite(*tiny).network
    scheme = scheme_of(PRECISIONS["int4-weights"])
    shifts = bias_shifts(network, scheme, pictures(TINY))
    assert "local_cnn.conv_stem.conv.bias" in {shift.bias for shift in shifts}
    for shift in (*shifts[::12], shifts[-1]):
        in_float = channel_means(network, shift.bias)
        before = (channel_means(network, shift.bias, scheme) - in_float).abs().max()
        corrected = deepcopy(network)
        assert correct_biases(corrected, [shift]) == 1
        after = (channel_means(corrected, shift.bias, scheme) - in_float).abs().max()
        assert after < 1e-4, shift.bias
        assert before > 10 * after, shift.bias


def test_biases_of_spared_layers_stay(tiny: tuple[Student, StudentConfig]) -> None:
    network = rewrite(*tiny).network
    shifts = bias_shifts(network, scheme_of(PRECISIONS["int4-weights"]), pictures(TINY, 1))
    before = {name: tensor.clone() for name, tensor in network.named_parameters()}
    assert correct_biases(network, shifts, frozenset(["local_cnn.conv_stem.conv"])) == len(shifts) - 1
    unchanged = {
        shift.bias for shift in shifts if torch.equal(network.get_parameter(shift.bias), before[shift.bias])
    }
    assert unchanged == {"local_cnn.conv_stem.conv.bias"}


@pytest.mark.parametrize("bounds", [Range(-2.0, -1.0), Range(1.0, 2.0)])
def test_a_range_of_one_sign_holds_zero_exactly(bounds: Range) -> None:
    values = torch.tensor([0.0, bounds.low, bounds.high])
    assert fake_activation(values, bounds).tolist() == pytest.approx(values.tolist(), abs=2 / 255 / 2)
    assert fake_activation(values, bounds)[0] == 0


def test_the_biases_of_layers_from_the_smallest_size_on_are_corrected() -> None:
    network = nn.Sequential(Floats(), nn.Linear(3, 2))
    treated = Treated(network, Scheme(bits=4), [np.full((4, 5, 3), 127, np.uint8)])
    for smallest, is_corrected in ((6, True), (7, False)):
        bias = treated.network(frozenset(), smallest).get_parameter("1.bias")
        assert torch.equal(bias, network[1].bias) is not is_corrected


def test_one_spared_module_of_a_layer_spares_its_bias() -> None:
    """The module that holds a weight and the one that multiplies with it are both of the layer."""
    network = nn.Sequential(nn.Linear(3, 2))
    shift = Shift(frozenset({"0", "reader"}), 6, "0.bias", torch.ones(2))
    assert correct_biases(network, [shift], frozenset({"reader"})) == 0
    assert correct_biases(network, [shift], frozenset({"other"})) == 1


def test_the_shift_is_that_of_the_quantized_layer() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3, 2))
    with torch.no_grad():
        network[1].weight.copy_(torch.tensor([[1.0, 0.0, 0.502 / 127], [1.0, 0.0, 0.0]]))
    wrapped = nn.Sequential(Floats(), network)
    (shift,) = bias_shifts(wrapped, Scheme(), [np.full((1, 1, 3), 127, np.uint8)])
    assert torch.allclose(shift.mean, torch.tensor([1 - 0.502, 0.0]), atol=1e-5)


def test_the_channels_of_a_linear_layer_come_last() -> None:
    network = nn.Sequential(Floats(), nn.Linear(3, 2))
    (shift,) = bias_shifts(network, Scheme(bits=4), [np.full((4, 5, 3), 127, np.uint8)])
    assert shift.mean.shape == (2,)


class Floats(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.float()
