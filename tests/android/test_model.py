"""Models run by the core: Python's scores, and an exception for whatever is no model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import skimage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from mobileiqa_sdk import Scorer, library
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.resample import resize
from mobileiqa_sdk.verification import replay_golden

from ..sdk import artifacts
from .toolbox import JavaError, Jvm, base64_of, picture, saved

PHOTOS = Path(skimage.data_dir)
NAMES = ["astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "retina.jpg", "rocket.jpg"]
H, W = artifacts.HEIGHT, artifacts.WIDTH
GREY = np.full((H, W, 3), 128, np.uint8)
relaxed = settings(
    deadline=None,
    max_examples=300,
    derandomize=True,  # onnxruntime is native code: a crash must come back at every run
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def opened(jvm: Jvm, model: bytes, threads: int = 1) -> int:
    number: int = jvm.call("open", file=base64_of(model), threads=threads)
    return number


@pytest.fixture(scope="module")
def bundled() -> Path:
    """The bundled artifact."""
    return library.find(None)


def test_the_same_onnxruntime_as_in_python(jvm: Jvm) -> None:
    assert jvm.call("version") == onnxruntime.__version__


@pytest.mark.parametrize("way", ["path", "bytes"])
def test_photos_get_the_scores_of_python(jvm: Jvm, bundled: Path, tmp_path: Path, way: str) -> None:
    if way == "path":
        model = jvm.call("open", path=str(bundled), threads=1)
    else:
        model = jvm.call("open", file_path=str(bundled), threads=1)
    scorer = Scorer(threads=1)
    spec = scorer.contract.input
    for name in NAMES:
        photo = read_photo(PHOTOS / name)
        for upright in (photo, photo.rotate(90, expand=True)):
            pixels = resize(upright, spec.height, spec.width)
            # JVM and Python resize alike, see test_pixels.py.
            found = jvm.call("run", model=model, **picture(pixels))
            assert found == pytest.approx(scorer.score(upright), abs=1e-5)
    jvm.call("close", model=model)


def test_a_whole_photo_through_java_alone(jvm: Jvm, bundled: Path, tmp_path: Path) -> None:
    photo = read_photo(PHOTOS / "hubble_deep_field.jpg")
    model = jvm.call("open", path=str(bundled), threads=2)
    contract = jvm.call("model_contract", model=model)
    sides = {"to_width": contract["width"], "to_height": contract["height"]}
    small = jvm.call("resize", **saved(photo, tmp_path), **sides)
    assert jvm.call("run", model=model, **small) == pytest.approx(Scorer(threads=2).score(photo), abs=1e-5)
    jvm.call("close", model=model)


def test_the_golden_image(jvm: Jvm, bundled: Path) -> None:
    model = jvm.call("open", path=str(bundled), threads=1)
    found = jvm.call("replay", model=model)
    python = replay_golden(Scorer(threads=1))
    assert found["ok"]
    assert found["input_matches"]
    assert found["expected"] == python.expected
    assert found["tolerance"] == python.tolerance
    assert found["found"] == pytest.approx(python.found, abs=1e-5)
    jvm.call("close", model=model)


@pytest.mark.parametrize("off", [{"score": 0.9}, {"input_sha256": "0" * 64}], ids=["score", "input"])
def test_a_golden_image_that_is_off(jvm: Jvm, off: dict[str, Any]) -> None:
    found = jvm.call("replay", model=opened(jvm, artifacts.model(artifacts.contract(golden=off))))
    assert not found["ok"]
    assert found["input_matches"] == ("score" in off)


def test_a_name_that_is_not_ascii(jvm: Jvm, tmp_path: Path) -> None:
    file = tmp_path / "模型 \N{SMILING FACE WITH SUNGLASSES}.onnx"
    file.write_bytes(
        artifacts.model(artifacts.contract(model={"family": "Ö \N{SMILING FACE WITH SUNGLASSES}"}))
    )
    model = jvm.call("open", path=str(file), threads=1)
    assert jvm.call("model_contract", model=model)["family"] == "Ö \N{SMILING FACE WITH SUNGLASSES}"
    assert jvm.call("run", model=model, **picture(GREY)) == pytest.approx(128 / 255)


def test_several_threads_at_once(jvm: Jvm) -> None:
    scores = jvm.call("run_together", model=opened(jvm, artifacts.model()), count=40, **picture(GREY))
    assert scores == [pytest.approx(128 / 255)] * 40
    assert len(set(scores)) == 1


def test_closing_while_others_run(jvm: Jvm) -> None:
    outcomes = jvm.call("race", model=opened(jvm, artifacts.model()), count=200, **picture(GREY))
    assert all(outcome == "closed" or outcome == pytest.approx(128 / 255) for outcome in outcomes)


def test_a_closed_model(jvm: Jvm) -> None:
    model = opened(jvm, artifacts.model())
    jvm.call("close", model=model)
    jvm.call("close", model=model)
    with pytest.raises(JavaError, match="IllegalStateException: <bytes>: the model is closed"):
        jvm.call("run", model=model, **picture(GREY))
    assert jvm.call("model_contract", model=model)["name"] == "tiny"


def test_pixels_of_another_size(jvm: Jvm) -> None:
    with pytest.raises(JavaError, match="IllegalArgumentException: the model takes 64x48 pixels, not 48x64"):
        jvm.call("run", model=opened(jvm, artifacts.model()), **picture(GREY.transpose(1, 0, 2).copy()))


@pytest.mark.parametrize("threads", [0, -1, 1025])
def test_threads_that_make_no_sense(jvm: Jvm, threads: int) -> None:
    with pytest.raises(JavaError, match="IllegalArgumentException: threads must be 1 to 1024"):
        opened(jvm, artifacts.model(), threads)


def test_weights_of_four_bits(jvm: Jvm) -> None:
    model = opened(jvm, artifacts.model(artifacts.contract(precision={"weights": "int4"})))
    assert jvm.call("run", model=model, **picture(GREY)) == pytest.approx(128 / 255)


def views(count: int) -> artifacts.Nodes:
    """A tail whose opinions are 1/count, 2/count, ... 1 of the brightness."""
    shares = [(view + 1) / count for view in range(count)]
    constant = helper.make_tensor("", TensorProto.FLOAT, [1, count], shares)
    return [
        helper.make_node("Constant", [], ["shares"], value=constant),
        helper.make_node("Mul", ["mean", "shares"], ["score"]),
    ]


@pytest.mark.parametrize("count", [1, 2, 5, 1024])
def test_opinions(jvm: Jvm, tmp_path: Path, count: int) -> None:
    data = artifacts.model(
        artifacts.contract(output={"opinions": count}), tail=views(count), out_shape=(1, count)
    )
    model = opened(jvm, data)
    sent = picture(GREY)
    assert jvm.call("model_contract", model=model)["opinions"] == count
    expected = Scorer(artifacts.save(tmp_path, data)).assess(GREY)
    assert jvm.call("opinions", model=model, **sent) == [
        pytest.approx(o, abs=1e-7) for o in expected.opinions
    ]
    assert jvm.call("run", model=model, **sent) == pytest.approx(expected.score, abs=1e-7)


def test_one_opinion_out_of_range(jvm: Jvm) -> None:
    tail = [*artifacts.constant(0.5)[:-1], helper.make_node("Concat", ["value", "many"], ["score"], axis=0)]
    tail.insert(0, helper.make_node("Constant", [], ["many"], value=helper.make_tensor("", 1, [1], [1.5])))
    model = opened(
        jvm, artifacts.model(artifacts.contract(output={"opinions": 2}), tail=tail, out_shape=(2,))
    )
    with pytest.raises(JavaError, match=r"^ModelException: <bytes>: the model answered 1.5, its contract"):
        jvm.call("run", model=model, **picture(GREY))


LIES = {
    "height": artifacts.model(artifacts.contract(H + 1, W)),
    "width": artifacts.model(artifacts.contract(H, W - 1)),
    "channels first": artifacts.model(shape=(1, 3, H, W)),
    "a batch of two": artifacts.model(shape=(2, H, W, 3), out_shape=(2,)),
    "any batch": artifacts.model(shape=("N", H, W, 3), out_shape=("N",)),
    "any height": artifacts.model(shape=(1, "H", W, 3)),
    "four channels": artifacts.model(shape=(1, H, W, 4)),
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
    "fewer opinions": artifacts.model(
        artifacts.contract(output={"opinions": 5}), tail=views(4), out_shape=(1, 4)
    ),
    "more opinions": artifacts.model(
        artifacts.contract(output={"opinions": 5}), tail=views(6), out_shape=(1, 6)
    ),
    "opinions unasked": artifacts.model(tail=views(5), out_shape=(1, 5)),
    "no opinions": artifacts.model(artifacts.contract(output={"opinions": 5})),
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
    "schema 1": (artifacts.model({**artifacts.contract(), "schema": 1}), "schema is 1, this app reads 2"),
    "no height": (
        artifacts.model({**artifacts.contract(), "input": {"width": 3}}),
        "<bytes>: input.height is missing",
    ),
}


@pytest.mark.parametrize(("model", "message"), NO_CONTRACT.values(), ids=NO_CONTRACT.keys())
def test_a_model_without_a_contract(jvm: Jvm, model: bytes, message: str) -> None:
    with pytest.raises(JavaError, match=r"^ContractException: <bytes>: ") as caught:
        opened(jvm, model)
    assert message in caught.value.message


NO_MODELS = {
    "empty": b"",
    "one byte": b"\x08",
    "zeros": bytes(5000),
    "text": b"this is no model\n" * 50,
    "random": np.random.default_rng(0).bytes(5000),
    "a photo": (PHOTOS / "rocket.jpg").read_bytes(),
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
    with pytest.raises(JavaError, match=r"^ModelException: <bytes>: the model answered .* promises 0 to 1"):
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


REFUSALS = ("ModelException", "ContractException")


def works_or_is_refused(jvm: Jvm, model: bytes) -> None:
    try:
        number = opened(jvm, model)
        contract = jvm.call("model_contract", model=number)
        pixels = np.full((contract["height"], contract["width"], 3), 128, np.uint8)
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
def test_damages_of_the_bundled_model(jvm: Jvm, bundled: Path, data: st.DataObject) -> None:
    model = bytearray(bundled.read_bytes())
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
