"""Where a photo is good: windows, what is flat, the map of a photo, its picture and the command."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from skimage import data

import mobileiqa_sdk
from mobileiqa_sdk import ContractUnsupported, PhotoNotFound, PictureUnsupported, QualityMap, Scorer
from mobileiqa_sdk.where import detail, quality_map, windows
from mobileiqa_sdk.where.colours import colours_of
from mobileiqa_sdk.where.overlay import LEAST_WIDTH, draw_overlay, interpolated

from . import artifacts

Run = Callable[..., Any]
Pixels = NDArray[np.uint8]
LENGTHS = st.integers(1, 3000)
SIDES = st.integers(1, 32).map(windows.window_side)


@given(LENGTHS, SIDES)
def test_windows_cover_a_side_and_stay_inside(length: int, side: int) -> None:
    starts = windows.starts(length, side)
    assert starts[0] == 0
    assert starts[-1] == max(length - side, 0)
    gaps = np.diff(starts)
    assert (gaps > 0).all()
    assert (gaps <= side // 2).all()  # neighbours overlap by half at least
    assert len(gaps) <= 2 * length / side  # and no more are made than that needs


@given(LENGTHS, LENGTHS, SIDES)
def test_every_pixel_is_in_a_window(height: int, width: int, side: int) -> None:
    boxes = windows.cut(height, width, side)
    top, left, bottom, right = np.moveaxis(boxes, -1, 0)
    assert (bottom - top == min(side, height)).all()
    assert (right - left == min(side, width)).all()
    for first, last, length in ((top[:, 0], bottom[:, 0], height), (left[0], right[0], width)):
        assert first[0] == 0
        assert last[-1] == length
        assert (first[1:] <= last[:-1]).all()


@given(LENGTHS, LENGTHS, st.integers(1, 9), st.integers(1, 9))
def test_windows_at_another_size_are_the_same_part(height: int, width: int, down: int, across: int) -> None:
    boxes = windows.cut(height, width, 256)
    larger = windows.scaled(boxes, (height, width), (height * down, width * across))
    assert np.array_equal(larger, boxes * np.array([down, across, down, across]))
    assert np.array_equal(windows.scaled(larger, (height * down, width * across), (height, width)), boxes)


def test_windows_by_hand() -> None:
    assert [windows.window_side(multiple) for multiple in (1, 3, 32)] == [256, 255, 256]
    assert windows.starts(384, 256) == [0, 128]
    assert windows.starts(385, 256) == [0, 64, 129]
    assert windows.cut(100, 300, 256).tolist() == [[[0, 0, 100, 256], [0, 44, 100, 300]]]
    assert windows.scaled(np.array([1, 2, 3, 3]), (3, 3), (2, 4)).tolist() == [1, 3, 2, 4]


def sky(noise: float = 2.0, seed: int = 0) -> Pixels:
    """A clear sky: brighter towards the horizon, with the noise of a sensor."""
    down = np.linspace(0, 1, 256)[:, np.newaxis, np.newaxis]
    colours = np.array([90.0, 140, 210]) + down**1.5 * np.array([80.0, 60, 30])
    grain = np.random.default_rng(seed).normal(0, noise, (256, 256, 3)) if noise else 0.0
    return np.clip(np.rint(np.broadcast_to(colours, (256, 256, 3)) + grain), 0, 255).astype(np.uint8)


def texture(radius: float = 0.0) -> Pixels:
    """Gravel, out of focus by a radius in pixels."""
    picture = Image.fromarray(data.gravel()).convert("RGB").crop((0, 0, 256, 256))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)) if radius else picture)


@pytest.mark.parametrize("noise", [0, 2, 8, 30])
def test_a_clear_sky_is_flat_however_noisy(noise: float) -> None:
    assert detail.is_flat(sky(noise))
    assert detail.is_flat(np.rot90(sky(noise)))
    assert detail.is_flat(sky(noise)[:33, :71])


def test_light_that_falls_off_to_all_sides_is_flat() -> None:
    down, across = np.meshgrid(np.linspace(-1, 1, 256), np.linspace(-1, 0.5, 256), indexing="ij")
    dome = 200 - 40 * down**2 - 60 * across**2 + 20 * down * across
    assert detail.detail(np.repeat(np.rint(dome)[..., np.newaxis], 3, axis=2).astype(np.uint8)) < 0.002


@pytest.mark.parametrize("level", [0, 5, 128, 255])
def test_one_colour_is_flat(level: int) -> None:
    assert detail.detail(np.full((256, 256, 3), level, np.uint8)) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("radius", [0, 2, 4, 6])
def test_a_texture_out_of_focus_is_not_flat(radius: float) -> None:
    assert not detail.is_flat(texture(radius))


def test_a_texture_in_the_dark_or_in_noise_is_not_flat() -> None:
    assert not detail.is_flat((texture() * np.float32(0.08)).astype(np.uint8))
    noisy = texture(2) + np.random.default_rng(0).normal(0, 30, (256, 256, 3))
    assert not detail.is_flat(np.clip(noisy, 0, 255).astype(np.uint8))
    assert not detail.is_flat(np.kron(np.indices((64, 64)).sum(0) % 2, np.ones((4, 4), int))[..., None]
                              .repeat(3, axis=2).astype(np.uint8) * 90 + 80)  # fmt: skip


def test_detail_is_the_deviation_relative_to_the_brightness() -> None:
    stripes = np.full((256, 256, 3), 104, np.uint8)
    stripes[:, np.arange(256) // 8 % 2 == 1] = 120
    assert detail.detail(stripes) == pytest.approx(8 / (112 + 16), rel=0.003)
    grain = np.random.default_rng(0).normal(0, 20, (256, 256, 1))
    noisy = np.clip(np.rint(stripes + grain), 0, 255).astype(np.uint8)
    assert detail.detail(noisy) == pytest.approx(8 / (112 + 16), rel=0.02)
    for deviation, flat in ((2, True), (3, False)):  # 1.7 % and 2.6 %
        faint = (stripes // 16 * 2 * deviation + 100 - 13 * deviation).astype(np.uint8)
        assert sorted(np.unique(faint)) == [100 - deviation, 100 + deviation]
        assert detail.is_flat(faint) is flat


LARGE = 2**18


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of free size with a fine setting in the middle; the score is 0.75 times the brightness."""
    values = artifacts.free_contract()
    values["input"]["settings"][1]["max_pixels"] = LARGE
    return artifacts.save(tmp_path_factory.mktemp("free"), artifacts.free_model(values))


