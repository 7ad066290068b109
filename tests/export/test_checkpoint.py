"""Checkpoint files: every form that a student comes in, and what is said of everything else."""

from __future__ import annotations

import argparse
import json
import os
import pickle
import stat
import struct
import zipfile
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from mobileiqa_export.checkpoint import Checkpoint, LoadedStudent, load_student, save_checkpoint
from mobileiqa_export.checkpoint_file import METADATA_KEY
from mobileiqa_export.errors import (
    CheckpointDamaged,
    CheckpointError,
    CheckpointMismatch,
    CheckpointNotFound,
    CheckpointUnsafe,
    TeacherCheckpoint,
)
from mobileiqa_export.student import Student, StudentConfig
from mobileiqa_sdk.library import sha256_of

from .conftest import SMALL, TINY, filled

State = dict[str, Tensor]
PUBLISHED_SIZE = StudentConfig().input_size


def write(path: Path, content: Any, *, legacy: bool = False) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    return path


def write_safetensors(path: Path, state: State, metadata: dict[str, str] | None = None) -> Path:
    path.write_bytes(safetensors.torch.save(state, metadata))
    return path


def same(student: Student, state: State) -> bool:
    actual = student.state_dict()
    return list(actual) == list(state) and all(torch.equal(actual[key], state[key]) for key in state)


@pytest.fixture(scope="module")
def state(tiny: tuple[Student, StudentConfig]) -> State:
    return dict(tiny[0].state_dict())


@pytest.fixture(scope="module")
def attention(small: tuple[Student, StudentConfig]) -> State:
    return dict(small[0].state_dict())


