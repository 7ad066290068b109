"""Models run by the core: Python's scores."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import skimage

from mobileiqa_sdk import Scorer, library
from mobileiqa_sdk._onnxruntime import onnxruntime
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.resample import resize
from mobileiqa_sdk.verification import replay_golden

from ..sdk import artifacts
from . import toolbox
from .models import GREY, opened, views
from .toolbox import JavaError, Jvm, picture, saved

PHOTOS = Path(skimage.__file__).parent / "data"
NAMES = ["astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "retina.jpg", "rocket.jpg"]


@pytest.fixture(scope="module")
def bundled() -> Path:
    """The bundled artifact."""
    return library.find(None)


def test_the_same_onnxruntime_as_in_python(jvm: Jvm) -> None:
    assert jvm.call("version") == onnxruntime.__version__


@pytest.mark.parametrize("route", ["path", "bytes"])
def test_photos_get_the_scores_of_python(jvm: Jvm, bundled: Path, tmp_path: Path, route: str) -> None:
    if route == "path":
        model = jvm.call("open", path=str(bundled), threads=1)
    else:
        model = jvm.call("open", file_path=str(bundled), threads=1)
    scorer = Scorer(threads=1)
    spec = scorer.contract.input
    for name in NAMES:
        photo = read_photo(PHOTOS / name)
        for upright in (photo, photo.rotate(90, expand=True)):
            pixels = resize(upright, *spec.size_for(upright.height, upright.width))
            # JVM and Python resize alike, see test_pixels.py.
            actual = jvm.call("run", model=model, **picture(pixels))
            assert actual == pytest.approx(scorer.score(upright), abs=1e-5)
    jvm.call("close", model=model)


def test_a_whole_photo_through_java_alone(jvm: Jvm, bundled: Path, tmp_path: Path) -> None:
    photo = read_photo(PHOTOS / "hubble_deep_field.jpg")
    model = jvm.call("open", path=str(bundled), threads=2)
    height, width = Scorer(threads=1).input_size(photo.height, photo.width)
    sides = {"to_width": width, "to_height": height}
    small = jvm.call("resize", **saved(photo, tmp_path), **sides)
    assert jvm.call("run", model=model, **small) == pytest.approx(Scorer(threads=2).score(photo), abs=1e-5)
    jvm.call("close", model=model)


def test_the_golden_image(jvm: Jvm, bundled: Path) -> None:
    model = jvm.call("open", path=str(bundled), threads=1)
    actual = jvm.call("replay", model=model)
    python = replay_golden(Scorer(threads=1))
    assert actual["ok"]
    assert actual["input_matches"]
    assert actual["expected"] == python.expected
    assert actual["tolerance"] == python.tolerance
    assert actual["found"] == pytest.approx(python.actual, abs=1e-5)
    jvm.call("close", model=model)


@pytest.mark.parametrize("off", [{"score": 0.9}, {"input_sha256": "0" * 64}], ids=["score", "input"])
def test_a_golden_image_that_is_off(jvm: Jvm, off: dict[str, Any]) -> None:
    actual = jvm.call("replay", model=opened(jvm, artifacts.model(artifacts.contract(golden=off))))
    assert not actual["ok"]
    assert actual["input_matches"] == ("score" in off)


def test_a_name_that_is_not_ascii(jvm: Jvm, tmp_path: Path) -> None:
    file = tmp_path / "模型 \N{SMILING FACE WITH SUNGLASSES}.onnx"
    file.write_bytes(
        artifacts.model(artifacts.contract(model={"family": "Ö \N{SMILING FACE WITH SUNGLASSES}"}))
    )
    model = jvm.call("open", path=str(file), threads=1)
    assert jvm.call("model_contract", model=model)["model"]["family"] == "Ö \N{SMILING FACE WITH SUNGLASSES}"
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
    assert jvm.call("model_contract", model=model)["model"]["name"] == "tiny"


def test_a_model_that_keeps_aspect_ratios(jvm: Jvm) -> None:
    model = opened(jvm, artifacts.free_model())
    assert jvm.call("replay", model=model)["ok"]
    assert jvm.call("opinions", model=model, **picture(GREY[:32])) == pytest.approx([128 / 255, 64 / 255])
    with pytest.raises(JavaError, match="IllegalArgumentException"):
        jvm.call("run", model=model, **picture(GREY[:31]))


def test_a_model_of_schema_2(jvm: Jvm) -> None:
    model = opened(jvm, artifacts.model(artifacts.contract_v2()))
    assert jvm.call("replay", model=model)["ok"]


def test_pixels_of_another_size(jvm: Jvm) -> None:
    with pytest.raises(JavaError, match=r"IllegalArgumentException: .*48x64"):
        jvm.call("run", model=opened(jvm, artifacts.model()), **picture(GREY.transpose(1, 0, 2).copy()))


@pytest.mark.parametrize("threads", [0, -1, 1025])
def test_threads_that_make_no_sense(jvm: Jvm, threads: int) -> None:
    with pytest.raises(JavaError, match="IllegalArgumentException: threads must be 1 to 1024"):
        opened(jvm, artifacts.model(), threads)


@pytest.mark.parametrize(
    "precision", [{"weights": "int4"}, {"weights": "int8", "activations": "static-int8"}]
)
def test_weights_that_are_laid_out_anew(jvm: Jvm, precision: dict[str, str]) -> None:
    model = opened(jvm, artifacts.model(artifacts.contract(precision=precision)))
    assert jvm.call("run", model=model, **picture(GREY)) == pytest.approx(128 / 255)


@pytest.mark.parametrize("count", [1, 2, 5, 1024])
def test_opinions(jvm: Jvm, tmp_path: Path, count: int) -> None:
    data = artifacts.model(artifacts.contract(opinions=count), tail=views(count), out_shape=(1, count))
    model = opened(jvm, data)
    sent = picture(GREY)
    assert jvm.call("model_contract", model=model)["outputs"][0]["size"] == count
    expected = Scorer(artifacts.save(tmp_path, data)).assess(GREY)
    assert jvm.call("opinions", model=model, **sent) == [
        pytest.approx(o, abs=1e-7) for o in expected.opinions
    ]
    assert jvm.call("run", model=model, **sent) == pytest.approx(expected.score, abs=1e-7)


@pytest.fixture(scope="module")
def phones_version(classes: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jvm]:
    """A JVM with the version of onnxruntime that the APK has."""
    toolbox.need("clang-14", "ld.lld-14")
    toolbox.need_onnxruntime("onnxruntime-android")
    if platform.machine() != "x86_64":
        pytest.skip("the npm package has that version for x86-64 alone")
    folder = tmp_path_factory.mktemp("phone")
    toolbox.build_native("host-as-phone", folder)
    jvm = Jvm(classes, folder)
    yield jvm
    jvm.close()


def test_the_version_of_the_phone_scores_alike(phones_version: Jvm, bundled: Path) -> None:
    library_of_phone = toolbox.CACHE / "onnxruntime-android/jni/arm64-v8a/libonnxruntime.so"
    version = phones_version.call("version")
    assert re.fullmatch(r"1\.\d+\.\d+", version)
    assert b"\0" + version.encode() + b"\0" in library_of_phone.read_bytes()
    model = phones_version.call("open", path=str(bundled), threads=1)
    assert phones_version.call("replay", model=model)["ok"]
    scorer = Scorer(threads=1)
    spec = scorer.contract.input
    for name in NAMES:
        photo = read_photo(PHOTOS / name)
        pixels = resize(photo, *spec.size_for(photo.height, photo.width))
        actual = phones_version.call("run", model=model, **picture(pixels))
        assert actual == pytest.approx(scorer.score(photo), abs=1e-5)