def photograph(height: int = 400, width: int = 600, dark: tuple[slice, slice] | None = None) -> Pixels:
    """A photograph of coffee, with a dark part if one is given."""
    pixels = np.array(Image.fromarray(data.coffee()).resize((width, height)))
    if dark:
        pixels[dark] //= 4
    return pixels


def test_a_map_is_what_the_model_answers_for_each_window(model: Path) -> None:
    pixels = photograph(384, 608)
    scorer = Scorer(model, threads=1)
    quality = scorer.map(pixels)
    assert (quality.photo, quality.model, quality.size) == ("<array>", "tiny", (384, 608))
    assert quality.scores.shape == (2, 4)
    assert quality.scores.dtype == quality.faults["blur"].dtype == np.float32
    assert list(quality.faults) == ["blur", "noise"]
    assert np.array_equal(quality.pixels, pixels)
    for place in np.ndindex(2, 4):
        top, left, bottom, right = quality.windows[place]
        answer = scorer.predict(np.ascontiguousarray(pixels[top:bottom, left:right]))
        assert quality.scores[place] == np.float32(answer.score)
        assert quality.faults["noise"][place] == np.float32(answer.faults["noise"])
    assert not quality.scores.flags.writeable


def test_the_finest_setting_is_taken_whatever_the_scorers(model: Path) -> None:
    pixels = photograph(800, 1200)
    quality = Scorer(model, threads=1, resolution="fast").map(pixels)
    height, width = Scorer(model, threads=1).input_size(800, 1200, "high")
    assert quality.pixels.shape == (height, width, 3)
    assert height * width > LARGE * 0.8
    assert quality.windows[0, 0].tolist() == [0, 0, round(256 * 800 / height), round(256 * 1200 / width)]
    assert quality.windows[-1, -1, 2:].tolist() == [800, 1200]


