"""The loader of students and that of any other network take and refuse the same files."""

from __future__ import annotations

import collections
import datetime
import types
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from mobileiqa_export.checkpoint import load_student
from mobileiqa_export.errors import CheckpointDamaged, CheckpointMismatch, CheckpointUnsafe
from mobileiqa_export.networks.weights import load_weights
from mobileiqa_export.student import Student, StudentConfig, build_student

State = dict[str, Tensor]


def prefixed(state: State, prefix: str) -> State:
    return {f"{prefix}{key}": value for key, value in state.items()}


def wrapped(state: State, name: str) -> State:
    """With a wrapper around every part of the network."""
    return {key.replace(".", f".{name}.", 1): value for key, value in state.items()}


def other(state: State) -> State:
    return {key: value + 1 for key, value in state.items()}


TAKEN: dict[str, Callable[[State], Any]] = {
    "lists": lambda state: {"models": [state]},
    "a tuple": lambda state: (state, 3),
    "four deep": lambda state: {"a": {"b": {"c": {"model": state}}}},
    "itself": lambda state: _endless({"model": state}),
    "prefix of two parts": lambda state: prefixed(state, "ema_model.module."),
    "FSDP": lambda state: prefixed(wrapped(state, "_fsdp_wrapped_module"), "_fsdp_wrapped_module."),
    "torch.compile of parts": lambda state: wrapped(state, "_orig_mod"),
    "DataParallel of parts": lambda state: wrapped(state, "module"),
    "activation checkpoints": lambda state: wrapped(state, "_checkpoint_wrapped_module"),
    "counters of others": lambda state: {**state, "x.num_batches_tracked": torch.tensor(3)},
    "counts of operations": lambda state: {
        **state,
        "total_ops": torch.ones(1),
        "total_params": torch.ones(1),
    },
    "optimizer": lambda state: {"net": state, "optimizer": {"state": {0: {"step": torch.ones(())}}}},
    "words of numpy": lambda state: {"model": state, "classes": np.array(["a", "b"])},
    "a date": lambda state: {"model": state, "at": datetime.datetime(2026, 1, 1)},
    "a namespace": lambda state: {"model": state, "args": types.SimpleNamespace(lr=1)},
    "parameters": lambda state: {key: nn.Parameter(value) for key, value in state.items()},
    "transposed": lambda state: {
        key: value.mT.contiguous().mT if value.dim() > 1 else value for key, value in state.items()
    },
    "the same twice": lambda state: {
        "model": state,
        "ema": {key: value.clone() for key, value in state.items()},
    },
    "part of another": lambda state: {"model": state, "ema": dict(list(other(state).items())[:-1])},
}
AMBIGUOUS: dict[str, tuple[Callable[[State], Any], str]] = {
    "ema": (lambda state: {"model": state, "model_ema": other(state)}, "model_ema"),
    "ema in DataParallel": (
        lambda state: {"model": state, "model_ema": prefixed(other(state), "module.")},
        "model_ema.module",
    ),
    "ema of FSDP": (
        lambda state: {"model": state, "ema": wrapped(other(state), "_fsdp_wrapped_module")},
        "ema",
    ),
    "two in a list": (lambda state: {"models": [state, other(state)]}, "models.1"),
    "two prefixes": (
        lambda state: {"state_dict": {**prefixed(state, "a."), **prefixed(other(state), "b.")}},
        "state_dict.b",
    ),
    "another precision": (
        lambda state: {"model": state, "ema": {key: value.half() + 1 for key, value in state.items()}},
        "ema",
    ),
}
REFUSED: dict[str, Callable[[State], Any]] = {
    "float8": lambda state: {key: value.to(torch.float8_e4m3fn) for key, value in state.items()},
    "quantized": lambda state: {
        key: torch.quantize_per_tensor(value, 0.1, 0, torch.qint8) for key, value in state.items()
    },
    "sparse": lambda state: {key: value.to_sparse() for key, value in state.items()},
    "without data": lambda state: {key: value.to("meta") for key, value in state.items()},
    "without data twice": lambda state: {"model": state, "ema": {k: v.to("meta") for k, v in state.items()}},
    "numpy": lambda state: {key: value.numpy() for key, value in state.items()},
    "empty": lambda state: {},
    "shards": lambda state: dict(list(state.items())[: len(state) // 2]),
    "a key too many": lambda state: {**state, "aux.weight": torch.ones(2)},
    "averages in a list": lambda state: {"shadow_params": list(state.values())},
}


def _endless(content: dict[str, Any]) -> dict[str, Any]:
    content["self"] = content
    return content


@pytest.fixture
def state(tiny: tuple[Student, StudentConfig]) -> State:
    return dict(tiny[0].state_dict())


@pytest.fixture
def network(tiny: tuple[Student, StudentConfig]) -> nn.Module:
    return build_student(tiny[1])


def same(network: nn.Module, state: State) -> bool:
    return all(torch.equal(value, state[key]) for key, value in network.state_dict().items())


@pytest.mark.parametrize("kind", TAKEN)
def test_both_take(kind: str, state: State, network: nn.Module, tmp_path: Path) -> None:
    torch.save(TAKEN[kind](state), tmp_path / "s.pth")
    loaded, chosen = load_student(tmp_path / "s.pth"), load_weights(network, tmp_path / "s.pth")
    assert same(loaded.network, state)
    assert same(network, state)
    assert loaded.origin == chosen.origin


@pytest.mark.parametrize("kind", AMBIGUOUS)
def test_both_let_choose(kind: str, state: State, network: nn.Module, tmp_path: Path) -> None:
    content, name = AMBIGUOUS[kind]
    path = tmp_path / "s.pth"
    torch.save(content(state), path)
    with pytest.raises(CheckpointMismatch) as first:
        load_student(path)
    with pytest.raises(CheckpointMismatch) as second:
        load_weights(network, path)
    assert first.value.reason == second.value.reason
    assert " 2 state_dicts" in first.value.reason
    assert f"; {name};" in first.value.reason
    load_weights(network, path, name)
    assert not same(network, state)
    assert same(load_student(path, weights=name).network, dict(network.state_dict()))


@pytest.mark.parametrize("kind", REFUSED)
def test_both_refuse(kind: str, state: State, network: nn.Module, tmp_path: Path) -> None:
    torch.save(REFUSED[kind](state), tmp_path / "s.pth")
    with pytest.raises((CheckpointMismatch, CheckpointDamaged)) as first:
        load_student(tmp_path / "s.pth")
    with pytest.raises((CheckpointMismatch, CheckpointDamaged)) as second:
        load_weights(network, tmp_path / "s.pth")
    assert type(first.value) is type(second.value)


def _zip(path: Path, names: list[str]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"content")


OTHER_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "numpy": (lambda path: np.savez(path.open("wb"), a=np.ones(2)), "numpy"),
    "one array": (lambda path: np.save(path.open("wb"), np.ones(2)), "numpy"),
    "onnx": (lambda path: path.write_bytes(b"\x08\x0a\x12\x07pytorch" + bytes(90)), "ONNX"),
    "tflite": (lambda path: path.write_bytes(b"\x1c\0\0\0TFL3" + bytes(90)), "TFLite"),
    "keras": (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(90)), "HDF5"),
    "photo": (lambda path: path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(90)), "JPEG"),
    "gzip": (lambda path: path.write_bytes(b"\x1f\x8b\x08" + bytes(90)), "gzip"),
    "tar": (lambda path: path.write_bytes(bytes(257) + b"ustar" + bytes(300)), "tar"),
    "zip": (lambda path: _zip(path, ["weights/net.pth", "README"]), "zip"),
    "index": (lambda path: path.write_bytes(b'{"weight_map": {"a": "x-1-of-2"}}'), "several files"),
    "json": (lambda path: path.write_bytes(b'{"lr": 1}'), "JSON"),
    "page": (lambda path: path.write_bytes(b"\n<!DOCTYPE html><p>404"), "web page"),
    "pointer": (
        lambda path: path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n"),
        "git lfs pull",
    ),
}


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".onnx"])
@pytest.mark.parametrize("kind", OTHER_FILES)
def test_other_files_are_called_what_they_are(
    kind: str, suffix: str, network: nn.Module, tmp_path: Path
) -> None:
    write, word = OTHER_FILES[kind]
    path = tmp_path / f"file{suffix}"
    write(path)
    for load in (load_student, lambda path: load_weights(network, path)):
        with pytest.raises((CheckpointMismatch, CheckpointDamaged), match=word):
            load(path)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".bin", ""])
@pytest.mark.parametrize("kind", ["torch", "legacy", "safetensors"])
def test_the_suffix_does_not_matter(kind: str, suffix: str, state: State, tmp_path: Path) -> None:
    path = tmp_path / f"file{suffix}"
    if kind == "safetensors":
        path.write_bytes(safetensors.torch.save(state))
    else:
        torch.save(state, path, _use_new_zipfile_serialization=kind == "torch")
    assert same(load_student(path).network, state)


def test_a_folder_says_what_is_in_it(state: State, tmp_path: Path) -> None:
    torch.save(state, tmp_path / "net.pth")
    with pytest.raises(Exception, match=r"net\.pth"):
        load_student(tmp_path)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (collections.defaultdict(list), "defaultdict"),
        (np.array([None]), "ObjectDType"),
        (range(3), "range"),
        (nn.L1Loss(), "L1Loss"),
    ],
)
def test_what_is_more_than_tensors_is_named(value: object, name: str, state: State, tmp_path: Path) -> None:
    torch.save({"model": state, "beside": value}, tmp_path / "s.pth")
    with pytest.raises(CheckpointUnsafe, match=name):
        load_student(tmp_path / "s.pth")
