"""A checkpoint into a network of any class."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from standins import seeded
from torch import nn

from mobileiqa_export.errors import CheckpointDamaged, CheckpointMismatch, CheckpointUnsafe
from mobileiqa_export.networks.weights import digest, load_weights


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
    ],
    ids=["plain", "lightning", "basicsr", "deep", "parallel", "compiled", "half", "no counters"],
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
    assert digest(network) == digest(seeded("NIMA")) != digest(other())


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda s: {**s, "extra": torch.ones(1)}, CheckpointMismatch, r"1 keys NIMA has not .extra"),
        (lambda s: {k: v for k, v in s.items() if k != "head.1.bias"}, CheckpointMismatch, "1 keys missing"),
        (
            lambda s: {**s, "head.1.bias": torch.ones(5)},
            CheckpointMismatch,
            r"head.1.bias is \[5\], not \[10\].; give arch.kwargs that fit it",
        ),
        (lambda s: {**s, "head.1.bias": torch.full((10,), torch.nan)}, CheckpointDamaged, "NaN or infinite"),
        (lambda s: {**s, "head.1.bias": torch.ones(10, dtype=torch.int8)}, CheckpointMismatch, "int8"),
        (
            lambda s: {**s, "features.0.1.num_batches_tracked": torch.tensor(1.0)},
            CheckpointMismatch,
            r"num_batches_tracked is torch.float32; torch.int64 is wanted",
        ),
        (lambda s: {"epoch": 3}, CheckpointMismatch, "holds no state_dict, but epoch"),
        (lambda s: [1, 2], CheckpointMismatch, "holds no state_dict, but a list"),
        (lambda s: {"args": argparse.Namespace(), **s}, CheckpointUnsafe, "it was not run"),
    ],
)
def test_what_does_not_fit(change: Any, error: type[Exception], said: str, tmp_path: Path) -> None:
    torch.save(change(state()), tmp_path / "net.pth")
    network, before = other(), digest(other())
    with pytest.raises(error, match=rf"net\.pth: .*{said}"):
        load_weights(network, tmp_path / "net.pth")
    assert digest(network) == before, "half of it was loaded"


def test_a_whole_network_is_not_unpickled(tmp_path: Path) -> None:
    torch.save(seeded("NIMA"), tmp_path / "net.pth")
    with pytest.raises(CheckpointUnsafe, match="was not run"):
        load_weights(other(), tmp_path / "net.pth")


def test_one_value_cannot_fill_the_memory(tmp_path: Path) -> None:
    network = nn.Linear(4000, 4000)
    torch.save({"weight": torch.ones(1).expand(4000, 4000), "bias": torch.ones(4000)}, tmp_path / "net.pth")
    with pytest.raises(CheckpointDamaged, match="more weights than the file has bytes"):
        load_weights(network, tmp_path / "net.pth")
