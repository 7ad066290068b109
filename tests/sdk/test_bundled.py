"""The models that come with the package."""

import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageFilter
from skimage import data

import mobileiqa_sdk
from mobileiqa_sdk import ModelContract, Scorer, library
from mobileiqa_sdk.contract import METADATA_KEY
from mobileiqa_sdk.runtimes.onnx_file import read_metadata
from mobileiqa_sdk.verification import replay_golden

LARGER = "mobileiqa-base"
PHOTOS = ["astronaut", "coffee", "chelsea"]


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer(threads=1)


def picture(name: str) -> Image.Image:
    return Image.fromarray(getattr(data, name)())


def blurred(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(6))


def compressed(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=5)
    return Image.open(file)


def noisy(image: Image.Image) -> Image.Image:
    noise = np.random.default_rng(0).normal(0, 50, (image.height, image.width, 3))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def test_it_is_one_small_intact_file() -> None:
    model = library.models()[0]
    assert (model.name, model.bundled, model.intact) == ("mobileiqa-small", True, True)
    assert model.path == library.find(None) == Scorer().path
    assert 100_000 < model.size < 10_000_000


def test_the_contract_beside_it_is_the_one_inside(scorer: Scorer) -> None:
    beside = (scorer.path.parent / "contract.json").read_text(encoding="utf-8")
    inside = read_metadata(scorer.path, METADATA_KEY)
    assert inside is not None
    assert json.loads(beside) == json.loads(inside)
    assert ModelContract.from_json(beside, "beside") == scorer.contract
    assert scorer.contract.model.name == library.DEFAULT
    assert scorer.contract.model.license == "Apache-2.0"
    assert len(scorer.contract.model.checkpoint_sha256) == 64


@pytest.mark.parametrize("threads", [1, 2, None])
def test_it_keeps_its_contract(threads: int | None) -> None:
    replay = replay_golden(Scorer(threads=threads))
    assert replay.resize_exact
    assert replay.passed, replay.difference


@pytest.mark.parametrize("model", [library.DEFAULT, LARGER])
@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("worsen", [blurred, compressed, noisy])
def test_a_worse_copy_scores_lower(model: str, name: str, worsen) -> None:
    scorer, image = Scorer(model, threads=1), picture(name)
    assert scorer.score(worsen(image)) < scorer.score(image)


def test_the_larger_one_is_intact_and_takes_the_same_photos(scorer: Scorer) -> None:
    model = next(model for model in library.models() if model.name == LARGER)
    assert (model.bundled, model.intact) == (True, True)
    assert 10_000_000 < model.size < 12_000_000
    with Scorer(LARGER) as larger:
        assert larger.contract.model.name == LARGER
        assert larger.contract.input == scorer.contract.input
        assert replay_golden(larger).passed


@pytest.mark.parametrize("resolution", ["fast", "high"])
def test_the_larger_one_holds_the_small_one(resolution: str) -> None:
    image = picture("coffee")
    small, larger = (
        Scorer(name, threads=1, resolution=resolution).assess(image) for name in (library.DEFAULT, LARGER)
    )
    assert len(larger.opinions) == 2 * len(small.opinions)
    # Its weights are stored in half precision.
    assert larger.opinions[: len(small.opinions)] == pytest.approx(small.opinions, abs=2e-3)
    assert larger.faults == pytest.approx(small.faults, abs=5e-3)
    assert larger.photograph == pytest.approx(small.photograph, abs=5e-3)
    assert larger.opinions[len(small.opinions) :] != pytest.approx(small.opinions, abs=1e-2)


def test_the_same_score_every_time(scorer: Scorer) -> None:
    image = picture("chelsea")
    scores = {scorer.score(image) for _ in range(5)} | {Scorer(threads=1).score(image)}
    assert len(scores) == 1
    two = Scorer(threads=2)
    assert len({two.score(image) for _ in range(5)}) == 1
    assert two.score(image) == pytest.approx(scores.pop(), abs=1e-5)


def test_the_same_score_in_another_process(scorer: Scorer) -> None:
    code = (
        "from skimage import data; from mobileiqa_sdk import Scorer\n"
        "print(Scorer(threads=1).score(data.chelsea()).hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert float.fromhex(done.stdout) == scorer.score(data.chelsea())


def test_from_many_threads(scorer: Scorer) -> None:
    images = [picture(name).resize((300, 200)) for name in PHOTOS] * 3
    alone = [scorer.score(image) for image in images]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(scorer.score, images)) == alone


def test_score_without_a_scorer() -> None:
    assert mobileiqa_sdk.score(data.coffee()) == pytest.approx(
        Scorer(threads=1).score(data.coffee()), abs=1e-5
    )


@pytest.mark.parametrize("size", [(32, 32), (32, 2000), (3000, 33)])
def test_odd_sizes_have_scores(scorer: Scorer, size: tuple[int, int]) -> None:
    assert 0 <= scorer.score(picture("coffee").resize(size)) <= 1


@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_flat_photos_have_scores(scorer: Scorer, level: int) -> None:
    assert 0 <= scorer.score(np.full((64, 64, 3), level, np.uint8)) <= 1
