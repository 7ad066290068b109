from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from . import artifacts


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache instead of the user's, and threads that no environment decides."""
    folder = tmp_path / "home"
    monkeypatch.setenv("MOBILEIQA_HOME", str(folder))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file that keeps its contract; the score is the photo's brightness."""
    return artifacts.save(tmp_path_factory.mktemp("artifact") / "tiny")


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Five grey photos, brighter and brighter: the tiny model answers 0.1, 0.3, 0.5, 0.7 and 0.9."""
    folder = tmp_path_factory.mktemp("photos")
    paths = [folder / f"{number}.png" for number in range(5)]
    for path, score in zip(paths, (0.1, 0.3, 0.5, 0.7, 0.9), strict=True):
        Image.fromarray(np.full((60, 80, 3), round(255 * score), np.uint8)).save(path)
    return [str(path) for path in paths]


@pytest.fixture
def album(tmp_path: Path, photos: list[str]) -> list[str]:
    """Copies of the five photos, to be changed."""
    return [shutil.copy(photo, tmp_path) for photo in photos]
