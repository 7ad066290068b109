"""What the app decides before Android decodes: at which scale, is the file whole, is the name plain."""

from __future__ import annotations

import io
import json
from math import ceil
from pathlib import Path

import pytest
import skimage
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from ..sdk import artifacts
from .toolbox import Jvm, base64_of

PHOTO = Path(skimage.__file__).parent / "data/chelsea.png"
PLENTY = 48_000_000
sides = st.integers(32, 12_000)
wild = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def plan(jvm: Jvm, decode: str, mime: str, width: int, height: int, budget: int = PLENTY) -> tuple[int, bool]:
    values = artifacts.contract(512, 512, input={"decode": decode})
    actual = jvm.call("plan", text=json.dumps(values), mime=mime, width=width, height=height, budget=budget)
    return actual["sample_size"], actual["exact"]


def test_a_reduced_jpeg_keeps_the_contract(pure: Jvm) -> None:
    assert plan(pure, "jpeg-reduced", "image/jpeg", 5000, 5000) == (4, True)
    assert plan(pure, "full", "image/jpeg", 5000, 5000) == (1, True)


@pytest.mark.parametrize("mime", ["image/png", "image/webp", "image/heif", "image/avif"])
def test_other_formats_are_decoded_whole(pure: Jvm, mime: str) -> None:
    assert plan(pure, "jpeg-reduced", mime, 4000, 3000) == (1, True)


def test_what_does_not_fit_is_decoded_smaller_and_said_so(pure: Jvm) -> None:
    assert plan(pure, "full", "image/jpeg", 12_000, 9_000) == (2, False)
    assert plan(pure, "jpeg-reduced", "image/jpeg", 12_000, 9_000) == (8, True)


@given(
    width=sides, height=sides, budget=st.integers(1, 10**8), decode=st.sampled_from(["full", "jpeg-reduced"])
)
@example(width=12_000, height=12_000, budget=1, decode="full")
@wild
def test_every_plan_fits_and_halves_no_more_than_needed(
    pure: Jvm, width: int, height: int, budget: int, decode: str
) -> None:
    size, exact = plan(pure, decode, "image/jpeg", width, height, budget)
    allowed, _ = plan(pure, decode, "image/jpeg", width, height, 10**9)
    assert ceil(width / size) * ceil(height / size) <= budget
    assert exact == (size == allowed)
    assert exact or ceil(width / (size // 2)) * ceil(height / (size // 2)) > budget


@given(width=sides, height=sides, side=st.integers(16, 2048))
@wild
def test_a_preview_is_no_smaller_than_asked(pure: Jvm, width: int, height: int, side: int) -> None:
    size = pure.call("preview", width=width, height=height, side=side)
    assert size & (size - 1) == 0
    longer = max(width, height)
    assert longer // size >= min(side, longer)
    assert longer // size < 2 * side or longer < side


def encoded(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.open(PHOTO).convert("RGB").save(file, kind, **options)
    return file.getvalue()


FILES = {
    "jpeg": encoded("JPEG"),
    "progressive": encoded("JPEG", progressive=True),
    "restarts": encoded("JPEG", restart_marker_blocks=4),
    "png": encoded("PNG"),
    "webp": encoded("WEBP"),
    "lossless webp": encoded("WEBP", lossless=True),
}


def ends_early(jvm: Jvm, data: bytes) -> bool:
    return bool(jvm.call("ends_early", file=base64_of(data)))


@pytest.mark.parametrize("name", FILES)
def test_whole_files_are_whole(pure: Jvm, name: str) -> None:
    assert not ends_early(pure, FILES[name])
    assert not ends_early(pure, FILES[name] + b"whatever a camera appends")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_cut_files_end_early(pure: Jvm, name: str, share: float) -> None:
    assert ends_early(pure, FILES[name][: int(share * len(FILES[name]))])


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("missing", [0, 1, 2, 1000, 100_000])
def test_streams_that_skip_beyond_their_end(pure: Jvm, tmp_path: Path, name: str, missing: int) -> None:
    """As the streams of a content provider, which are FileInputStreams."""
    data = FILES[name] + bytes(len(FILES[name]) % 2)
    path = tmp_path / "photo"
    path.write_bytes(data[: max(len(FILES[name]) - missing, 20)])
    assert pure.call("file_ends_early", path=str(path)) == (missing > 0)


def test_a_thumbnail_s_end_is_not_the_photo_s(pure: Jvm) -> None:
    thumbnail = encoded("JPEG", quality=10)
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    data = FILES["jpeg"][:2] + segment + FILES["jpeg"][2:]
    assert not ends_early(pure, data)
    assert ends_early(pure, data[:-10])


def test_other_formats_are_left_to_the_decoder(pure: Jvm) -> None:
    assert not ends_early(pure, encoded("BMP")[:1000])
    assert not ends_early(pure, b"GIF89a is no photo" * 10)


@given(st.binary(max_size=200))
@wild
def test_no_bytes_make_it_fail(pure: Jvm, data: bytes) -> None:
    assert ends_early(pure, data) in (True, False)


@pytest.mark.parametrize("name", ["a", "photo.jpg", "model 2.onnx", ".hidden", "ü" * 200])
def test_plain_names(pure: Jvm, name: str) -> None:
    assert pure.call("plain_name", name=name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "/", "../a", "a..b", "a\nb", "a\0", "\x9b", "x" * 256]
)
def test_names_that_could_leave_the_folder(pure: Jvm, name: str) -> None:
    assert not pure.call("plain_name", name=name)
