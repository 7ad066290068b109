from __future__ import annotations

import click
import pytest

from mobileiqa_export.student import StudentConfig
from training.finetune import FinetuneSettings
from training.options import parsed


def test_values_take_the_type_of_the_default() -> None:
    found = parsed(FinetuneSettings, ["rate=1", "batch=8", "stages=[[2, 64], [1, 96]]"])
    assert found == {"rate": 1.0, "batch": 8, "stages": ((2, 64), (1, 96))}
    assert isinstance(found["rate"], float)
    assert parsed(StudentConfig, ["form=moments", "input_size=[96, 128]"]) == {
        "form": "moments",
        "input_size": (96, 128),
    }


@pytest.mark.parametrize("change", ["batch=eight", "batch=1.5", "stages=3", "flavour=sweet", "batch"])
def test_other_values_are_refused(change: str) -> None:
    with pytest.raises(click.BadParameter):
        parsed(FinetuneSettings, [change])
