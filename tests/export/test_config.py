from __future__ import annotations

import pytest
import torch

from mobileiqa_export.student import BACKBONES, StudentConfig, build_student
from mobileiqa_export.student.backbones import tap_sizes


def test_round_trip() -> None:
    config = StudentConfig("moments", "mobilenetv3-large-minimalistic", hidden=8, input_size=(64, 96))
    assert StudentConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(
    "wrong",
    [{"grid": 0}, {"width": 20}, {"views": 1.5}, {"arch": "other"}, {"input_size": (8, 8)}, {"surprise": 1}],
)
def test_senseless_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong)) if "surprise" not in wrong else "unknown"):
        StudentConfig.from_dict(wrong)


def test_checkpoints_up_to_0_3_say_form() -> None:
    stored = StudentConfig("moments", "mobilenetv3-large-minimalistic", hidden=8).to_dict()
    stored["form"] = stored.pop("arch")
    assert StudentConfig.from_dict(stored).arch == "moments"


def test_unknown_backbone_is_named() -> None:
    with pytest.raises(ValueError, match="resnet"):
        build_student(StudentConfig(backbone="resnet"))


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("size", [(64, 64), (65, 97), (127, 34), (101, 100)])
def test_taps_have_the_sizes_that_tap_sizes_says(name: str, size: tuple[int, int]) -> None:
    with torch.device("meta"):
        taps = BACKBONES[name].build().eval()(torch.empty(1, 3, *size))
    assert [tuple(t.shape[1:]) for t in taps] == [
        (c, *s) for c, s in zip(BACKBONES[name].tap_channels, tap_sizes(BACKBONES[name], *size), strict=True)
    ]


@pytest.mark.parametrize("grid", [6, 7])
@pytest.mark.parametrize("views", [1, 4])
def test_other_numbers_are_the_same_code(grid: int, views: int) -> None:
    config = StudentConfig(grid=grid, width=8, hidden=5, views=views, input_size=(64, 80))
    with torch.device("meta"):
        assert build_student(config)(torch.empty(3, 3, 64, 80)).shape == (3,)
