"""Artifacts of schema 3 through Scorer: any size, settings, three outputs, verification, life cycle."""

from __future__ import annotations

import copy
import io
import json
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from PIL import Image

from mobileiqa_sdk import (
    ContractMismatch,
    ModelError,
    OpinionsInvalid,
    Scorer,
    VerificationWarning,
)
from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.fit import Setting, fitted
from mobileiqa_sdk.reduction import reduction
from mobileiqa_sdk.resample import resize
from mobileiqa_sdk.runtimes import litert
from mobileiqa_sdk.runtimes.runtime import checked, output_positions
from mobileiqa_sdk.verification import replay_golden

from . import artifacts, tflite_artifacts

FAST = Setting("fast", artifacts.SETTINGS["fast"])
HIGH = Setting("high", artifacts.SETTINGS["high"])


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return artifacts.save(tmp_path_factory.mktemp("free"), artifacts.free_model())


@pytest.mark.parametrize("size", [(300, 400), (400, 300), (40, 50), (33, 5000), (128, 128)])
@pytest.mark.parametrize("setting", [None, "fast", "high"])
def test_a_photo_keeps_its_aspect(free: Path, size: tuple[int, int], setting: str | None) -> None:
    scorer = Scorer(free, threads=1, resolution=setting)
    assert scorer.resolution == (setting or "fast")
    result = scorer.assess(noise(*size))
    budget = HIGH if setting == "high" else FAST
    assert result.input_size == fitted(*size, budget, 32) == scorer.input_size(*size)
    assert result.input_size[0] * result.input_size[1] <= budget.max_pixels
    brightness = artifacts.brightness(resize(Image.fromarray(noise(*size)), *result.input_size))
    assert result.opinions == pytest.approx((brightness, brightness / 2), abs=1e-6)
    assert result.score == pytest.approx(0.75 * brightness, abs=1e-6)
    assert result.spread == pytest.approx(brightness / 4, abs=1e-6)
    assert result.faults == pytest.approx({"blur": brightness / 4, "noise": brightness / 8}, abs=1e-6)
    assert result.photograph == pytest.approx(brightness, abs=1e-6)


def test_a_model_of_one_size_names_no_faults(tiny: Path) -> None:
    scorer = Scorer(tiny)
    result = scorer.assess(noise(40, 50))
    assert (scorer.resolution, result.faults, result.photograph) == (None, {}, None)
    assert scorer.input_size(40, 50) == (artifacts.HEIGHT, artifacts.WIDTH)


def test_an_unknown_resolution(free: Path, tiny: Path) -> None:
    with pytest.raises(ValueError, match="fast, high"):
        Scorer(free, resolution="slow")
    with pytest.raises(ValueError, match="one size"):
        Scorer(tiny, resolution="fast")


