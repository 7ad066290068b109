from __future__ import annotations

import click
import pytest

from mobileiqa_export.student import StudentConfig
from training.finetune import FinetuneSettings
from training.head import HeadSettings
from training.settings import settings_from


def test_values_take_the_type_of_the_field() -> None:
    settings = settings_from(FinetuneSettings, ["rate=1", "batch=8", "stages=[[2, 64], [1, 96]]"], seed=3)
    assert settings == FinetuneSettings(rate=1.0, batch=8, stages=((2, 64), (1, 96)), seed=3)
    assert isinstance(settings.rate, float)
    assert settings_from(HeadSettings, ["bootstrap=False"]) == HeadSettings(bootstrap=False)
    student = settings_from(StudentConfig, ["hidden=4", "input_size=[96, 128]"], backbone="other")
    assert student == StudentConfig(hidden=4, input_size=(96, 128), backbone="other")


def test_words_need_no_quotes() -> None:
    assert settings_from(StudentConfig, ["backbone=mobilenetv3-large"]).backbone == "mobilenetv3-large"


def test_the_command_line_wins_over_defaults() -> None:
    assert settings_from(HeadSettings, ["seed=1", "seed=2"], seed=3).seed == 2


@pytest.mark.parametrize("change", ["batch=eight", "batch=1.5", "stages=3", "flavour=sweet", "batch"])
def test_other_values_are_refused(change: str) -> None:
    with pytest.raises(click.BadParameter, match=change.partition("=")[0]):
        settings_from(FinetuneSettings, [change])