def test_windows_are_in_the_pixels_of_the_upright_file(tmp_path: Path) -> None:
    values = artifacts.free_contract(decode="jpeg-reduced")
    scorer = Scorer(artifacts.save(tmp_path, artifacts.free_model(values)), threads=1)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.fromarray(photograph(1000, 1600)).save(tmp_path / "a.jpg", exif=exif)
    quality = scorer.map(tmp_path / "a.jpg")
    assert quality.size == (1600, 1000)
    assert quality.windows[-1, -1, 2:].tolist() == [1600, 1000]
    assert quality.pixels.shape[0] > quality.pixels.shape[1]


def test_the_worst_window_has_its_worst_fault(model: Path) -> None:
    quality = Scorer(model, threads=1).map(photograph(512, 512, dark=(slice(256, 512), slice(0, 256))))
    worst = quality.worst
    assert worst is not None
    assert worst.box == (256, 0, 512, 256)
    assert worst.score == np.float32(quality.scores.min())
    assert worst.fault == "blur"  # twice the severity of the other one
    assert worst.severity == quality.faults["blur"][2, 0]


def test_a_clear_sky_is_nan_and_a_blurred_quarter_is_not(model: Path) -> None:
    pixels = np.concatenate([np.tile(sky(), (1, 2, 1)), np.tile(texture(5), (1, 2, 1))])
    quality = Scorer(model, threads=1).map(pixels)
    flat = np.isnan(quality.scores)
    assert flat.tolist() == [[True] * 3, [False] * 3, [False] * 3]
    assert np.array_equal(np.isnan(quality.faults["blur"]), flat)


def test_nothing_to_judge_has_no_worst_window_and_is_drawn_all_the_same(model: Path) -> None:
    quality = Scorer(model, threads=1).map(sky())
    assert np.isnan(quality.scores).all()
    assert quality.worst is None
    red, green, blue = np.moveaxis(np.asarray(quality.overlay()).astype(int)[:256, 112:368], -1, 0)
    assert (red == green).all()
    assert (green == blue).all()


@pytest.mark.parametrize(("size", "shape"), [((64, 96), (1, 1)), ((32, 300), (1, 2)), ((256, 256), (1, 1))])
def test_a_small_photo_has_few_windows(model: Path, size: tuple[int, int], shape: tuple[int, int]) -> None:
    scorer = Scorer(model, threads=1, resolution="high")
    quality = scorer.map(photograph(*size))
    assert quality.scores.shape == shape
    assert quality.windows[-1, -1, 2:].tolist() == list(size)
    if shape == (1, 1):  # the window is the photo
        assert quality.scores[0, 0] == np.float32(scorer.score(photograph(*size)))


def test_a_model_without_faults_has_no_maps_of_them(tmp_path: Path) -> None:
    values = artifacts.free_contract()
    values["outputs"] = [artifacts.output("score", "opinions", 1)]
    for golden in values["golden"]["cases"]:
        golden |= {"faults": [], "photo": None}
    data = artifacts.model(values, shape=(1, "height", "width", 3))
    quality = Scorer(artifacts.save(tmp_path, data), threads=1).map(photograph(300, 300))
    assert quality.faults == {}
    assert quality.worst is not None
    assert (quality.worst.fault, quality.worst.severity) == (None, None)


def test_a_model_of_one_size_is_refused(tiny: Path) -> None:
    with pytest.raises(ContractUnsupported, match="tiny"):
        Scorer(tiny).map(photograph())


def test_so_is_one_of_listed_sizes(tmp_path: Path) -> None:
    values = artifacts.free_contract()
    for setting in values["input"]["settings"]:
        setting["sizes"] = [[32, 64], [64, 32]]
    scorer = Scorer(artifacts.save(tmp_path, artifacts.free_model(values)), threads=1)
    with pytest.raises(ContractUnsupported):
        scorer.map(photograph())


def test_photos_that_cannot_be_read_and_closed_scorers_are_named_errors(model: Path) -> None:
    scorer = Scorer(model, threads=1)
    with pytest.raises(PhotoNotFound):
        scorer.map("missing.jpg")
    scorer.close()
    with pytest.raises(ValueError, match="closed"):
        scorer.map(photograph())


