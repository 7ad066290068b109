"""Whether the image that a Core ML model takes is the one that its contract promises."""

from __future__ import annotations

from typing import Any

from ..contract import InputSpec


def image_size_problem(image: Any, spec: InputSpec) -> str:
    """Returns what is wrong with the sizes of an image that a model takes; empty if nothing is.

    Args:
        image: an ``ImageFeatureType`` of Core ML's model description.
        spec: the contract's input. A model of ``stretch`` takes one size. One of ``keep-aspect`` takes a
            range from ``multiple`` on, or lists the sizes of the contract's settings.
    """
    default = image.height, image.width
    if spec.fit == "stretch":
        if default == spec.size and not _listed(image) and not _ranges(image):
            return ""
        return f"its contract promises images of {_named({spec.size})}, the model takes {_named({default})}"
    listed = {size for setting in spec.settings for size in setting.sizes}
    if listed:
        taken = {default, *_listed(image)}
        if listed <= taken and all(setting.sizes for setting in spec.settings):
            return ""
        return f"its contract promises images of {_named(listed)}, the model takes {_named(taken)}"
    if len(_ranges(image)) == 2 and all(low <= spec.multiple <= high for low, high in _ranges(image)):
        return ""
    return f"its contract promises images of any size, the model takes {_named({default, *_listed(image)})}"


def _listed(image: Any) -> list[tuple[int, int]]:
    sizes = getattr(getattr(image, "enumeratedSizes", None), "sizes", ())
    return [(size.height, size.width) for size in sizes]


def _ranges(image: Any) -> list[tuple[int, int]]:
    sides = getattr(image, "imageSizeRange", None)
    ranges = [getattr(sides, name, None) for name in ("heightRange", "widthRange")]
    bounds = [(side.lowerBound, side.upperBound) for side in ranges if side is not None]
    return [(low, high) for low, high in bounds if high]


def _named(sizes: set[tuple[int, int]]) -> str:
    return ", ".join(f"{height} x {width}" for height, width in sorted(sizes))
