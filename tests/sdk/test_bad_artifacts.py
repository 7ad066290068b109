"""Files that are no artifacts, artifacts that lie, and damaged ones: always a named error."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from PIL import Image

from mobileiqa_sdk import ArtifactInvalid, ContractMismatch, ContractUnsupported, ModelError, Scorer

from . import artifacts

PHOTO = np.full((60, 80, 3), 128, np.uint8)
relaxed = settings(
    deadline=None,
    max_examples=80,
    derandomize=True,  # onnxruntime is native code: a crash must come back at every run
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.fromarray(PHOTO).save(file, "JPEG")
    return file.getvalue()


def opened(folder: Path, data: bytes) -> Scorer:
    return Scorer(artifacts.save(folder, data), threads=1)


NO_MODELS = {
    "empty": b"",
    "one byte": b"\x08",
    "zeros": bytes(5000),
    "text": b"this is no model\n" * 50,
    "random": np.random.default_rng(0).bytes(5000),
    "a JPEG": jpeg(),
    "a zip": b"PK\x03\x04" + bytes(200),
    "a contract": json.dumps(artifacts.contract()).encode(),
    "half a model": artifacts.model()[: len(artifacts.model()) // 2],
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9195444\n",
}


@pytest.mark.parametrize("data", NO_MODELS.values(), ids=NO_MODELS.keys())
def test_a_file_that_is_no_model(tmp_path: Path, data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ArtifactInvalid, match=r"model\.onnx: "):
        opened(tmp_path, data)
    assert capfd.readouterr() == ("", "")


def test_a_model_cut_off_anywhere(tmp_path: Path) -> None:
    data = artifacts.model()
    for end in range(0, len(data), 7):
        with pytest.raises(ModelError):
            opened(tmp_path, data[:end])


@pytest.mark.parametrize("suffix", [".jpg", ".txt", "", ".pt", ".ONNX"])
def test_a_file_with_another_suffix(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"model{suffix}"
    file.write_bytes(artifacts.model())
    with pytest.raises(ArtifactInvalid, match=r"\.onnx"):
        Scorer(file)
    assert Scorer(file, runtime="onnx").contract.model.name == "tiny"


def test_a_model_without_a_contract(tmp_path: Path) -> None:
    with pytest.raises(ArtifactInvalid, match="mobileiqa export"):
        opened(tmp_path, artifacts.model(key="another.key"))


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ("", ArtifactInvalid),
        ("{", ArtifactInvalid),
        ("[]", ArtifactInvalid),
        ("[" * 100_000, ArtifactInvalid),
        ({}, ContractUnsupported),
        ({**artifacts.contract(), "schema": 1}, ContractUnsupported),
        (artifacts.contract(input={"layout": "NCHW"}), ContractUnsupported),
        (artifacts.contract(input={"dtype": "float32"}), ContractUnsupported),
        (artifacts.contract(model={"version": 1}), ArtifactInvalid),
        (artifacts.contract(golden={"score": float("nan")}), ArtifactInvalid),
    ],
    ids=str,
)
def test_a_bad_contract(tmp_path: Path, metadata: Any, error: type[ModelError]) -> None:
    with pytest.raises(error, match=r"model\.onnx: "):
        opened(tmp_path, artifacts.model(metadata))


def test_a_contract_that_is_not_text(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = artifacts.model()
    assert data.count(b"mean of all pixels") == 1
    with pytest.raises(ArtifactInvalid, match="contract"):
        opened(tmp_path, data.replace(b"mean of all pixels", b"mean of \xff\xfe\xfd pixels"))
    assert capfd.readouterr() == ("", "")


def test_a_name_in_the_graph_that_is_not_text(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = artifacts.model()
    in_graph = data[: data.index(b"mobileiqa.contract")].count(b"pixels")
    with pytest.raises(ArtifactInvalid, match="onnxruntime"):
        opened(tmp_path, data.replace(b"pixels", b"pix\xff\xfes", in_graph))
    assert capfd.readouterr() == ("", "")


H, W = artifacts.HEIGHT, artifacts.WIDTH
LIES: dict[str, dict[str, Any]] = {
    "height": {"metadata": artifacts.contract(H + 1, W)},
    "width": {"metadata": artifacts.contract(H, W - 1)},
    "sides swapped": {"metadata": artifacts.contract(W, H)},
    "channels first": {"shape": (1, 3, H, W)},
    "a batch of two": {"shape": (2, H, W, 3), "out_shape": (2,)},
    "any batch": {"shape": ("N", H, W, 3), "out_shape": ("N",)},
    "any height": {"shape": (1, "H", W, 3)},
    "four channels": {"shape": (1, H, W, 4)},
    "float pixels": {"dtype": TensorProto.FLOAT},
    "signed pixels": {"dtype": TensorProto.INT8},
    "two inputs": {"extra_input": True},
    "two outputs": {"extra_output": True},
    "a double": {
        "tail": [helper.make_node("Cast", ["mean"], ["score"], to=TensorProto.DOUBLE)],
        "out_dtype": TensorProto.DOUBLE,
    },
    "an integer": {
        "tail": [helper.make_node("Cast", ["mean"], ["score"], to=TensorProto.INT64)],
        "out_dtype": TensorProto.INT64,
    },
    "a text": {
        "tail": [helper.make_node("Cast", ["mean"], ["score"], to=TensorProto.STRING)],
        "out_dtype": TensorProto.STRING,
    },
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_model_that_does_not_keep_its_contract(tmp_path: Path, lie: dict[str, Any]) -> None:
    with pytest.raises(ContractMismatch, match=r"model\.onnx: "):
        opened(tmp_path, artifacts.model(**lie))


SCORES = {
    "two": ([helper.make_node("Concat", ["mean", "mean"], ["score"], axis=0)], (2,)),
    "none": (
        [
            helper.make_node("Sub", ["mean", "mean"], ["zero"]),
            helper.make_node("NonZero", ["zero"], ["where"]),
            helper.make_node("Cast", ["where"], ["score"], to=TensorProto.FLOAT),
        ],
        (1, "N"),
    ),
}


@pytest.mark.parametrize(("tail", "shape"), SCORES.values(), ids=SCORES.keys())
def test_another_number_of_scores(
    tmp_path: Path, tail: artifacts.Nodes, shape: tuple[int | str, ...]
) -> None:
    with pytest.raises(ContractMismatch, match="1 value"):
        opened(tmp_path, artifacts.model(tail=tail, out_shape=shape)).score(PHOTO)


def test_one_score_of_any_shape_will_do(tmp_path: Path) -> None:
    tail = [helper.make_node("Unsqueeze", ["mean", "axes"], ["score"])]
    axes = helper.make_node(
        "Constant", [], ["axes"], value=helper.make_tensor("", TensorProto.INT64, [1], [0])
    )
    assert opened(tmp_path, artifacts.model(tail=[axes, *tail], out_shape=(1, 1))).score(
        PHOTO
    ) == pytest.approx(128 / 255)


def test_a_model_that_fails_while_it_runs(tmp_path: Path) -> None:
    shape = helper.make_tensor("", TensorProto.INT64, [1], [7])
    tail = [
        helper.make_node("Constant", [], ["seven"], value=shape),
        helper.make_node("Cast", ["mean"], ["zero"], to=TensorProto.INT64),
        helper.make_node("Add", ["seven", "zero"], ["shape"]),
        helper.make_node("Reshape", ["mean", "shape"], ["score"]),
    ]
    scorer = opened(tmp_path, artifacts.model(tail=tail, out_shape=("N",)))
    with pytest.raises(ContractMismatch, match="onnxruntime"):
        scorer.score(PHOTO)


def works_or_is_refused(folder: Path, data: bytes) -> None:
    try:
        score = opened(folder, data).score(PHOTO)
    except ModelError:
        return
    assert 0 <= score <= 1


@relaxed
@given(st.data())
def test_damaged_bytes(tmp_path: Path, data: st.DataObject) -> None:
    model = bytearray(artifacts.model())
    graph = model.index(b"mobileiqa.contract")  # behind it there is only text
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, min(graph, len(model))))
        length = data.draw(st.sampled_from([0, 1, 1, 1, 8]))
        model[start : start + length] = data.draw(st.binary(min_size=1, max_size=4))
    works_or_is_refused(tmp_path, bytes(model))


@relaxed
@given(st.binary(max_size=200))
def test_any_bytes(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ModelError):
        opened(tmp_path, data)


@relaxed
@given(st.data())
def test_damaged_contracts(tmp_path: Path, data: st.DataObject) -> None:
    text = json.dumps(artifacts.contract())
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 10, len(text))))
    insert = data.draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=3))
    works_or_is_refused(tmp_path, artifacts.model(text[:start] + insert + text[end:]))
