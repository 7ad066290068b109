"""The metadata of ONNX files, read without a session."""

from __future__ import annotations

import io
import json
from pathlib import Path

import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobileiqa_sdk.contract import METADATA_KEY, ModelContract
from mobileiqa_sdk.library import find
from mobileiqa_sdk.runtimes import onnx as onnx_runtime
from mobileiqa_sdk.runtimes.onnx_file import read_metadata

from . import artifacts

relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def written(folder: Path, data: bytes) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(data)
    return path


def test_it_is_what_onnx_reads(tmp_path: Path) -> None:
    path = written(tmp_path, artifacts.model())
    metadata = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert json.loads(metadata[METADATA_KEY]) == artifacts.contract()
    assert {key: read_metadata(path, key) for key in metadata} == metadata


@relaxed
@given(st.dictionaries(st.text(max_size=40), st.text(max_size=300), min_size=1, max_size=5), st.text())
def test_any_metadata(tmp_path: Path, metadata: dict[str, str], other: str) -> None:
    model = onnx.load(io.BytesIO(artifacts.model()))
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, metadata)
    path = written(tmp_path, model.SerializeToString())
    assert {key: read_metadata(path, key) or "" for key in metadata} == metadata
    assert other in metadata or read_metadata(path, other) is None


def test_metadata_before_the_graph(tmp_path: Path) -> None:
    model = onnx.load(io.BytesIO(artifacts.model()))
    head, rest = onnx.ModelProto(metadata_props=model.metadata_props), onnx.ModelProto()
    rest.CopyFrom(model)
    del rest.metadata_props[:]
    path = written(tmp_path, head.SerializeToString() + rest.SerializeToString())
    assert json.loads(read_metadata(path, METADATA_KEY) or "") == artifacts.contract()


def test_fields_of_fixed_size_before_the_metadata(tmp_path: Path) -> None:
    fixed32, fixed64 = b"\x9d\x06" + bytes(4), b"\x99\x06" + bytes(8)  # of field 99, which ONNX lacks
    path = written(tmp_path, fixed32 + fixed64 + artifacts.model())
    assert json.loads(read_metadata(path, METADATA_KEY) or "") == artifacts.contract()


@pytest.mark.parametrize("more", [0, 1])
def test_the_longest_metadata(tmp_path: Path, more: int) -> None:
    beginning = len(onnx.StringStringEntryProto(key="k", value="x" * (1 << 19)).SerializeToString()) - (
        1 << 19
    )
    value = "x" * ((1 << 20) - beginning + more)
    entry = onnx.StringStringEntryProto(key="k", value=value)
    path = written(tmp_path, onnx.ModelProto(metadata_props=[entry]).SerializeToString())
    assert len(entry.SerializeToString()) == (1 << 20) + more
    assert read_metadata(path, "k") == (None if more else value)


@relaxed
@given(st.data())
def test_damaged_files_give_text_or_nothing(tmp_path: Path, data: st.DataObject) -> None:
    model = bytearray(artifacts.model())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(model)))
        length = data.draw(st.sampled_from([0, 1, 1, 8, 400]))
        model[start : start + length] = data.draw(st.binary(max_size=12))
    text = read_metadata(written(tmp_path, bytes(model)), METADATA_KEY)
    assert text is None or isinstance(text, str)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x72\xff",  # an entry whose length is cut off
        b"\x72" + b"\xff" * 9 + b"\x7f",  # as long as lengths can be
        b"\x3a" + b"\xff" * 9 + b"\x7f",  # the same for a graph, which is passed over
        b"\x08" * 400_000,  # fields without end
        b"\x0b",  # a kind of field that protobuf gave up
        b"\x80" * 12,  # a number without end
    ],
)
def test_no_protobuf(tmp_path: Path, data: bytes) -> None:
    assert read_metadata(written(tmp_path, data), METADATA_KEY) is None


def test_no_file(tmp_path: Path) -> None:
    assert read_metadata(tmp_path / "none.onnx", METADATA_KEY) is None
    assert read_metadata(tmp_path, METADATA_KEY) is None


@pytest.mark.parametrize(
    ("precision", "prepacking"),
    [
        ({"weights": "fp32"}, False),
        ({"weights": "int8", "note": "int8, calibrated ranges"}, False),
        ({"weights": "int8", "activations": "dynamic-int8", "note": ""}, True),
        ({"weights": "int8", "activations": "static-int8", "note": "in other words"}, True),
        ({"weights": "int4"}, True),
    ],
)
def test_a_session_is_opened_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: dict[str, str], prepacking: bool
) -> None:
    opened = []
    genuine = onnx_runtime.onnxruntime.InferenceSession

    def counting(source: str, options: onnx_runtime.onnxruntime.SessionOptions, **others: object) -> object:
        opened.append(options.get_session_config_entry("session.disable_prepacking"))
        return genuine(source, options, **others)

    monkeypatch.setattr(onnx_runtime.onnxruntime, "InferenceSession", counting)
    path = written(tmp_path, artifacts.model(artifacts.contract(precision=precision)))
    onnx_runtime.Session(path, threads=1)
    assert opened == ["0" if prepacking else "1"]


def test_the_bundled_model() -> None:
    text = read_metadata(find(None), METADATA_KEY)
    assert ModelContract.from_json(text or "", "bundled").model.name == "mobileiqa-small"
