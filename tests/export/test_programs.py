"""Tracing a network: what is said if it fails, and that nothing of it stays in the network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mobileiqa_export.blame import operator_of
from mobileiqa_export.errors import NetworkUnfit
from mobileiqa_export.formats import Format, save
from mobileiqa_export.precisions import FP32
from mobileiqa_export.programs import program_of

from .jobs import job, network


class Head(nn.Module):
    def __init__(self, code: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.code = code

    def forward(self, x: Tensor) -> Tensor:
        return self.code(x)


class Net(nn.Module):
    """A layer, and a part in a list that keeps the last thing it computed."""

    def __init__(self, code: Callable[[Tensor], Tensor] = torch.sum) -> None:
        super().__init__()
        self.stem, self.head, self.hidden = nn.Linear(3, 3), Head(code), [Head(torch.sigmoid)]

    def forward(self, x: Tensor) -> Tensor:
        part: Any = self.hidden[0]
        part.last = part(self.stem(x.float()))
        out: Tensor = self.head(part.last)
        return out


PIXELS = torch.full((1, 4, 4, 3), 7, dtype=torch.uint8)


def branching(x: Tensor) -> Tensor:
    return x.sum() if x.sum() > 0 else x.mean()


def test_the_module_and_the_operator_are_named() -> None:
    with pytest.raises(NetworkUnfit, match=r"torch\.Tensor\.__bool__ in head \(Head\) prevents"):
        program_of(Net(branching).eval(), PIXELS)


def test_memory_is_not_the_networks_fault() -> None:
    def large(x: Tensor) -> Tensor:
        raise MemoryError

    with pytest.raises(MemoryError):
        program_of(Net(large).eval(), PIXELS)


def test_an_error_of_ours_stays_as_it_is() -> None:
    def unfit(x: Tensor) -> Tensor:
        raise NetworkUnfit("the answer is not a score")

    with pytest.raises(NetworkUnfit, match=r"^the answer is not a score$"):
        program_of(Net(unfit).eval(), PIXELS)


@pytest.mark.parametrize("trace", [program_of, lambda *pair: operator_of(*pair, RuntimeError("aten.svd"))])
def test_nothing_stays_in_the_network(trace: Callable[[nn.Module, Tensor], Any]) -> None:
    network = Net().eval()
    with torch.inference_mode():
        before = network(PIXELS)
    kept: Any = network.hidden[0]
    last = kept.last
    trace(network, PIXELS)
    assert kept.last is last
    with torch.inference_mode():
        assert torch.equal(network(PIXELS), before)
    assert all(not module._forward_hooks for module in network.modules())


def test_writers_get_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[nn.Module] = []
    fake = SimpleNamespace(save=lambda job: given.append(job.network))
    monkeypatch.setattr(Format, "load", lambda self: fake)
    original = network("tiny")
    save("onnx", job("tiny", FP32, tmp_path / "out", network=original))
    assert given[0] is not original
    assert {id(each) for each in given[0].parameters()} == {id(each) for each in original.parameters()}
