"""The page's content: complete, offline, and safe from what photos are called. A browser tests the rest."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mobileiqa_sdk import Assessment, PhotoUnreadable, Scorer, Seconds
from mobileiqa_sdk.bursts.capture import Capture
from mobileiqa_sdk.bursts.looks import look_of
from mobileiqa_sdk.report_page import PageWriter, View, views_of, writer
from mobileiqa_sdk.report_page.view import SIDE
from mobileiqa_sdk.report_page.writer import CHUNK

from .. import artifacts
from ..bursts.scenes import save, scene
from .made_pages import quality

Run = Callable[..., Any]
EVIL = '</script><script>alert(1)</script><img src=x onerror="alert(2)">\u202egpj.jpg'


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the text of each script and style."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self._is_open = False
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")
        self._is_open = True

    def handle_endtag(self, tag: str) -> None:
        self._is_open = False

    def handle_data(self, data: str) -> None:
        if self._is_open:
            self.texts[-1] += data

    def texts_of(self, tag: str, **attributes: str) -> list[str]:
        return [
            text
            for (name, own), text in zip(self.elements, self.texts, strict=True)
            if name == tag and all(own.get(key) == value for key, value in attributes.items())
        ]


def data_of(page: Path) -> Any:
    (text,) = Elements(page).texts_of("script", id="report")
    return json.loads(text)


def pictures_of(page: Path) -> list[str]:
    scripts = [
        text
        for (tag, own), text in zip(Elements(page).elements, Elements(page).texts, strict=True)
        if tag == "script" and own.get("class") == "pictures"
    ]
    return "\n".join(scripts).split("\n")


def assessed(photo: str, score: float = 0.5) -> Assessment:
    return Assessment(photo, score, "tiny", (48, 64), Seconds(0, 0, 0), opinions=(score, score))


def view(thumbnail: bytes = b"RIFF") -> View:
    return View(thumbnail, look_of(scene(1)), Capture(None, 43_200))


@pytest.fixture
def scorer(tiny: Path) -> Scorer:
    return Scorer(tiny, threads=1)


def test_a_folder_becomes_a_page(run: Run, tiny: Path, tmp_path: Path) -> None:
    first = save(scene(1), tmp_path / "photos" / "a.jpg", "2026:05:01 12:00:00")
    save(scene(1).resize((120, 90)), tmp_path / "photos" / "b.jpg", "2026:05:01 12:00:01")
    (tmp_path / "photos" / "c.jpg").write_bytes(b"no photo")
    page = tmp_path / "out" / "report.html"
    page.parent.mkdir()
    result = run("score", "-m", tiny, tmp_path / "photos", "--html", page)
    assert result.code == 1
    assert len(result.out.splitlines()) == 3
    assert "report.html: 0.0 MB" in result.err
    data = data_of(page)
    assert (data["model"], data["faults"]) == ({"name": "tiny", "version": "0.3"}, {})
    best, other, error = data["photos"]
    assert best["score"] == Scorer(tiny, threads=1).score(first)
    assert (best["path"], best["link"], best["taken"]) == (first, "./../photos/a.jpg", "2026-05-01 12:00:00")
    assert (best["burst"], best["rank"], best["reasons"]) == (1, 1, [])
    assert (other["burst"], other["rank"], other["reasons"]) == (1, 2, ["fewer pixels"])
    assert error["kind"] == "PhotoUnsupported"
    assert "score" not in error
    pictures = pictures_of(page)
    assert [bool(picture) for picture in pictures] == [True, True, False]
    small = Image.open(io.BytesIO(base64.b64decode(pictures[0])))
    assert small.size == (SIDE, round(SIDE * 180 / 240))
    assert [path.name for path in page.parent.iterdir()] == ["report.html"]


def test_the_faults_that_the_model_names(run: Run, tmp_path: Path) -> None:
    model = artifacts.save(tmp_path, artifacts.free_model(faults={"glare": 0.1, "noise": 0.9}))
    bright = save(Image.new("RGB", (64, 48), "white"), tmp_path / "bright.jpg")
    dark = save(Image.new("RGB", (64, 48), "black"), tmp_path / "dark.jpg")
    run("score", "-m", model, bright, dark, "--html", tmp_path / "a.html")
    data = data_of(tmp_path / "a.html")
    assert data["faults"] == {"glare": "glare", "noise": "noisy"}
    first, second = data["photos"]
    assert set(first["faults"]) == {"glare", "noise"}
    assert first["photograph"] > 0.9
    assert (first["reason"], first["named"], first["isPhotograph"]) == ("noisy", ["noise"], True)
    assert second["isPhotograph"] is False
    assert "reason" not in second


def test_names_and_reasons_cannot_leave_the_data(scorer: Scorer, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    with PageWriter(page, scorer) as open_page:
        open_page.add(assessed(EVIL), view())
        open_page.add(PhotoUnreadable("b", EVIL), None)
    evil, error = data_of(page)["photos"]
    assert evil["path"] == EVIL
    assert "\u202e" not in evil["label"]
    assert error["error"] == EVIL
    with PageWriter(page, scorer) as open_page:
        open_page.add(assessed("a"), view())
    plain = Elements(page)
    with PageWriter(page, scorer) as open_page:
        open_page.add(assessed(EVIL), view())
    assert Elements(page).elements == plain.elements


@pytest.mark.parametrize(
    "name", ["javascript:alert(1)", "a b#c?d%.jpg", "//host/a.jpg", "data:text/html,x", "\udce4.jpg"]
)
def test_a_link_is_never_another_address(scorer: Scorer, tmp_path: Path, name: str) -> None:
    page = tmp_path / "report.html"
    with PageWriter(page, scorer) as open_page:
        open_page.add(assessed(name), view())
    link = data_of(page)["photos"][0]["link"]
    assert re.fullmatch(r"\./[\w./%~-]+", link)


def test_the_policy_allows_this_script_and_style_alone(scorer: Scorer, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    with PageWriter(page, scorer) as open_page:
        open_page.add(assessed("a"), view())
    elements = Elements(page)
    (policy,) = [
        own["content"] for tag, own in elements.elements if own.get("http-equiv") == "Content-Security-Policy"
    ]
    script, style = elements.texts_of("script")[-1], elements.texts_of("style")[0]
    for directive, text in (("script-src", script), ("style-src", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in str(policy)
    assert str(policy).startswith("default-src 'none';")
    assert not any(
        "src" in own or own.get("href", "#") not in (None, "#photos", "#") for _, own in elements.elements
    )
    assert not re.search(r"https?://(?!www\.w3\.org/)", page.read_text(encoding="utf-8"))


def test_pictures_stand_in_chunks(scorer: Scorer, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    number = 2 * CHUNK + 1
    with PageWriter(page, scorer) as open_page:
        for index in range(number):
            open_page.add(assessed(f"{index}"), view(b"%d" % index) if index % 2 else None)
    chunks = re.findall(r'class="pictures">([^<]*)<', page.read_text(encoding="utf-8"))
    assert [chunk.count("\n") + 1 for chunk in chunks] == [CHUNK, CHUNK, 1]
    assert base64.b64decode(chunks[1].split("\n")[5]) == b"105"


def test_a_map_stands_beside_its_photo(scorer: Scorer, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    with PageWriter(page, scorer) as open_page:
        open_page.add(assessed("a"), view(b"photo"), quality("a"))
        open_page.add(assessed("b"), view(b"photo"))
        open_page.add(assessed("c"), None, quality("c"))
    first, second, _ = data_of(page)["photos"]
    assert (first["lowest"], first["lowestReason"]) == (0.25, "out of focus")
    assert "lowest" not in second
    (chunk,) = re.findall(r'class="pictures">([^<]*)<', page.read_text(encoding="utf-8"))
    lines = [line.split(" ") for line in chunk.split("\n")]
    assert [len(line) for line in lines] == [2, 1, 2]
    assert base64.b64decode(lines[0][0]) == b"photo"
    picture = Image.open(io.BytesIO(base64.b64decode(lines[0][1])))
    assert picture.size == (SIDE, 168)
    assert lines[2] == ["", lines[0][1]]


def test_the_command_puts_maps_into_the_page(run: Run, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    scene(1).save(photo)
    page = tmp_path / "report.html"
    assert run("score", photo, "--html", page, "--map", tmp_path / "map.png").code == 0
    assert (tmp_path / "map.png").exists()
    (row,) = data_of(page)["photos"]
    assert 0 <= row["lowest"] <= 1


def test_an_error_leaves_the_old_page(scorer: Scorer, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("old")

    def write() -> None:
        with PageWriter(page, scorer) as open_page:
            open_page.add(assessed("a"), view())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert page.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_ctrl_c_while_the_page_is_finished_leaves_the_old_one(
    scorer: Scorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "report.html"
    page.write_text("old")

    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writer, "rank_bursts", interrupted)
    with pytest.raises(KeyboardInterrupt), PageWriter(page, scorer) as open_page:
        open_page.add(assessed("a"), view())
    assert page.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_a_small_picture_shows_the_photo(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.png"
    scene(1).convert(mode).save(path)
    (one,) = views_of([str(path)], 1)
    assert one is not None
    small = Image.open(io.BytesIO(one.thumbnail)).convert("L").resize((24, 18))
    reference = scene(1).convert("L").resize((24, 18))
    assert np.abs(np.asarray(small, float) - np.asarray(reference, float)).mean() < 5


def test_small_photos_are_not_enlarged_and_others_have_no_view(tmp_path: Path) -> None:
    path = save(scene(1, size=(60, 40)), tmp_path / "a.jpg")
    small, missing, unread = views_of([path, str(tmp_path / "gone.jpg"), b"bytes"], 2)
    assert small is not None
    assert Image.open(io.BytesIO(small.thumbnail)).size == (60, 40)
    assert (missing, unread) == (None, None)


@pytest.mark.parametrize("options", [("--resume", "r.jsonl"), ("-",)], ids=str)
def test_what_a_page_cannot_show(run: Run, tiny: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    photo = save(scene(1), tmp_path / "a.jpg")
    assert run("score", "-m", tiny, photo, *options, "--html", tmp_path / "a.html").code == 2
    assert not (tmp_path / "a.html").exists()


@pytest.mark.parametrize("option", ["--html", "--map"])
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a pipe in a folder stands for every device")
def test_a_device_is_not_replaced(run: Run, tiny: Path, tmp_path: Path, option: str) -> None:
    photo, device = save(scene(1), tmp_path / "a.jpg"), tmp_path / "device.png"
    os.mkfifo(device)
    (tmp_path / "link.png").symlink_to(device)
    for path in (device, tmp_path / "link.png"):
        result = run("score", "-m", tiny, photo, option, path)
        assert (result.code, result.out) == (2, "")
        assert path.is_fifo()


def test_a_folder_is_no_page(run: Run, tiny: Path, tmp_path: Path) -> None:
    photo = save(scene(1), tmp_path / "a.jpg")
    result = run("score", "-m", tiny, photo, "--html", tmp_path)
    assert (result.code, result.out) == (2, "")
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_a_page_in_no_folder(run: Run, tiny: Path, tmp_path: Path) -> None:
    result = run("score", "-m", tiny, tmp_path, "--html", tmp_path / "none" / "a.html")
    assert result.code == 2
    assert "does not exist" in result.err
