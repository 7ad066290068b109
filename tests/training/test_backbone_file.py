from __future__ import annotations

from pathlib import Path

import pytest

from mobileiqa_export.student.backbone import BACKBONES, Backbone
from training.backbone_file import BACKBONE, expected_operators, read_backbone_weights
from training.errors import BackboneFileError


def test_operators_follow_the_published_block_table() -> None:
    operators = expected_operators(Backbone(BACKBONES[BACKBONE]))
    convolutions = [operator for operator in operators if operator.key]
    assert len(convolutions) == 1 + 2 + 14 * 3 + 1
    assert len(operators) - len(convolutions) == 10
    assert str(convolutions[0]) == "CONV_2D [16, 3, 3, 3] stride 2 with ReLU"
    assert [str(operator) for operator in operators[1:4]] == [
        "DEPTHWISE_CONV_2D [16, 1, 3, 3] stride 1 with ReLU",
        "CONV_2D [16, 16, 1, 1] stride 1",
        "ADD",
    ]
    assert str(operators[-1]) == "CONV_2D [960, 160, 1, 1] stride 1 with ReLU"
    assert [
        operator.shape[0] for operator in convolutions if operator.depthwise and operator.stride == 2
    ] == [
        64,
        72,
        240,
        672,
    ]


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BackboneFileError, match=r"none\.tflite"):
        read_backbone_weights(tmp_path / "none.tflite")


def test_another_file_is_refused_by_its_sha256(tmp_path: Path) -> None:
    path = tmp_path / "other.tflite"
    path.write_bytes(b"not the backbone")
    with pytest.raises(BackboneFileError, match="sha256"):
        read_backbone_weights(path)


def test_garbage_is_not_a_flatbuffer(tmp_path: Path) -> None:
    path = tmp_path / "garbage.tflite"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(BackboneFileError, match="TFL3"):
        read_backbone_weights(path, sha256=None)


@pytest.mark.parametrize("content", [b"", b"\x10\x00\x00\x00TFL3", b"\xff\xff\xff\x7fTFL3" + bytes(64)])
def test_a_damaged_flatbuffer(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "damaged.tflite"
    path.write_bytes(content)
    with pytest.raises(BackboneFileError):
        read_backbone_weights(path, sha256=None)
