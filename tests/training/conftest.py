from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ..recorder import Recorder


@pytest.fixture
def scenes(tmp_path: Path) -> list[Path]:
    """Twelve made-up photos of 96x96 pixels that resemble each other in nothing."""
    folder = tmp_path / "scenes"
    folder.mkdir()
    paths = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
        path = folder / f"{seed:02}.png"
        coarse.resize((96, 96), Image.Resampling.BICUBIC).save(path)
        paths.append(path)
    return paths


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()
