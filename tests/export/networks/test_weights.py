"""A checkpoint into a network of any class."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import nn

from mobileiqa_export.errors import CheckpointDamaged, CheckpointMismatch, CheckpointUnsafe
from mobileiqa_export.networks.weights import digest, load_weights
from mobileiqa_export.state_dicts import fitting

from ..standins import FILE, seeded


def other() -> nn.Module:
    """With other weights than the network that is saved."""
    network = seeded("NIMA")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1)
    return network


def state() -> dict[str, torch.Tensor]:
    return seeded("NIMA").state_dict()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda s: s,
        lambda s: {"state_dict": s, "epoch": 3},
        lambda s: {"params": s},
        lambda s: {"optimizer": {"state": {0: torch.ones(3)}}, "model": {"net": s}},
        lambda s: {f"module.{k}": v for k, v in s.items()},
        lambda s: {"state_dict": {f"_orig_mod.module.{k}": v for k, v in s.items()}},
        lambda s: {k: v.half() if v.is_floating_point() else v for k, v in s.items()},
        lambda s: {k: v for k, v in s.items() if "num_batches" not in k},
        lambda s: {k: v.half() for k, v in s.items()},
        lambda s: {k: v.double() for k, v in s.items()},
        lambda s: {"state_dict": {**{f"iqa.{k}": v for k, v in s.items()}, "loss.weight": torch.ones(2)}},
    ],
    ids=[
        *("plain", "lightning", "basicsr", "deep", "parallel", "compiled", "half", "no counters"),
        *("half counters", "double", "any prefix beside a loss"),
    ],
)
def test_where_people_put_weights(wrap: Any, tmp_path: Path) -> None:
    torch.save(wrap(state()), tmp_path / "net.pth")
    network = other()
    load_weights(network, tmp_path / "net.pth")
    for key, value in network.state_dict().items():
        torch.testing.assert_close(value, state()[key], atol=1e-3, rtol=1e-3)


def test_safetensors(tmp_path: Path) -> None:
    safetensors.torch.save_file(state(), tmp_path / "net.safetensors")
    network = other()
    load_weights(network, tmp_path / "net.safetensors")
    assert digest(network, {}) == digest(seeded("NIMA"), {}) != digest(other(), {})


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda s: {**s, "extra": torch.ones(1)}, CheckpointMismatch, r"1 keys NIMA .*extra"),
        (lambda s: {k: v for k, v in s.items() if k != "head.1.bias"}, CheckpointMismatch, "1 keys missing"),
        (
            lambda s: {**s, "head.1.bias": torch.ones(5)},
            CheckpointMismatch,
            r"head.1.bias is \[5\], not \[10\].*arch.kwargs",
        ),
        (lambda s: {**s, "head.1.bias": torch.full((10,), torch.nan)}, CheckpointDamaged, "NaN"),
        (lambda s: {**s, "head.1.bias": torch.ones(10, dtype=torch.int8)}, CheckpointMismatch, "int8"),
        (lambda s: {"epoch": 3}, CheckpointMismatch, "state_dict.*epoch"),
        (lambda s: [1, 2], CheckpointMismatch, "state_dict.*list"),
        (lambda s: {"args": Fraction(1, 3), **s}, CheckpointUnsafe, "fractions.Fraction"),
    ],
)
def test_what_does_not_fit(change: Any, error: type[Exception], said: str, tmp_path: Path) -> None:
    torch.save(change(state()), tmp_path / "net.pth")
    network, before = other(), digest(other(), {})
    with pytest.raises(error, match=rf"net\.pth: .*{said}"):
        load_weights(network, tmp_path / "net.pth")
    assert digest(network, {}) == before, "half of it was loaded"


def test_a_whole_network_is_not_unpickled(tmp_path: Path) -> None:
    torch.save(seeded("NIMA"), tmp_path / "net.pth")
    with pytest.raises(CheckpointUnsafe, match="was not run"):
        load_weights(other(), tmp_path / "net.pth")


def test_one_value_cannot_fill_the_memory(tmp_path: Path) -> None:
    network = nn.Linear(4000, 4000)
    torch.save({"weight": torch.ones(1).expand(4000, 4000), "bias": torch.ones(4000)}, tmp_path / "net.pth")
    with pytest.raises(CheckpointDamaged, match="bytes"):
        load_weights(network, tmp_path / "net.pth")


class Wrapped(nn.Module):
    """The network that was trained, inside another one."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))


def test_a_prefix_that_only_the_network_has(tmp_path: Path) -> None:
    """As in docs/other-networks.md, where a published network is wrapped in a module of one's own."""
    saved, network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), Wrapped()
    torch.save(saved.state_dict(), tmp_path / "net.pth")
    chosen = load_weights(network, tmp_path / "net.pth")
    assert torch.equal(network.get_parameter("net.0.weight"), saved.get_parameter("0.weight"))
    assert (chosen.name, chosen.added) == ("", "net.")


