"""The backbones that a student may have, by name."""

from __future__ import annotations

from ..blocks.statistics import IMAGENET
from .efficientnet_lite import EfficientNetLite, EfficientNetLiteSpec
from .mobilenetv3 import MobileNetV3, MobileNetV3Spec

Backbone = MobileNetV3 | EfficientNetLite
BackboneSpec = MobileNetV3Spec | EfficientNetLiteSpec

LITE_MEAN, LITE_STD = (127.0, 127.0, 127.0), (128.0, 128.0, 128.0)

BACKBONES: dict[str, BackboneSpec] = {
    "mobilenetv3-large": MobileNetV3Spec(
        minimalistic=False,
        batch_norm=True,
        padding="symmetric",
        mean=IMAGENET.mean,
        std=IMAGENET.std,
    ),
    "mobilenetv3-large-minimalistic": MobileNetV3Spec(
        minimalistic=True,
        batch_norm=False,
        padding="same",
        mean=(128.0, 128.0, 128.0),
        std=(127.0, 127.0, 127.0),
    ),
    "efficientnet-lite0": EfficientNetLiteSpec(
        width=1.0, depth=1.0, padding="same", mean=LITE_MEAN, std=LITE_STD
    ),
    "efficientnet-lite0-stages": EfficientNetLiteSpec(
        width=1.0,
        depth=1.0,
        padding="same",
        widest=False,
        mean=(128.0, 128.0, 128.0),
        std=(127.0, 127.0, 127.0),
    ),
    "efficientnet-lite2": EfficientNetLiteSpec(
        width=1.1, depth=1.2, padding="same", mean=LITE_MEAN, std=LITE_STD
    ),
}


def tap_sizes(spec: BackboneSpec, height: int, width: int) -> list[tuple[int, int]]:
    """Returns (height, width) of the maps: every stride-2 convolution rounds up, however it is padded."""
    return [(-(-height // stride), -(-width // stride)) for stride in spec.tap_strides]