def test_a_map_is_public_and_can_be_pickled(model: Path) -> None:
    assert mobileiqa_sdk.QualityMap is QualityMap
    quality = Scorer(model, threads=1).map(photograph())
    copy = pickle.loads(pickle.dumps(quality))  # noqa: S301 - what was pickled in the same line
    assert np.array_equal(copy.scores, quality.scores)
    assert copy.worst == quality.worst


def lightness(colours: NDArray[Any]) -> NDArray[Any]:
    """OKLab of sRGB colours in 0..255, as its author gives it: lightness and two axes of colour."""
    unit = colours / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    cones = np.cbrt(
        linear
        @ np.array(
            [
                (0.4122214708, 0.2119034982, 0.0883024619),
                (0.5363325363, 0.6806995451, 0.2817188376),
                (0.0514459929, 0.1073969566, 0.6299787005),
            ]
        )
    )
    axes = [
        (0.2104542553, 1.9779984951, 0.0259040371),
        (0.7936177850, -2.4285922050, 0.7827717662),
        (-0.0040720468, 0.4505937099, -0.8086757660),
    ]
    return np.asarray(cones @ np.array(axes))


def test_equal_steps_of_a_score_are_equal_to_the_eye() -> None:
    lab = lightness(colours_of(np.linspace(0, 1, 9)))
    steps = np.linalg.norm(np.diff(lab, axis=0), axis=1)
    assert steps.max() / steps.min() < 1.06
    assert (np.diff(lab[:, 0]) > 0.04).all()  # lighter all the way


GRID = windows.cut(512, 512, 256)


def test_scores_are_interpolated_between_middles() -> None:
    scores = np.array([[0.2, 0.4, 0.6], [0.2, np.nan, 0.6], [0.2, 0.4, np.nan]], np.float32)
    values, shares = interpolated(GRID, scores, 512, 512)
    middles = [127, 255, 383]  # the pixels left of 127.5 and so on
    assert values[0, 0] == values[127, 0] == pytest.approx(0.2)
    assert values[0, middles[1]] == pytest.approx(0.4, abs=1e-3)
    assert values[0, 192] == pytest.approx(0.3, abs=2e-3)
    assert shares[255, 255] == pytest.approx(0, abs=1e-3)
    assert shares[511, 511] == 0
    assert shares[0, 0] == shares[0, 511] == 1
    assert shares[192, 255] == pytest.approx(0.5, abs=0.01)
    across = values[0].astype(float)
    assert (np.diff(across) >= -1e-6).all()  # it neither overshoots nor steps
    assert np.diff(across).max() < 0.003


def test_the_overlay_has_the_colours_of_the_scores_and_grey_where_it_is_flat() -> None:
    pixels = np.full((512, 512, 3), (10, 200, 30), np.uint8)
    scores = np.array([[0, 0.5, 1], [0, np.nan, np.nan], [0, np.nan, np.nan]], np.float32)
    overlay = draw_overlay(pixels, GRID, scores)
    assert overlay.mode == "RGB"
    assert overlay.width == 512
    assert 512 < overlay.height < 640
    luma = (299 * 10 + 587 * 200 + 114 * 30 + 500) // 1000
    grey = 100 + luma * 150 / 255
    for place, score in (((40, 300), 0.0), ((500, 40), 1.0)):
        colour = colours_of(np.array(score))
        expected = np.rint(0.45 * grey + 0.55 * colour)
        assert np.abs(np.array(overlay.getpixel(place)) - expected).max() <= 1
    assert overlay.getpixel((500, 500)) == (round(grey),) * 3


def test_the_lowest_window_is_framed() -> None:
    scores = np.full((3, 3), 0.5, np.float32)
    scores[1, 2] = 0.4
    framed = np.asarray(draw_overlay(np.full((512, 512, 3), 128, np.uint8), GRID, scores))
    white = (framed[:512] == 255).all(axis=-1)
    rows, columns = np.flatnonzero(white.any(axis=1)), np.flatnonzero(white.any(axis=0))
    assert (rows[0], rows[-1]) == (129, 382)
    assert (columns[0], columns[-1]) == (257, 510)


