from __future__ import annotations

from pathlib import Path

import pytest

from ...sdk import artifacts
from .fakes import save_greys


@pytest.fixture(scope="session")
def tiny_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file whose score is the photo's brightness."""
    return artifacts.save(tmp_path_factory.mktemp("artifact") / "tiny")


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Six grey photos, brighter and brighter, in a folder with a table that rates them so."""
    folder = tmp_path / "album"
    names = [f"{number}.png" for number in range(6)]
    save_greys(folder, names, [0.1, 0.25, 0.4, 0.55, 0.7, 0.9])
    rows = [f"{name},{1 + number * 0.7}" for number, name in enumerate(names)]
    (folder / "labels.csv").write_text("\n".join(["image_name,MOS", *rows]) + "\n")
    return folder