def test_a_prefix_on_each_side(tmp_path: Path) -> None:
    saved, network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), Wrapped()
    torch.save({f"model.{key}": value for key, value in saved.state_dict().items()}, tmp_path / "net.pth")
    chosen = load_weights(network, tmp_path / "net.pth")
    assert torch.equal(network.get_parameter("net.0.weight"), saved.get_parameter("0.weight"))
    assert all(word in chosen.origin for word in ("model", "net"))


def test_layers_that_share_their_weights(tmp_path: Path) -> None:
    """A state_dict repeats them, and its file does not."""
    layer = nn.Linear(50, 50)
    saved = nn.Sequential(*[layer] * 12)
    torch.save(saved.state_dict(), tmp_path / "net.pth")
    network = nn.Sequential(*[nn.Linear(50, 50)] * 12)
    load_weights(network, tmp_path / "net.pth")
    assert torch.equal(network.get_parameter("11.weight"), layer.weight)


def test_a_file_of_several_is_called_one(tmp_path: Path) -> None:
    first = dict(list(state().items())[:3])
    safetensors.torch.save_file(first, tmp_path / "model-00001-of-00002.safetensors")
    with pytest.raises(CheckpointMismatch, match="00001-of-00002"):
        load_weights(seeded("NIMA"), tmp_path / "model-00001-of-00002.safetensors")


@pytest.mark.parametrize("names", [("state_dict", "state_dict_ema"), ("params_ema", "params")])
def test_of_two_that_fit_one_must_be_chosen(names: tuple[str, str], tmp_path: Path) -> None:
    torch.save(dict(zip(names, (state(), other().state_dict()), strict=True)), tmp_path / "net.pth")
    with pytest.raises(CheckpointMismatch) as caught:
        load_weights(seeded("NIMA"), tmp_path / "net.pth")
    assert all(name in caught.value.reason for name in names)
    network = seeded("NIMA")
    assert load_weights(network, tmp_path / "net.pth", names[1]).name == names[1]
    assert digest(network, {}) == digest(other(), {})


def test_buffers_that_repeat_their_values(tmp_path: Path) -> None:
    class Grid(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3, 1)
            y, x = torch.meshgrid(torch.arange(384.0), torch.arange(512.0), indexing="ij")
            self.register_buffer("y", y)
            self.register_buffer("x", x)

    torch.save(Grid().state_dict(), tmp_path / "net.pth")
    network = Grid()
    load_weights(network, tmp_path / "net.pth")
    assert torch.equal(network.get_buffer("y"), Grid().get_buffer("y"))


@pytest.mark.parametrize("key", ["state_dict", "state_dict_ema"])
def test_the_command_chooses(key: str, run: Callable[..., Any], tmp_path: Path) -> None:
    """``--weights`` reaches other networks; without it the command lists what there is."""
    path = tmp_path / "net.pth"
    torch.save({"state_dict": state(), "state_dict_ema": other().state_dict()}, path)
    options = ("--arch", f"{FILE}:NIMA", "--input-size", "65x97", "--checkpoint", path, "--format", "onnx")
    bins = ("--config", "output.bins = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", "-o", tmp_path / "out")
    refused = run("export", *options, *bins)
    assert refused.code != 0
    assert "state_dict_ema" in refused.err
    assert "Traceback" not in refused.err
    wrong = run("export", *options, *bins, "--weights", f"{key}_other")
    assert wrong.code != 0
    assert f"{key}_other" in wrong.err


def test_a_prefix_ends_with_a_dot() -> None:
    """``10.weight`` is not ``0.weight`` under a prefix of ``1``."""
    content = {"0.weight": torch.ones(1), "10.weight": torch.ones(1), "a.0.weight": torch.ones(1)}
    parts = fitting(content, ["0.weight", "1.weight"], lambda tensors: tensors.keys() == {"0.weight"})
    assert [part.name for part in parts] == ["a"]


def test_a_network_that_holds_another_is_taken_whole() -> None:
    content = {"0.weight": torch.ones(1), "inner.0.weight": torch.ones(1)}
    parts = fitting(content, ["0.weight"], lambda tensors: "0.weight" in tensors)
    assert [part.name for part in parts] == [""]
    beside = {"a.0.weight": torch.ones(1), "b.0.weight": torch.zeros(1)}
    parts = fitting(beside, ["0.weight"], lambda tensors: "0.weight" in tensors)
    assert [part.name for part in parts] == ["a", "b"]