def test_the_legend_explains_grey_only_where_there_is_some() -> None:
    scores = np.full((3, 3), 0.5, np.float32)
    pixels = np.full((512, 512, 3), 128, np.uint8)
    without = np.asarray(draw_overlay(pixels, GRID, scores))[512:]
    scores[0, 0] = np.nan
    with_grey = np.asarray(draw_overlay(pixels, GRID, scores))[512:]
    assert (with_grey == 175).all(axis=-1).any()
    assert not (without == 175).all(axis=-1).any()
    assert (without[-1] == 255).all()  # nothing is cut off
    assert without.std() > 20


@pytest.mark.parametrize(
    ("fault", "factor", "remark"),
    [
        ("defocus", 1.0, "out of focus"),
        ("lens_flare", 1.0, "lens flare"),
        ("defocus", 0.5, ""),
    ],
)
def test_the_legend_names_a_fault_that_is_severe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, factor: float, remark: str
) -> None:
    faults = {fault: factor, "noise": 0.1}
    data = artifacts.free_model(artifacts.free_contract(faults=faults), faults=faults)
    quality = Scorer(artifacts.save(tmp_path, data), threads=1).map(255 - photograph(100, 120) // 4)
    assert quality.worst is not None
    assert quality.worst.fault == fault
    remarks = []
    draw = quality_map.draw_overlay
    monkeypatch.setattr(quality_map, "draw_overlay", lambda *all_: remarks.append(all_[3]) or draw(*all_))
    height = quality.pixels.shape[0]
    named = np.asarray(quality.overlay())[height:]
    assert remarks == [remark]
    without = np.asarray(draw_overlay(quality.pixels, quality.windows, quality.scores))[height:]
    assert np.array_equal(named, without) is (remark == "")


def test_a_narrow_photo_stands_in_the_middle_above_its_legend(model: Path) -> None:
    overlay = np.asarray(Scorer(model, threads=1).map(photograph(300, 64)).overlay())
    assert overlay.shape[1] == LEAST_WIDTH
    assert (overlay[:300, : (LEAST_WIDTH - 64) // 2] == 255).all()
    assert not (overlay[150, LEAST_WIDTH // 2] == 255).all()


@pytest.mark.parametrize(("name", "kind"), [("a.png", "PNG"), ("a.JPG", "JPEG"), ("a.jpeg", "JPEG")])
def test_it_is_saved_by_its_suffix_and_replaces_what_is_there(
    model: Path, tmp_path: Path, name: str, kind: str
) -> None:
    quality = Scorer(model, threads=1).map(photograph())
    (tmp_path / name).write_bytes(b"before")
    quality.save(str(tmp_path / name))
    with Image.open(tmp_path / name) as image:
        assert image.format == kind
        assert image.size == quality.overlay().size
        if kind == "PNG":
            assert np.array_equal(np.asarray(image), np.asarray(quality.overlay()))
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.gif", "a", "png", "a.png.txt"])
def test_other_suffixes_are_refused_and_leave_no_file(model: Path, tmp_path: Path, name: str) -> None:
    quality = Scorer(model, threads=1).map(photograph())
    with pytest.raises(PictureUnsupported) as caught:
        quality.save(tmp_path / name)
    assert isinstance(caught.value, ValueError)
    assert list(tmp_path.iterdir()) == []


def test_no_file_is_left_after_an_error(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quality = Scorer(model, threads=1).map(photograph())
    with pytest.raises(FileNotFoundError):
        quality.save(tmp_path / "missing" / "a.png")
    (tmp_path / "a.png").write_bytes(b"before")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="No space"):
        quality.save(tmp_path / "a.png")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"before"]


@pytest.fixture
def shots(tmp_path: Path) -> list[str]:
    """Two photographs and a file that is none, in folders; the photographs have one name."""
    paths = [tmp_path / "one" / "a.png", tmp_path / "two" / "a.png", tmp_path / "two" / "bad.jpg"]
    for number, path in enumerate(paths[:2]):
        path.parent.mkdir()
        Image.fromarray(photograph(300, 400 + 8 * number)).save(path)
    paths[2].write_bytes(b"no photo")
    return list(map(str, paths))


def test_the_command_maps_one_photo_to_a_file(
    run: Run, model: Path, tmp_path: Path, shots: list[str]
) -> None:
    target = tmp_path / "map.png"
    target.write_bytes(b"before")
    result = run("score", "-m", model, "--map", target, shots[0])
    assert result.code == 0
    assert result.out.split()[2] == shots[0]
    quality = Scorer(model).map(shots[0])
    with Image.open(target) as image:
        assert np.array_equal(np.asarray(image), np.asarray(quality.overlay()))


def test_several_go_into_a_folder_and_errors_are_rows(
    run: Run, model: Path, tmp_path: Path, shots: list[str]
) -> None:
    folder = tmp_path / "new" / "maps"
    result = run("score", "-m", model, "--map", folder, *shots, "missing.jpg")
    assert result.code == 1
    assert [line.split()[1] for line in result.out.splitlines()] == ["poor", "poor", "error", "error"]
    assert sorted(path.name for path in folder.iterdir()) == ["a (2).map.png", "a.map.png"]
    first = (folder / "a.map.png").read_bytes()
    assert first == Scorer(model, threads=1).map(shots[0]).encoded("a.png")
    assert (folder / "a (2).map.png").read_bytes() == Scorer(model, threads=1).map(shots[1]).encoded("a.png")
    (folder / "a (2).map.png").write_bytes(b"mine")
    run("score", "-m", model, "--map", folder, *shots)  # what is the same stays, what is not is kept
    assert sorted(path.name for path in folder.iterdir()) == ["a (2).map.png", "a (3).map.png", "a.map.png"]
    assert (folder / "a.map.png").read_bytes() == first
    assert (folder / "a (2).map.png").read_bytes() == b"mine"


def test_one_photo_goes_into_a_folder_that_exists(
    run: Run, model: Path, tmp_path: Path, shots: list[str]
) -> None:
    (tmp_path / "maps").mkdir()
    assert run("score", "-m", model, "--map", tmp_path / "maps", "--jsonl", shots[0]).code == 0
    assert [path.name for path in (tmp_path / "maps").iterdir()] == ["a.map.png"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--map", "a.gif", "PHOTO"),
        ("--map", "a", "PHOTO"),
        ("--map", "missing/a.png", "PHOTO"),
        ("--map", "a.png", "PHOTO", "OTHER"),
        ("--map", "file", "PHOTO", "OTHER"),
        ("--map", "a.png", "-"),
        ("--map", "a.png", "PHOTO", "--resume", "rows"),
        ("--map", "a.png", "PHOTO", "--engine", "ray"),
        ("--map", "a.png", "photos.tar"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_mapped_is_wrong_usage(
    run: Run,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shots: list[str],
    arguments: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_bytes(b"mine")
    before = sorted(tmp_path.rglob("*"))
    names = {"PHOTO": shots[0], "OTHER": shots[1]}
    result = run("score", "-m", model, *(names.get(word, word) for word in arguments))
    assert result.code == 2
    assert "--map" in result.err
    assert result.out == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_a_model_of_one_size_is_one_line(run: Run, tiny: Path, tmp_path: Path, shots: list[str]) -> None:
    result = run("score", "-m", tiny, "--map", tmp_path / "a.png", shots[0])
    assert result.code == 1
    assert result.err.startswith("mobileiqa: tiny")
    assert not (tmp_path / "a.png").exists()


def test_a_full_disk_ends_the_command_and_leaves_nothing(
    run: Run, model: Path, tmp_path: Path, shots: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def __init__(self, path: Path) -> None:
            self.path = path
            path.touch()

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def write(self, _: bytes) -> int:
            raise OSError(28, "No space left on device", str(self.path))

    monkeypatch.setattr("mobileiqa_sdk.cli._maps.open", lambda path, _: Full(path), raising=False)
    (tmp_path / "maps").mkdir()
    result = run("score", "-m", model, "--map", tmp_path / "maps", shots[0])
    assert result.code == 1
    assert "No space left" in result.err
    assert list((tmp_path / "maps").iterdir()) == []


def test_scoring_alone_loads_nothing_that_draws(tiny: Path, shots: list[str]) -> None:
    code = "from mobileiqa_sdk.cli import main; main()"
    check = "import atexit, sys; atexit.register(lambda: print('mobileiqa_sdk.where' in sys.modules)); "
    arguments = ["-c", check + code, "score", "-m", str(tiny), shots[0]]
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "False"


def test_help_says_what_it_writes(run: Run) -> None:
    assert "--map OUT" in run("score", "--help").out
