"""The golden image as numbers, and the verification that replays it."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobileiqa_sdk import Scorer
from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.golden import FORMULA, HEIGHT, WIDTH, golden_image
from mobileiqa_sdk.resample import resize
from mobileiqa_sdk.runtimes.runtime import checked
from mobileiqa_sdk.verification import Replay, ReplayedCase, replay_golden

from . import artifacts


def triangle(n: int) -> int:
    return abs(n % 510 - 255)


def pixel(y: int, x: int, c: int) -> int:
    """The formula again, for one number."""
    slow = triangle((c + 1) * x + 100 * c)
    return (4 * slow + 3 * triangle(2 * (c + 1) * y + x) + triangle(37 * x + 61 * (c + 1) * y)) // 8


def test_the_size_and_the_name() -> None:
    assert (FORMULA, HEIGHT, WIDTH) == ("triangles-1", 600, 800)
    image = golden_image()
    assert image.shape == (600, 800, 3)
    assert image.dtype == np.uint8


def test_the_first_pixels() -> None:
    # By hand, at (0, 0): (4*255 + 3*255 + 255) / 8, (4*155 + 3*255 + 255) / 8, (4*55 + 3*255 + 255) / 8.
    assert golden_image()[0, 0].tolist() == [255, 205, 155]
    assert golden_image()[0, :3].tolist() == [[255, 205, 155], [249, 199, 148], [244, 193, 142]]
    assert golden_image()[:3, 0].tolist() == [[255, 205, 155], [246, 188, 129], [238, 171, 132]]


def test_the_last_pixels() -> None:
    assert golden_image()[-1, -1].tolist() == [pixel(599, 799, c) for c in range(3)]


def test_the_formula_everywhere() -> None:
    expected = [[[pixel(y, x, c) for c in range(3)] for x in range(61)] for y in range(53)]
    assert golden_image(53, 61).tolist() == expected


def test_every_byte() -> None:
    digest = hashlib.sha256(golden_image().tobytes()).hexdigest()
    assert digest == "479cbb1f07e1b69637be7bafa005fb70c92d48048f1f633716d61ad726400958"


def test_every_byte_after_resizing() -> None:
    pixels = resize(Image.fromarray(golden_image()), 512, 512)
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
    assert digest == "c66e4716e644a4bf8b3c65bb2a09b6ed9608d450d786c95ea05207453621e1ab"


def test_a_good_artifact_passes(tiny: Path) -> None:
    replay = replay_golden(Scorer(tiny))
    assert replay.resize_exact
    assert replay.difference < 1e-6
    assert replay.passed


@pytest.mark.parametrize(
    ("offset", "passes"), [(0.5e-4, True), (-0.5e-4, True), (2e-4, False), (-0.3, False)]
)
def test_a_score_that_is_off_fails(tmp_path: Path, offset: float, passes: bool) -> None:
    contract = artifacts.contract()
    contract["golden"]["cases"][0]["score"] += offset
    replay = replay_golden(Scorer(artifacts.save(tmp_path, artifacts.model(contract))))
    assert replay.resize_exact
    assert replay.difference == pytest.approx(abs(offset), abs=1e-6)
    assert replay.passed is passes


def test_other_bytes_after_resizing_fail(tmp_path: Path) -> None:
    data = artifacts.model(artifacts.contract(golden={"input_sha256": "0" * 64}))
    replay = replay_golden(Scorer(artifacts.save(tmp_path, data)))
    assert not replay.resize_exact
    assert replay.difference < 1e-6
    assert not replay.passed


def test_a_difference_of_exactly_the_tolerance_passes() -> None:
    def passed(exact: bool, score: float) -> bool:
        return Replay((ReplayedCase("", exact, {"score": 0.5}, {"score": score}),), 0.25).passed

    assert passed(True, 0.75)
    assert not passed(True, 0.7500001)
    assert not passed(False, 0.5)
    assert not passed(True, float("nan"))


def test_the_mean_of_opinions_is_rounded_once() -> None:
    """Added one after the other, ten times 0.1 is 0.9999999999999999."""
    contract = ModelContract.from_json(json.dumps(artifacts.contract(opinions=10)), "a test")
    opinions = np.full(10, 0.1)
    assert checked([opinions], contract, Path("a test")).score == 0.1
