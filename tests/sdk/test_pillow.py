"""Private parts of Pillow: where one is missing, no photo is to blame."""

from __future__ import annotations

from pathlib import Path

import PIL
import pytest
from PIL import Image

from mobileiqa_sdk import InternalError, _pillow, jpeg, tiff
from mobileiqa_sdk._refusal import Refusal

PARTS = ("._mode", "._size", "._tile_size", "._Tile")


def test_what_is_there_is_used() -> None:
    image = Image.new("RGB", (40, 30))
    _pillow.set_mode(image, "L")
    _pillow.set_size(image, (20, 10))
    assert (image.mode, image.size) == ("L", (20, 10))


def test_a_missing_part_is_no_fault_of_the_photo() -> None:
    with pytest.raises(Refusal) as caught:
        _pillow.tile_size(Image.new("RGB", (40, 30)))
    assert caught.value.error is InternalError
    assert PIL.__version__ in caught.value.reason


@pytest.mark.parametrize("module", [jpeg, tiff], ids=["jpeg", "tiff"])
def test_they_are_in_one_module(module: object) -> None:
    code = Path(str(getattr(module, "__file__", ""))).read_text(encoding="utf-8")
    assert [part for part in PARTS if part in code] == []
