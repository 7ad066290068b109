"""The one resampling rule, "pillow-bicubic": the picture that the networks were trained on.

It is Pillow's ``Image.resize((width, height), BICUBIC)`` (libImaging/Resample.c) as all its versions before
13 do it, aspect ratio ignored. Pillow 13 filters the columns first when the height shrinks much more than the
width, as it does for most portrait photos, and the rounding in between makes that other pixels. So the two
passes are asked for one by one here: any Pillow gives the same bytes, and the same score.

The rule is written out so that a port to another language gives these bytes too. Real numbers are IEEE
doubles, computed in the order written, without fused multiply-add. ``trunc`` drops the fraction, ``>>`` is
the arithmetic shift.

For one side, from ``n`` to ``m`` pixels (1 <= n, m < 2**24)::

    scale   = n / m
    stretch = max(scale, 1.0)                  # > 1 when shrinking: a wider kernel, which is the antialiasing
    support = 2.0 * stretch
    inverse = 1.0 / stretch
    for i in 0 .. m-1:
        center = (i + 0.5) * scale
        first  = max(trunc(center - support + 0.5), 0)
        last   = min(trunc(center + support + 0.5), n)           # exclusive
        w[j]   = cubic((first + j - center + 0.5) * inverse)     # j = 0 .. last-first-1
        total  = w[0] + w[1] + ...
        k[j]   = w[j] / total                                    # left as w[j] should total be 0
        K[j]   = trunc(k[j] * 2**22 + 0.5)  if k[j] >= 0  else  trunc(k[j] * 2**22 - 0.5)
        out[i] = clip((2**21 + sum of K[j] * in[first + j]) >> 22, 0, 255)

``K`` and the sum are integers (32 bits suffice), so their order does not matter. ``cubic`` is Keys' kernel
(R. Keys, "Cubic convolution interpolation for digital image processing", 1981) with a = -0.5::

    x = |x|
    cubic(x) = ((1.5 * x - 2.5) * x) * x + 1              for x < 1
             = (((x - 5) * x + 8) * x - 4) * -0.5         for 1 <= x < 2
             = 0                                          otherwise

Each of R, G and B by itself. First every row from the old to the new width, rounded and clipped to uint8 as
above; then every column of that result from the old to the new height. A side whose size stays is not
filtered (the kernel would be the identity there anyway), so that equal sizes return the same pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

RULE = "pillow-bicubic"


def resize(image: Image.Image, height: int, width: int) -> NDArray[np.uint8]:
    """Resizes to exactly height x width by the rule above.

    Args:
        image: mode "RGB", 8 bits, as `mobileiqa_sdk.photo.read_photo` returns it; not modified.
        height: rows of the result, at least 1.
        width: columns of the result, at least 1.

    Returns:
        uint8 array of shape [height, width, 3], C-contiguous, writable, sharing no memory with the image.

    Raises:
        ValueError: the image has another mode, or a size is below 1.
    """
    if image.mode != "RGB":
        raise ValueError(f"resize needs an image of mode RGB, not {image.mode}: see read_photo")
    if height < 1 or width < 1:
        raise ValueError(f"cannot resize to {width}x{height}: both sides must be at least 1")
    if image.width != width:
        image = image.resize((width, image.height), Image.Resampling.BICUBIC)
    if image.height != height:
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    # A copy: PIL returns read-only memory, which some runtimes refuse or warn about.
    return np.array(image, dtype=np.uint8, order="C")