WRAPPINGS: dict[str, Callable[[State], Any]] = {
    "plain": lambda state: state,
    "ordered": OrderedDict,
    "state_dict": lambda state: {"state_dict": state, "epoch": 7, "optimizer": {0: torch.ones(3)}},
    "model": lambda state: {"epoch": 7, "model": state, "best": 0.9},
    "student": lambda state: {"student": state, "teacher": {"global_vit.x": torch.ones(2)}},
    "nested": lambda state: {"student": {"state_dict": state}, "args": {"lr": 0.1}},
    "beside others": lambda state: {**state, "epoch": 7, "name": "a name", 3: torch.ones(2)},
    "module.": lambda state: {f"module.{key}": value for key, value in state.items()},
    "_orig_mod.": lambda state: {"model": {f"_orig_mod.{key}": value for key, value in state.items()}},
    "params": lambda state: {"params": state},
    "net": lambda state: {"net": state, "lr": 0.1},
    "model_state_dict": lambda state: {"model_state_dict": state, "epoch": 3},
    "Lightning, net.": lambda state: {"state_dict": {f"net.{key}": value for key, value in state.items()}},
    "Lightning with a loss": lambda state: {
        "state_dict": {
            **{f"model.{key}": value for key, value in state.items()},
            "loss.weight": torch.ones(2),
        }
    },
    "numpy scalar": lambda state: {"model": state, "best": np.float64(0.9), "all": np.ones(3)},
    "namespace": lambda state: {"model": state, "args": argparse.Namespace(lr=1, out=Path("runs"))},
    "the same twice": lambda state: {"model": state, "ema": dict(state)},
    "module._orig_mod.": lambda state: {f"module._orig_mod.{key}": value for key, value in state.items()},
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_every_wrapping_is_opened(wrapping: str, state: State, tmp_path: Path) -> None:
    path = write(tmp_path / "student.pkl", WRAPPINGS[wrapping](state))
    loaded = load_student(path)
    assert same(loaded.network, state)
    assert loaded.config == StudentConfig.from_dict({**TINY.to_dict(), "input_size": PUBLISHED_SIZE})
    assert loaded.info == {}


@pytest.mark.parametrize("names", [("model", "ema"), ("ema", "model"), ("student", "teacher")])
def test_of_two_students_one_must_be_chosen(names: tuple[str, str], state: State, tmp_path: Path) -> None:
    other = {key: value + 1 for key, value in state.items()}
    path = write(tmp_path / "two.pth", dict(zip(names, (state, other), strict=True)))
    with pytest.raises(CheckpointMismatch) as caught:
        load_student(path)
    assert all(name in caught.value.reason for name in (*names, "--weights"))
    assert same(load_student(path, weights=names[0]).network, state)
    assert same(load_student(path, weights=names[1]).network, other)
    with pytest.raises(CheckpointMismatch, match=names[0]):
        load_student(path, weights="other")


def test_of_two_students_in_one_state_dict(state: State, tmp_path: Path) -> None:
    other = {key: value + 1 for key, value in state.items()}
    both = {f"net.{key}": value for key, value in state.items()}
    both |= {f"ema_net.{key}": value for key, value in other.items()}
    path = write(tmp_path / "two.ckpt", {"state_dict": both})
    with pytest.raises(CheckpointMismatch, match=r"state_dict\.ema_net"):
        load_student(path)
    assert same(load_student(path, weights="state_dict.ema_net").network, other)


def test_programs_are_called_what_they_are(tmp_path: Path) -> None:
    network = nn.Linear(2, 1)
    torch.jit.trace(network, torch.ones(1, 2)).save(tmp_path / "script.pt")
    torch.export.save(torch.export.export(network, (torch.ones(1, 2),)), tmp_path / "program.pt2")
    for name, kind in (("script.pt", "TorchScript"), ("program.pt2", "torch.export")):
        with pytest.raises(CheckpointMismatch, match=kind):
            load_student(tmp_path / name)


def test_a_program_with_much_source_is_called_one(tmp_path: Path) -> None:
    # TorchScript compresses its source, and so may hold more bytes than its file has.
    with zipfile.ZipFile(tmp_path / "script.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("script/constants.pkl", b"constants")
        archive.writestr("script/code/__torch__.py", b"# source\n" * 1000)
    with pytest.raises(CheckpointMismatch, match="TorchScript"):
        load_student(tmp_path / "script.pt")


def test_a_file_that_may_not_be_read(state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "s.pth", state)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(CheckpointError, match="permission") as caught:
        load_student(path)
    monkeypatch.undo()
    assert type(caught.value) is CheckpointError


def test_what_is_unsafe_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "s.pth", {"model": {"a": torch.ones(1)}, "runs": Runs(tmp_path / "marker")})
    with pytest.raises(CheckpointUnsafe, match="mkdir"):
        load_student(path)
    assert not (tmp_path / "marker").exists()
    path = write(
        tmp_path / "s.pth", {"model": {"a": torch.ones(1)}, "log": defaultdict(list, {"loss": [1.0]})}
    )
    with pytest.raises(CheckpointUnsafe, match="defaultdict"):
        load_student(path)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("suffix", [".pkl", ".pth", ".pt", ""])
def test_every_suffix_is_opened(suffix: str, legacy: bool, state: State, tmp_path: Path) -> None:
    path = write(tmp_path / f"student{suffix}", state, legacy=legacy)
    loaded = load_student(str(path))
    assert same(loaded.network, state)
    assert loaded.sha256 == sha256_of(path)


def test_the_published_form_is_inferred(attention: State, tmp_path: Path) -> None:
    loaded = load_student(write(tmp_path / "small.pth", attention))
    assert loaded.config == StudentConfig.from_dict({**SMALL.to_dict(), "input_size": PUBLISHED_SIZE})
    assert same(loaded.network, attention)


def test_safetensors_without_metadata(state: State, tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "student.SafeTensors", state)
    loaded = load_student(path)
    assert same(loaded.network, state)
    assert loaded.config.input_size == PUBLISHED_SIZE


def test_the_student_is_ready_for_use(state: State, tmp_path: Path) -> None:
    parameters = {key: nn.Parameter(value.half()) for key, value in state.items() if value.ndim}
    student = load_student(write(tmp_path / "s.pt", parameters)).network
    assert not student.training
    assert all(p.requires_grad and p.is_leaf for p in student.parameters())
    assert not any(b.requires_grad for b in student.buffers())
    assert all(value.device.type == "cpu" for value in student.state_dict().values())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("save", [write, write_safetensors])
def test_other_precisions_become_float32(
    save: Callable[[Path, State], Path], dtype: torch.dtype, state: State, tmp_path: Path
) -> None:
    suffix = ".safetensors" if save is write_safetensors else ".pth"
    path = save(tmp_path / f"student{suffix}", {key: value.to(dtype) for key, value in state.items()})
    actual = load_student(path).network.state_dict()
    for key, value in state.items():
        assert actual[key].dtype == torch.float32
        assert torch.equal(actual[key], value.to(dtype).float())


def test_batch_counters_may_be_missing(attention: State, tmp_path: Path) -> None:
    without = {key: value for key, value in attention.items() if not key.endswith("num_batches_tracked")}
    assert len(without) < len(attention)
    assert same(load_student(write(tmp_path / "s.pth", without)).network, attention)


def test_a_checkpoint_describes_itself(tiny_checkpoint: Path, state: State) -> None:
    loaded = load_student(tiny_checkpoint)
    assert loaded.config == TINY
    assert same(loaded.network, state)
    assert {key: loaded.info[key] for key in ("name", "version", "licence")} == {
        "name": "tiny",
        "version": "1.2",
        "licence": "Apache-2.0",
    }


def test_saving_and_loading_again(attention: State, tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    save_checkpoint(path, filled(SMALL), SMALL, name="small", training={"epochs": 3})
    loaded = load_student(path)
    assert (loaded.config, loaded.info["training"]) == (SMALL, {"epochs": 3})
    assert same(loaded.network, attention)
    first = path.read_bytes()
    save_checkpoint(path, loaded.network, loaded.config, name="small", training={"epochs": 3})
    assert path.read_bytes() == first


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_a_saved_file_can_be_read_by_others(tiny: tuple[Student, StudentConfig], tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    save_checkpoint(tmp_path / "s.safetensors", *tiny)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "s.safetensors")]
    assert modes[0] == modes[1]


def test_a_loaded_student_outlives_its_file(state: State, tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "s.safetensors", state)
    loaded = load_student(path)
    path.write_bytes(b"other")
    assert same(loaded.network, state)


def test_the_input_size_can_be_chosen(tiny_checkpoint: Path) -> None:
    assert load_student(tiny_checkpoint, input_size=(64, 96)).config.input_size == (64, 96)
    for wrong in ((8, 8), (9000, 64)):
        with pytest.raises(CheckpointMismatch, match="input_size"):
            load_student(tiny_checkpoint, input_size=wrong)


def test_the_config_can_be_given(state: State, tmp_path: Path) -> None:
    path = write(tmp_path / "s.pth", state)
    assert load_student(path, config=TINY).config == TINY
    with pytest.raises(CheckpointMismatch, match="an attention student"):
        load_student(path, config=SMALL)


@pytest.mark.parametrize("name", ["none.pth", "none.safetensors", "no/such/folder.pth", "x" * 5000, "a\0b"])
def test_a_missing_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(CheckpointNotFound, match="no such file"):
        load_student(tmp_path / name)


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(CheckpointNotFound, match="is a folder") as caught:
        load_student(tmp_path)
    assert caught.value.path == str(tmp_path)


RUBBISH = {
    "empty": b"",
    "one byte": b"\x80",
    "random": bytes(range(256)) * 40,
    "zeros": bytes(5000),
    "text": b"This is no checkpoint.\n" * 20,
    "page": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n",
    "zip": b"PK\x05\x06" + bytes(18),
    "huge header": struct.pack("<Q", 2**62) + b"{}",
}


@pytest.mark.parametrize("suffix", [".pkl", ".safetensors"])
@pytest.mark.parametrize("kind", RUBBISH)
def test_rubbish(kind: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"rubbish{suffix}"
    path.write_bytes(RUBBISH[kind])
    with pytest.raises(CheckpointDamaged) as caught:
        load_student(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
def test_truncated_files(kind: str, state: State, tmp_path: Path) -> None:
    if kind == "safetensors":
        path = write_safetensors(tmp_path / "s.safetensors", state)
    else:
        path = write(tmp_path / "s.pth", state, legacy=kind == "legacy")
    whole = path.read_bytes()
    for length in (1, 8, 100, 3000, 20_000, len(whole) // 2, len(whole) - 100, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointDamaged):
            load_student(path)


class Runs:
    """Unpickled, it would make a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("kind", ["zip", "legacy", 2, 3, 4, 5])
@pytest.mark.parametrize("suffix", [".pkl", ".pt"])
def test_code_is_not_run(kind: str | int, suffix: str, tmp_path: Path) -> None:
    marker, path = tmp_path / "marker", tmp_path / f"student{suffix}"
    content = {"state_dict": {"local_cnn.bn1.weight": torch.ones(3)}, "epoch": Runs(marker)}
    if isinstance(kind, int):
        path.write_bytes(pickle.dumps({"epoch": Runs(marker)}, protocol=kind))
    else:
        write(path, content, legacy=kind == "legacy")
    with pytest.raises(CheckpointUnsafe, match="it was not run"):
        load_student(path)
    assert not marker.exists()
    pickle.loads(pickle.dumps(Runs(marker)))  # noqa: S301 - what it would have done
    assert marker.exists()


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_a_whole_module_is_unsafe(legacy: bool, tmp_path: Path) -> None:
    path = write(tmp_path / "s.pth", nn.Sequential(nn.Linear(2, 2)), legacy=legacy)
    with pytest.raises(CheckpointUnsafe, match="state_dict"):
        load_student(path)


@pytest.mark.parametrize("beside", [{}, {"LDA1.cnn2.weight": torch.ones(16, 8, 1, 1)}])
@pytest.mark.parametrize("key", ["global_vit.blocks.0.norm1.weight", "LGF1.cnn.weight"])
def test_the_teacher_is_recognised(key: str, beside: State, tmp_path: Path) -> None:
    path = write(
        tmp_path / "teacher.pkl", {f"module.{k}": v for k, v in {key: torch.ones(4), **beside}.items()}
    )
    with pytest.raises(TeacherCheckpoint, match="teacher"):
        load_student(path)


def test_a_teacher_beside_all_that_a_student_has(attention: State, tmp_path: Path) -> None:
    path = write(tmp_path / "teacher.pkl", {**attention, "global_vit.cls_token": torch.ones(4)})
    with pytest.raises(TeacherCheckpoint):
        load_student(path)


OTHERS: dict[str, State] = {
    "sequential": dict(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Linear(4, 1)).state_dict()),
    "torchvision": {
        "features.0.0.weight": torch.ones(16, 3, 3, 3),
        "features.0.1.num_batches_tracked": torch.tensor(3),
        "classifier.3.bias": torch.ones(1000),
    },
    "swin": {"layers.0.blocks.0.attn.relative_position_index": torch.ones(49, 49, dtype=torch.int64)},
    "half a moments student": {"head.mean": torch.ones(5), "head.hidden.bias": torch.ones(2)},
    "flat": {"head.opinion.weight": torch.ones(3)},
    "scalar": {"LDA1.cnn2.weight": torch.tensor(1.0)},
    "no grid": {"LDA1.cnn2.weight": torch.ones(16, 8, 1, 1)},
    "scalar grid": {
        "LDA1.cnn2.weight": torch.ones(16, 8, 1, 1),
        "fusion_mal.feature_attention.c_q.weight": torch.tensor(1.0),
    },
}


@pytest.mark.parametrize("kind", OTHERS)
def test_another_network(kind: str, tmp_path: Path) -> None:
    state = OTHERS[kind]
    with pytest.raises(CheckpointMismatch) as caught:
        load_student(write(tmp_path / "other.pth", state))
    reason = caught.value.reason
    assert f"{len(state)} tensors" in reason
    assert "student on mobilenetv3-large" in reason
    assert "keys missing (" in reason
    assert len(reason) < 700
    if kind in ("sequential", "torchvision", "swin"):
        assert "keys no student has (" in reason
        assert next(iter(state)) in reason
    if "moments" in kind:
        assert "a moments student" in reason


def changed(state: State, **changes: Tensor | None) -> State:
    """Keys with __ for their dots; None takes one away."""
    new = {key.replace("__", "."): value for key, value in changes.items()}
    merged = {**state, **new}
    return {key: value for key, value in merged.items() if value is not None}


def test_a_wrong_shape(state: State, tmp_path: Path) -> None:
    path = write(tmp_path / "s.pth", changed(state, head__hidden__bias=torch.ones(5)))
    with pytest.raises(CheckpointMismatch, match=r"head\.hidden\.bias is \[5\], not \[8\]"):
        load_student(path)


def test_a_wrong_shape_of_what_tells_the_sizes(attention: State, tmp_path: Path) -> None:
    for key in ("LDA1__cnn2__weight", "fusion_mal__feature_attention__c_q__weight"):
        for shape in ((), (3,), (0, 0), (7, 5, 1, 1), (16, 1000, 1, 1), (200, 200)):
            with pytest.raises(CheckpointMismatch):
                load_student(write(tmp_path / "s.pth", changed(attention, **{key: torch.ones(shape)})))


def test_a_missing_key(attention: State, tmp_path: Path) -> None:
    path = write(tmp_path / "s.pth", changed(attention, LDA3__cnn1__bias=None))
    with pytest.raises(CheckpointMismatch, match=r"missing \(LDA3\.cnn1\.bias\)$"):
        load_student(path)


def test_an_extra_key(state: State, tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "s.safetensors", changed(state, surprise=torch.ones(1)))
    with pytest.raises(CheckpointMismatch, match=r"\(surprise\)$"):
        load_student(path)


def test_keys_do_not_reach_the_terminal_as_they_are(state: State, tmp_path: Path) -> None:
    path = write(tmp_path / "s.pth", {**state, "\x1b[2Jgone\nmobileiqa: fine" + "x" * 5000: torch.ones(1)})
    with pytest.raises(CheckpointMismatch, match="gone mobileiqa") as caught:
        load_student(path)
    assert caught.value.reason.isprintable()
    assert len(caught.value.reason) < 500


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_weights_that_are_no_numbers(value: float, state: State, tmp_path: Path) -> None:
    bad = state["head.hidden.bias"].double()
    bad[3] = value
    with pytest.raises(CheckpointDamaged, match=r"head\.hidden\.bias .*NaN"):
        load_student(write(tmp_path / "s.pth", changed(state, head__hidden__bias=bad)))


KINDS: dict[str, Callable[[Tensor], Tensor]] = {
    "int8": lambda x: x.to(torch.int8),
    "complex64": lambda x: x.to(torch.complex64),
    "sparse": lambda x: x.to_sparse(),
    "without data": lambda x: x.to("meta"),
    "bool": lambda x: x > 0,
}


@pytest.mark.parametrize("kind", KINDS)
def test_tensors_that_are_no_weights(kind: str, state: State, tmp_path: Path) -> None:
    bias = KINDS[kind](state["head.hidden.bias"])
    with pytest.raises(CheckpointMismatch, match=rf"head\.hidden\.bias is .*{kind.rstrip('64')}"):
        load_student(write(tmp_path / "s.pth", changed(state, head__hidden__bias=bias)))


NOT_STATES: dict[str, Any] = {
    "list": [torch.ones(2)],
    "tensor": torch.ones(2),
    "number": 3,
    "none": None,
    "empty dict": {},
    "no tensors": {"epoch": 3, "lr": 0.1},
    "empty state_dict": {"state_dict": {}},
    "numbered": {0: torch.ones(2), 1: torch.ones(2)},
    "teacher only": {"teacher": {"fc.weight": torch.ones(2)}},
}


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("kind", NOT_STATES)
def test_what_is_no_state_dict(kind: str, legacy: bool, tmp_path: Path) -> None:
    path = write(tmp_path / "s.pth", NOT_STATES[kind], legacy=legacy)
    with pytest.raises(
        CheckpointMismatch,
        match=r"state_dict|1 tensors",
    ):
        load_student(path)


def test_safetensors_without_tensors(tmp_path: Path) -> None:
    with pytest.raises(CheckpointMismatch, match="no tensors"):
        load_student(write_safetensors(tmp_path / "s.safetensors", {}))


@pytest.mark.parametrize(
    "lie",
    [
        {"grid": 10**6},
        {"grid": 10**30},
        {"form": "moments"},
        {"views": 10**9},
        {"hidden": 10**12},
        {"width": 8 * 10**9},
        {"backbone": "resnet"},
        {"backbone": ["mobilenetv3-large"]},
        {"backbone": "mobilenetv3-large-minimalistic"},
        {"form": {"a": 1}},
        {"input_size": [10**9, 10**9]},
        {"input_size": [1e999, 64]},
        {"input_size": 5},
        {"input_size": ["a", "b"]},
        {"input_size": None},
        {"\x1b[2J": 1},
    ],
    ids=lambda lie: json.dumps(lie)[:40],
)
def test_metadata_that_lies(lie: dict[str, Any], attention: State, tmp_path: Path) -> None:
    text = json.dumps({"student": {**SMALL.to_dict(), **lie}})
    path = write_safetensors(tmp_path / "s.safetensors", attention, {METADATA_KEY: text})
    resident = _peak()
    with pytest.raises(CheckpointMismatch, match="student") as caught:
        load_student(path)
    assert caught.value.reason.isprintable()
    assert _peak() - resident < 200e6


@pytest.mark.parametrize(
    "text", ["", "{", "no JSON", "[" * 100_000, '{"student": ' + "9" * 6000 + "}"], ids=range(5)
)
def test_metadata_that_is_no_json(text: str, state: State, tmp_path: Path) -> None:
    with pytest.raises(CheckpointDamaged, match="JSON"):
        load_student(_raw(tmp_path / "s.safetensors", state, {METADATA_KEY: text}))


@pytest.mark.parametrize(
    "student", [[1], [[1]], ["form"], 5, "attention", True, {"views": "2"}, {"hidden": 4.0}]
)
def test_metadata_of_wrong_types(student: object, state: State, tmp_path: Path) -> None:
    text = json.dumps({"student": student})
    with pytest.raises(CheckpointMismatch, match="student"):
        load_student(write_safetensors(tmp_path / "s.safetensors", state, {METADATA_KEY: text}))


@pytest.mark.parametrize("text", ["null", "[]", "7", "{}", '{"student": null}', '{"student": {}}'])
def test_metadata_that_says_nothing(text: str, state: State, tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "s.safetensors", state, {METADATA_KEY: text})
    assert same(load_student(path).network, state)


def test_safetensors_whose_header_lies(state: State, tmp_path: Path) -> None:
    """A tensor of terabytes in a file of megabytes, and one that overlaps another."""
    whole = safetensors.torch.save(state)
    (length,) = struct.unpack("<Q", whole[:8])
    header = json.loads(whole[8 : 8 + length])
    wrong = [
        {"shape": [10**6, 10**6]},
        {"shape": [2**62, 4]},
        {"shape": [10**6, 10**6], "data_offsets": [0, 4 * 10**12]},
        {"data_offsets": [4, 36]},
        {"dtype": "F4"},
        {"dtype": "X9"},
    ]
    for lie in wrong:
        text = json.dumps({**header, "head.hidden.bias": {**header["head.hidden.bias"], **lie}}).encode()
        path = tmp_path / "s.safetensors"
        path.write_bytes(struct.pack("<Q", len(text)) + text + whole[8 + length :])
        with pytest.raises(CheckpointError):
            load_student(path)


def test_tensors_larger_than_their_file(attention: State, tmp_path: Path) -> None:
    """A pickle can hold one number that stands for gigabytes of weights."""
    tiny = {key: torch.tensor(0.0).expand(value.shape) for key, value in attention.items()}
    path = write(tmp_path / "s.pth", tiny)
    assert path.stat().st_size < 1e6
    with pytest.raises(CheckpointDamaged, match="bytes"):
        load_student(path)
    wide = changed({}, head__opinion__weight=torch.zeros(1).expand(10**6, 10**6, 1))
    none = changed({}, head__opinion__weight=torch.zeros(10**9, 10**9, 0))
    for state in (wide, none):
        with pytest.raises(CheckpointError):
            load_student(write(path, state))


def test_a_compressed_zip_is_not_inflated(tmp_path: Path) -> None:
    path, packed = write(tmp_path / "s.pth", {"a": torch.zeros(10**6)}), tmp_path / "packed.pth"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    assert packed.stat().st_size < 20_000
    with pytest.raises(CheckpointDamaged):
        load_student(packed)


def _raw(path: Path, state: State, metadata: dict[str, str]) -> Path:
    """A safetensors file by hand, with metadata that the library would not write."""
    whole = safetensors.torch.save(state)
    (length,) = struct.unpack("<Q", whole[:8])
    text = json.dumps({"__metadata__": metadata, **json.loads(whole[8 : 8 + length])}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + whole[8 + length :])
    return path


def _peak() -> float:
    """Bytes; no figure, and so no growth, where the system counts in another way."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0 if os.uname().sysname == "Linux" else 0


@cache
def _valid(kind: str, whole: bool) -> bytes:
    """A student in half precision, or a dict of three small tensors, as a file."""
    folder = Path(os.environ["MUTATIONS"])
    state: State = {
        "head.opinion.weight": torch.ones(2, 4, 1),
        "a.weight": torch.ones(3, 4),
        "b": torch.ones(2),
    }
    if whole:
        state = {key: value.half() for key, value in filled(TINY).state_dict().items()}
    if kind == "safetensors":
        metadata = {METADATA_KEY: json.dumps({"student": TINY.to_dict(), "name": "x"})}
        return write_safetensors(folder / "valid.safetensors", state, metadata).read_bytes()
    return write(folder / "valid.pkl", {"model": state, "epoch": 3}, legacy=kind == "legacy").read_bytes()


def _outcome(kind: str, content: bytes) -> LoadedStudent | CheckpointError:
    path = Path(os.environ["MUTATIONS"]) / ("mutant.safetensors" if kind == "safetensors" else "mutant.pkl")
    path.write_bytes(content)
    try:
        return load_student(path)
    except CheckpointError as error:
        return error


@pytest.fixture
def _mutations(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUTATIONS", str(tmp_path_factory.mktemp("mutations")))


RELAXED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
PLACES = st.integers(-2000, 4000)
MUTATIONS = st.lists(st.tuples(PLACES, st.integers(0, 255)), min_size=1, max_size=4)


def _mutate(content: bytes, mutations: list[tuple[int, int]]) -> bytes:
    changing = bytearray(content)
    for place, value in mutations:
        changing[place % len(changing)] = value
    return bytes(changing)


@pytest.mark.parametrize("content", [b"\x08", b"\x80", b"P", b"PK", b"{", b"\0"])
def test_files_of_one_or_two_bytes(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(content)
    with pytest.raises(CheckpointError):
        load_student(tmp_path / "short")


@pytest.mark.usefixtures("_mutations")
@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
@settings(max_examples=150, deadline=None, suppress_health_check=RELAXED, derandomize=True, database=None)
@given(mutations=MUTATIONS, cut=st.none() | st.integers(1, 4000))
def test_damage_is_always_named(kind: str, mutations: list[tuple[int, int]], cut: int | None) -> None:
    assert str(_outcome(kind, _mutate(_valid(kind, False), mutations)[:cut])).isprintable()


@pytest.mark.usefixtures("_mutations")
@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
@settings(max_examples=25, deadline=None, suppress_health_check=RELAXED, derandomize=True, database=None)
@given(mutations=MUTATIONS)
def test_damage_to_a_student_is_always_named(kind: str, mutations: list[tuple[int, int]]) -> None:
    assert isinstance(_outcome(kind, _valid(kind, True)), Checkpoint)
    _outcome(kind, _mutate(_valid(kind, True), mutations))
