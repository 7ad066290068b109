from __future__ import annotations

from pathlib import Path

import pytest

from mobileiqa_export.student.backbone import BACKBONES, Backbone
from training.backbone_weights import BACKBONE, backbone_weights, expected_steps
from training.errors import BackboneFileError


def test_steps_follow_the_published_block_table() -> None:
    steps = expected_steps(Backbone(BACKBONES[BACKBONE]))
    convolutions = [step for step in steps if step.key]
    assert len(convolutions) == 1 + 2 + 14 * 3 + 1
    assert len(steps) - len(convolutions) == 10
    assert str(convolutions[0]) == "CONV_2D [16, 3, 3, 3] stride 2 with ReLU"
    assert [str(step) for step in steps[1:4]] == [
        "DEPTHWISE_CONV_2D [16, 1, 3, 3] stride 1 with ReLU",
        "CONV_2D [16, 16, 1, 1] stride 1",
        "ADD",
    ]
    assert str(steps[-1]) == "CONV_2D [960, 160, 1, 1] stride 1 with ReLU"
    assert [step.shape[0] for step in convolutions if step.depthwise and step.stride == 2] == [
        64,
        72,
        240,
        672,
    ]


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BackboneFileError, match="there is no such file"):
        backbone_weights(tmp_path / "none.tflite")


def test_another_file_is_refused_by_its_sha256(tmp_path: Path) -> None:
    path = tmp_path / "other.tflite"
    path.write_bytes(b"not the backbone")
    with pytest.raises(BackboneFileError, match="sha256 is"):
        backbone_weights(path)


def test_garbage_is_no_flatbuffer(tmp_path: Path) -> None:
    path = tmp_path / "garbage.tflite"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(BackboneFileError, match="is no TensorFlow Lite file"):
        backbone_weights(path, sha256=None)


@pytest.mark.parametrize("content", [b"", b"\x10\x00\x00\x00TFL3", b"\xff\xff\xff\x7fTFL3" + bytes(64)])
def test_a_damaged_flatbuffer(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "damaged.tflite"
    path.write_bytes(content)
    with pytest.raises(BackboneFileError):
        backbone_weights(path, sha256=None)
