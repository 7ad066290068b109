from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance, ImageFilter

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a reader of the documents has it: a photo, a folder of photos, opinions of them."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copy(ROOT / "docs" / "otters.jpg", folder / "photo.jpg")
    (folder / "photos" / "sub").mkdir(parents=True)
    photo = Image.open(folder / "photo.jpg").convert("RGB").resize((640, 427))
    photo.save(folder / "photos" / "a.jpg")
    photo.filter(ImageFilter.GaussianBlur(4)).save(folder / "photos" / "b.jpg")
    ImageEnhance.Brightness(photo).enhance(0.3).save(folder / "photos" / "c.jpg")
    photo.rotate(90, expand=True).save(folder / "photos" / "sub" / "d.png")
    (folder / "labels.csv").write_text("image,mos\na.jpg,0.9\nb.jpg,0.2\nc.jpg,0.5\nd.png,0.8\n")
    command = folder / "bin" / "mobileiqa"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mobileiqa_sdk "$@"\n')
    command.chmod(0o755)
    return folder


@pytest.fixture
def environment(reader: Path) -> dict[str, str]:
    """Variables with which ``mobileiqa`` and ``python`` are those of the tests."""
    places = [str(reader / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
    return {**os.environ, "PATH": os.pathsep.join(places), "PYTHONPATH": os.pathsep.join(sys.path)}
