"""Files that are no models, models that lie, and damaged ones: an exception, and the JVM lives on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import skimage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from mobileiqa_sdk import library

from ..sdk import artifacts
from .models import GREY, HEIGHT, WIDTH, opened, views
from .toolbox import JavaError, Jvm, picture

relaxed = settings(
    deadline=None,
    max_examples=300,
    derandomize=True,  # onnxruntime is native code: a crash must come back at every run
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

LIES = {
    "height": artifacts.model(artifacts.contract(HEIGHT + 1, WIDTH)),
    "width": artifacts.model(artifacts.contract(HEIGHT, WIDTH - 1)),
    "channels first": artifacts.model(shape=(1, 3, HEIGHT, WIDTH)),
    "a batch of two": artifacts.model(shape=(2, HEIGHT, WIDTH, 3), out_shape=(2,)),
    "any batch": artifacts.model(shape=("N", HEIGHT, WIDTH, 3), out_shape=("N",)),
    "any height": artifacts.model(shape=(1, "H", WIDTH, 3)),
    "four channels": artifacts.model(shape=(1, HEIGHT, WIDTH, 4)),
    "float pixels": artifacts.model(dtype=TensorProto.FLOAT),
    "signed pixels": artifacts.model(dtype=TensorProto.INT8),
    "two inputs": artifacts.model(extra_input=True),
    "two outputs": artifacts.model(extra_output=True),
    "a double": artifacts.model(
        tail=[helper.make_node("Cast", ["mean"], ["score"], to=TensorProto.DOUBLE)],
        out_dtype=TensorProto.DOUBLE,
    ),
    "a text": artifacts.model(
        tail=[helper.make_node("Cast", ["mean"], ["score"], to=TensorProto.STRING)],
        out_dtype=TensorProto.STRING,
    ),
    "two scores": artifacts.model(
        tail=[helper.make_node("Concat", ["mean", "mean"], ["score"], axis=0)], out_shape=(2,)
    ),
    "fewer opinions": artifacts.model(artifacts.contract(opinions=5), tail=views(4), out_shape=(1, 4)),
    "more opinions": artifacts.model(artifacts.contract(opinions=5), tail=views(6), out_shape=(1, 6)),
    "opinions unasked": artifacts.model(tail=views(5), out_shape=(1, 5)),
    "no opinions": artifacts.model(artifacts.contract(opinions=5)),
}


@pytest.mark.parametrize("model", LIES.values(), ids=LIES.keys())
def test_a_model_that_does_not_keep_its_contract(jvm: Jvm, model: bytes) -> None:
    with pytest.raises(JavaError, match=r"^ModelException: <bytes>: ") as caught:
        opened(jvm, model)
    assert "its contract promises" in caught.value.message


NO_CONTRACT = {
    "none": (artifacts.model(key="another.key"), "without a MobileIQA contract"),
    "empty": (artifacts.model(""), "not JSON"),
    "not text": (
        artifacts.model().replace(b"mean of all pixels", b"mean of \xff\xfe\xfd pixels"),
        "not UTF-8",
    ),
    "deep": (artifacts.model("[" * 100_000), "nested deeper"),
    "schema 1": (artifacts.model({**artifacts.contract(), "schema": 1}), "schema 1"),
    "no height": (
        artifacts.model({**artifacts.contract(), "input": {"width": 3}}),
        "<bytes>: input.height is missing",
    ),
}


@pytest.mark.parametrize(("model", "message"), NO_CONTRACT.values(), ids=NO_CONTRACT.keys())
def test_a_model_without_a_contract(jvm: Jvm, model: bytes, message: str) -> None:
    with pytest.raises(JavaError, match=r"^(Unsupported)?ContractException: <bytes>: ") as caught:
        opened(jvm, model)
    assert message in caught.value.message


NO_MODELS = {
    "empty": b"",
    "one byte": b"\x08",
    "zeros": bytes(5000),
    "text": b"this is no model\n" * 50,
    "random": np.random.default_rng(0).bytes(5000),
    "a photo": (Path(skimage.__file__).parent / "data/rocket.jpg").read_bytes(),
    "half a model": artifacts.model()[: len(artifacts.model()) // 2],
    "a contract": json.dumps(artifacts.contract()).encode(),
}


@pytest.mark.parametrize("data", NO_MODELS.values(), ids=NO_MODELS.keys())
def test_a_file_that_is_no_model(jvm: Jvm, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(data)
    with pytest.raises(JavaError, match=r"^ModelException: .*model\.onnx: .+") as caught:
        jvm.call("open", path=str(file), threads=1)
    assert caught.value.message.isprintable()
    with pytest.raises(JavaError, match=r"^ModelException: <bytes>: .+"):
        opened(jvm, data)


@pytest.mark.parametrize("path", ["", "/", "/nowhere/model.onnx", "/dev/null", "a\0b", "a" * 5000])
def test_a_path_to_no_file(jvm: Jvm, path: str) -> None:
    with pytest.raises(JavaError, match=r"^ModelException: .*: no such file, or not a regular one"):
        jvm.call("open", path=path, threads=1)


SCORES = {"NaN": float("nan"), "infinity": float("inf"), "above": 1.001, "below": -0.001}


@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES.keys())
def test_a_score_out_of_range(jvm: Jvm, score: float) -> None:
    model = opened(jvm, artifacts.model(tail=artifacts.constant(score)))
    with pytest.raises(JavaError, match=r"^OpinionsInvalidException: <bytes>: "):
        jvm.call("run", model=model, **picture(GREY))


def test_no_score_at_all(jvm: Jvm) -> None:
    tail = [
        helper.make_node("Sub", ["mean", "mean"], ["zero"]),
        helper.make_node("NonZero", ["zero"], ["where"]),
        helper.make_node("Cast", ["where"], ["score"], to=TensorProto.FLOAT),
    ]
    model = opened(jvm, artifacts.model(tail=tail, out_shape=(1, "N")))
    with pytest.raises(JavaError, match="promises an output of size 1, the model gave 0"):
        jvm.call("run", model=model, **picture(GREY))


def test_a_model_that_fails_while_it_runs(jvm: Jvm) -> None:
    tail = [
        helper.make_node(
            "Constant", [], ["seven"], value=helper.make_tensor("", TensorProto.INT64, [1], [7])
        ),
        helper.make_node("Cast", ["mean"], ["zero"], to=TensorProto.INT64),
        helper.make_node("Add", ["seven", "zero"], ["shape"]),
        helper.make_node("Reshape", ["mean", "shape"], ["score"]),
    ]
    model = opened(jvm, artifacts.model(tail=tail, out_shape=("N",)))
    for _ in range(2):
        with pytest.raises(JavaError, match=r"^ModelException: <bytes>: onnxruntime: .*Reshape"):
            jvm.call("run", model=model, **picture(GREY))


REFUSALS = (
    "ModelException",
    "ContractException",
    "UnsupportedContractException",
    "OpinionsInvalidException",
)


def works_or_is_refused(jvm: Jvm, model: bytes) -> None:
    try:
        number = opened(jvm, model)
        contract = jvm.call("model_contract", model=number)
        pixels = np.full((contract["input"]["height"], contract["input"]["width"], 3), 128, np.uint8)
        assert 0 <= jvm.call("run", model=number, **picture(pixels)) <= 1
        jvm.call("close", model=number)
    except JavaError as error:
        if error.name not in REFUSALS:
            raise


def test_a_name_in_the_graph_that_is_not_text(jvm: Jvm) -> None:
    works_or_is_refused(jvm, artifacts.model().replace(b"pixels", b"pix\xff\xfes"))
    works_or_is_refused(jvm, artifacts.model().replace(b"score", b"sc\xf0\x90e"))


def test_a_model_cut_off_anywhere(jvm: Jvm) -> None:
    data = artifacts.model()
    for end in range(0, len(data), 7):
        with pytest.raises(JavaError, match=r"ModelException|ContractException"):
            opened(jvm, data[:end])


@relaxed
@given(st.data())
def test_damaged_models(jvm: Jvm, data: st.DataObject) -> None:
    model = bytearray(artifacts.model())
    graph = model.index(b"mobileiqa.contract")  # behind it there is only text
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, min(graph, len(model))))
        length = data.draw(st.sampled_from([0, 1, 1, 1, 8]))
        model[start : start + length] = data.draw(st.binary(min_size=1, max_size=4))
    works_or_is_refused(jvm, bytes(model))


@settings(relaxed, max_examples=25)
@given(st.data())
def test_damages_of_the_bundled_model(jvm: Jvm, data: st.DataObject) -> None:
    model = bytearray(library.find(None).read_bytes())
    for _ in range(data.draw(st.integers(1, 30))):
        model[data.draw(st.integers(0, len(model) - 1))] = data.draw(st.integers(0, 255))
    model = model[: data.draw(st.integers(0, len(model))) if data.draw(st.booleans()) else None]
    try:
        jvm.call("close", model=opened(jvm, bytes(model)))
    except JavaError as error:
        if error.name not in REFUSALS:
            raise


@relaxed
@given(st.binary(max_size=200))
def test_any_bytes(jvm: Jvm, data: bytes) -> None:
    with pytest.raises(JavaError, match=r"^ModelException|ContractException"):
        opened(jvm, data)


@relaxed
@given(st.data())
def test_damaged_contracts(jvm: Jvm, data: st.DataObject) -> None:
    text = json.dumps(artifacts.contract())
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 10, len(text))))
    insert = data.draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=3))
    works_or_is_refused(jvm, artifacts.model(text[:start] + insert + text[end:]))


def test_one_opinion_out_of_range(jvm: Jvm) -> None:
    tail = [*artifacts.constant(0.5)[:-1], helper.make_node("Concat", ["value", "many"], ["score"], axis=0)]
    tail.insert(0, helper.make_node("Constant", [], ["many"], value=helper.make_tensor("", 1, [1], [1.5])))
    model = opened(jvm, artifacts.model(artifacts.contract(opinions=2), tail=tail, out_shape=(2,)))
    with pytest.raises(JavaError, match=r"^OpinionsInvalidException: <bytes>: .*1\.5"):
        jvm.call("run", model=model, **picture(GREY))