@pytest.mark.parametrize("exact_decode", [False, True])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_jpeg_is_fitted_by_its_full_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exact_decode: bool, orientation: int
) -> None:
    data = artifacts.free_model(artifacts.free_contract(decode="jpeg-reduced", multiple=1))
    scorer = Scorer(artifacts.save(tmp_path, data), threads=1, exact_decode=exact_decode)
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(noise(1203, 1601)).save(file, "JPEG", exif=exif)
    decoded: list[tuple[int, int]] = []
    genuine = resize

    def recording(image: Image.Image, *size: int) -> Any:
        decoded.append(image.size)
        return genuine(image, *size)

    monkeypatch.setattr("mobileiqa_sdk.scorer.resize", recording)
    height, width = (1203, 1601) if orientation == 1 else (1601, 1203)
    result = scorer.assess(file.getvalue())
    assert result.input_size == fitted(height, width, FAST, 1)
    factor = 1 if exact_decode else reduction((width, height), result.input_size)
    assert factor == (1 if exact_decode else 8)
    assert decoded == [(-(-width // factor), -(-height // factor))]


def test_every_golden_case_and_every_output_is_replayed(free: Path) -> None:
    replay = replay_golden(Scorer(free))
    assert replay.passed
    assert [case.setting for case in replay.cases] == ["fast", "high"]
    names = ["score", "faults.blur", "faults.noise", "photo"]
    assert [list(case.expected) for case in replay.cases] == [names, names]


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("key", ["input_sha256", "score", "faults", "photo"])
def test_a_golden_value_that_is_off_is_seen(tmp_path: Path, number: int, key: str) -> None:
    values = artifacts.free_contract()
    case = values["golden"]["cases"][number]
    if key == "input_sha256":
        case[key] = "0" * 64
    elif key == "faults":
        case[key][1] += 0.001
    else:
        case[key] += 0.001
    replay = replay_golden(Scorer(artifacts.save(tmp_path, artifacts.free_model(values))))
    assert not replay.passed
    assert replay.resize_exact is (key != "input_sha256")
    assert replay.difference == pytest.approx(0.0 if key == "input_sha256" else 0.001, abs=1e-6)


def renamed(values: dict[str, Any]) -> dict[str, Any]:
    values["outputs"][1]["name"] = "defects"
    return values


def fewer(values: dict[str, Any]) -> dict[str, Any]:
    del values["outputs"][2]
    for case in values["golden"]["cases"]:
        case["photo"] = None
    return values


@pytest.mark.parametrize("change", [renamed, fewer])
def test_other_outputs_than_promised(tmp_path: Path, change: Any) -> None:
    data = artifacts.free_model(change(artifacts.free_contract()))
    with pytest.raises(ContractMismatch, match="outputs"):
        Scorer(artifacts.save(tmp_path, data))


@pytest.mark.parametrize("shape", [(1, 48, 64, 3), (1, "h", 64, 3), (1, 48, "w", 3), ("n", "h", "w", 3)])
def test_a_fixed_size_where_any_is_promised(tmp_path: Path, shape: tuple[Any, ...]) -> None:
    with pytest.raises(ContractMismatch, match="any"):
        Scorer(artifacts.save(tmp_path, artifacts.free_model(shape=shape)))


@pytest.mark.parametrize("answer", [float("nan"), float("inf"), -float("inf"), -0.001, 1.001])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_every_output_is_checked(free: Path, answer: float, place: int) -> None:
    contract = Scorer(free).contract
    outputs = [np.zeros((1, spec.size), np.float32) for spec in contract.outputs]
    assert checked(outputs, contract, free).score == 0
    outputs[place][0, -1] = answer
    with pytest.raises(OpinionsInvalid):
        checked(outputs, contract, free)


def test_an_output_of_another_size(free: Path) -> None:
    contract = Scorer(free).contract
    outputs = [np.zeros(spec.size, np.float32) for spec in contract.outputs]
    outputs[1] = np.zeros(3, np.float32)
    with pytest.raises(ContractMismatch, match="faults"):
        checked(outputs, contract, free)


def test_tflite_is_resized_for_each_size_and_keeps_few_interpreters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = artifacts.free_contract()
    values["outputs"] = [artifacts.output("score", "opinions", 1)]
    for name, case in zip(artifacts.SETTINGS, values["golden"]["cases"], strict=True):
        size = fitted(*artifacts.GOLDEN, Setting(name, artifacts.SETTINGS[name]), 32)
        case.update(artifacts.case(*size, name))
    data = tflite_artifacts.model(values, shape=(1, 1, 1, 3), signature=(1, -1, -1, 3))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    scorer = Scorer(tflite_artifacts.save(tmp_path, data), threads=1, resolution="high")
    assert replay_golden(scorer).passed
    sizes = [(32 * step, 32) for step in range(1, 9)] * 2
    for size in sizes:
        pixels = resize(Image.fromarray(noise(*size)), *size)
        result = scorer.assess(noise(*size))
        assert result.input_size == size
        assert result.score == pytest.approx(artifacts.brightness(pixels), abs=1e-6)
    session: Any = scorer._runtime
    assert len(session._idle) == 1 + litert.KEPT_SIZES


def test_an_artifact_that_failed_verification_warns_once_per_scorer(
    tmp_path: Path, photos: list[str]
) -> None:
    for values in (
        artifacts.contract(verification={"passed": False, "failures": ["ranks differ"]}),
        artifacts.contract_v2(precision={"compute": "fp32; drift allowed"}),
    ):
        path = artifacts.save(tmp_path, artifacts.model(values))
        with pytest.warns(VerificationWarning, match="verification") as caught:
            scorer = Scorer(path)
        assert len(caught) == 1
        assert caught[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            scorer.score(photos[0])


def test_a_sound_artifact_does_not_warn(tiny: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Scorer(tiny)


def test_a_scorer_is_read_only(tiny: Path) -> None:
    scorer = Scorer(tiny, threads=2)
    for name in ("threads", "path", "decode", "contract", "resolution"):
        with pytest.raises(AttributeError):
            setattr(scorer, name, 99)
    assert "tiny" in repr(scorer)


def test_a_closed_scorer(tiny: Path, photos: list[str]) -> None:
    with Scorer(tiny) as scorer:
        assert scorer.score(photos[0]) > 0
    scorer.close()
    with pytest.raises(ValueError, match="closed"):
        scorer.score(photos[0])
    assert scorer.contract.model.name == "tiny"


def test_a_pickled_scorer_is_loaded_again(free: Path) -> None:
    scorer = Scorer(free, threads=3, exact_decode=True, resolution="high", runtime="onnx")
    for twin in (pickle.loads(pickle.dumps(scorer)), copy.deepcopy(scorer)):  # noqa: S301 - our own
        assert twin.assess(noise(99, 200)).opinions == scorer.assess(noise(99, 200)).opinions
        assert (twin.path, twin.threads, twin.resolution) == (scorer.path, 3, "high")


@pytest.mark.parametrize("exact_decode", [False, True])
def test_a_pickled_scorer_keeps_its_decode_rule(tmp_path: Path, exact_decode: bool) -> None:
    model = artifacts.free_model(artifacts.free_contract(decode="jpeg-reduced"))
    scorer = Scorer(artifacts.save(tmp_path, model), exact_decode=exact_decode)
    assert scorer.decode == ("full" if exact_decode else "jpeg-reduced")
    assert pickle.loads(pickle.dumps(scorer)).decode == scorer.decode  # noqa: S301 - our own


def test_an_assessment_is_pickled_and_hashed(free: Path) -> None:
    result = Scorer(free).assess(noise(99, 200))
    assert pickle.loads(pickle.dumps(result)) == result  # noqa: S301 - our own
    assert len({result, result}) == 1


def test_another_model_at_the_path_of_a_pickled_one(tmp_path: Path) -> None:
    path = artifacts.save(tmp_path)
    data = pickle.dumps(Scorer(path))
    artifacts.save(tmp_path, artifacts.model(artifacts.contract(model={"version": "0.4"})))
    with pytest.raises(ModelError, match="another"):
        pickle.loads(data)  # noqa: S301 - our own


@pytest.mark.parametrize("threads", [1, 3])
def test_onnxruntime_gets_the_threads(tiny: Path, threads: int) -> None:
    session: Any = Scorer(tiny, threads=threads)._runtime
    options = session._session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (threads, 1)
    assert options.execution_order.name == "PRIORITY_BASED"


TITLE = "\x1b]0;pwned\x07"


def test_a_name_in_a_model_cannot_reach_the_terminal(tmp_path: Path, photos: list[str], run: Any) -> None:
    tails = {
        "loading": [helper.make_node("NoSuchOperator", ["mean"], ["score"], name=TITLE)],
        "running": [
            helper.make_node(
                "Constant", [], ["shape"], value=helper.make_tensor("", TensorProto.INT64, [1], [7])
            ),
            helper.make_node("Cast", ["mean"], ["zero"], to=TensorProto.INT64),
            helper.make_node("Add", ["shape", "zero"], ["sum"]),
            helper.make_node("Reshape", ["mean", "sum"], ["score"], name=TITLE),
        ],
    }
    for name, tail in tails.items():
        folder = tmp_path / f"{name}{TITLE}"
        path = artifacts.save(folder, artifacts.model(tail=tail, out_shape=("N",)))
        for arguments in (["score", "-m", path, photos[0]], ["verify", path], ["verify", "--json", path]):
            done = run(*arguments)
            assert done.code == 1
            assert "pwned" in done.err
            assert not {"\x1b", "\x07"} & set(done.out + done.err)


def test_names_of_files_cannot_reach_the_terminal(cache: Path, photos: list[str], run: Any) -> None:
    sound = artifacts.save(cache / "models" / f"mine{TITLE}")
    failed = artifacts.contract(verification={"passed": False, "failures": ["ranks differ"]})
    artifacts.save(cache / "models" / f"worn{TITLE}", artifacts.model(failed))
    for arguments in (["models"], ["doctor"], ["verify", sound], ["score", "-m", sound, f"{TITLE}.jpg"]):
        done = run(*arguments)
        assert "pwned" in done.out + done.err
        assert not {"\x1b", "\x07"} & set(done.out + done.err)
    for arguments in (["models", "--json"], ["doctor", "--json"], ["verify", sound, "--json"]):
        assert "\x1b" not in run(*arguments).out


def test_listed_sizes_may_fill_the_budget_and_the_closest_is_taken(tmp_path: Path) -> None:
    values = artifacts.free_contract()
    sizes = [[64, 64], [32, 128], [128, 32]]  # 4096 pixels each: the whole budget of "fast"
    values["input"]["settings"] = [{"name": "fast", "max_pixels": 4096, "sizes": sizes}]
    values["golden"]["cases"] = values["golden"]["cases"][:1]
    scorer = Scorer(artifacts.save(tmp_path, artifacts.free_model(values)), threads=1)
    for photo, size in (((300, 300), (64, 64)), ((100, 900), (32, 128)), ((900, 100), (128, 32))):
        assert scorer.assess(noise(*photo)).input_size == size


def test_faults_are_in_falling_order(tmp_path: Path) -> None:
    model = artifacts.free_model(faults={"blur": 0.1, "noise": 0.3, "dark": 0.2})
    result = Scorer(artifacts.save(tmp_path, model), threads=1).assess(noise(99, 200))
    assert list(result.faults) == ["noise", "dark", "blur"]


def test_outputs_in_any_order_are_told_apart_by_name() -> None:
    contract = ModelContract.from_json(json.dumps(artifacts.free_contract()), "a test")
    names = ["faults", "photo", "opinions"]  # a turn of three, which is not its own reverse
    assert [names[at] for at in output_positions(names, contract, Path())] == ["opinions", "faults", "photo"]
