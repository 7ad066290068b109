"""Colours described by numbers in place of an ICC profile, and their conversion to sRGB.

ITU-T H.273 numbers the primaries and the transfer characteristics ("code points"): HEIC and AVIF hold them in
an nclx box, PNG in a cICP chunk. PNG's older gAMA and cHRM chunks describe the same two things by a gamma
and by chromaticities. The rules, where the standards leave a choice:

- PQ (SMPTE ST 2084) and HLG (ITU-R BT.2100, as on a display of 1,000 cd/m2, system gamma 1.2) become SDR with
  white at 203 cd/m2 (ITU-R BT.2408). What is brighter is clipped, as are colours outside sRGB.
- The curves of video (BT.709, BT.601, BT.2020, ...) are taken for sRGB's: they describe a camera, not a
  display, and phones write these numbers into photos whose values are sRGB's.
- A gAMA of 1/2.2 is taken for sRGB's curve: PNG's standard asks writers of sRGB for this approximation.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Chromaticities: TypeAlias = tuple[float, ...]
"""x and y of white, red, green and blue, in this order, as in PNG's cHRM."""

SDR_WHITE = 203.0
"""cd/m2 of the white of an SDR picture within an HDR one (ITU-R BT.2408-7, 2.1)."""

HLG_PEAK = 1000.0
"""cd/m2 of the display that HLG is rendered for (BT.2100-2, table 5)."""

HLG_GAMMA = 1.2
"""The system gamma that goes with `HLG_PEAK`."""

_D65 = (0.3127, 0.3290)
_C = (0.310, 0.316)
_BT709 = (*_D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060)
_BT601 = (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070)
_PRIMARIES: dict[int, Chromaticities] = {  # ITU-T H.273, table 2
    1: _BT709,
    2: _BT709,  # unspecified
    4: (*_C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: _BT601,
    7: _BT601,
    8: (*_C, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    10: (1 / 3, 1 / 3, 1, 0, 0, 1, 0, 0),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}

_Curve: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]


class Description(NamedTuple):
    """What the values of a picture mean.

    Attributes:
        primaries: chromaticities of white and the primaries.
        transfer: H.273's number of the transfer characteristics, or None for ``gamma``.
        gamma: the exponent from values to light; used only without ``transfer``.
        is_full_range: whether black and white are the ends of the values, not 16 and 235 of 255.
    """

    primaries: Chromaticities = _BT709
    transfer: int | None = 13
    gamma: float = 1.0
    is_full_range: bool = True

    @property
    def is_srgb(self) -> bool:
        """Whether the values are sRGB as they stand."""
        is_near = all(abs(a - b) < 0.0015 for a, b in zip(self.primaries, _BT709, strict=True))
        return is_near and self.transfer in _SRGB_LIKE and self.is_full_range


def described(info: Mapping[Any, Any]) -> Description | None:
    """Returns the colour description in an image's ``info``, apart from an ICC profile.

    The keys, in their order of precedence: "cicp" (the body of the PNG chunk), "icc_profile" if it is of HDR,
    "nclx_profile" as pillow_heif has it, and "srgb", "gamma" and "chromaticity" as Pillow has them.
    """
    # Pillow also puts texts of PNG there, under any name: types are checked.
    cicp, profile, nclx = (info.get(key) for key in ("cicp", "icc_profile", "nclx_profile"))
    if isinstance(cicp, bytes):
        return from_cicp(cicp)
    hdr = from_icc(profile) if isinstance(profile, bytes) else None
    if hdr is not None:
        return hdr
    if isinstance(nclx, dict):  # the decoder has already used the range when it made RGB
        return from_numbers(int(nclx["color_primaries"]), int(nclx["transfer_characteristics"]))
    if isinstance(info.get("srgb"), int):
        return Description()
    gamma, primaries = info.get("gamma"), info.get("chromaticity")
    return from_gamma(
        gamma if isinstance(gamma, float) else None, primaries if isinstance(primaries, tuple) else None
    )


def from_cicp(body: bytes) -> Description | None:
    """Returns what a cICP chunk describes; None for one that PNG (third edition), 11.3.2.6 does not allow."""
    if len(body) != 4 or body[2] != 0 or body[3] > 1:
        return None
    return from_numbers(body[0], body[1], is_full_range=body[3] == 1)


def from_icc(profile: bytes) -> Description | None:
    """Returns what the cicp tag of an HDR profile describes (ICC.1:2022, 9.2.17); None for other profiles.

    Profiles of PQ and HLG also hold curves, but to a white of 10,000 cd/m2 or of the scene.
    """
    if len(profile) < 132:
        return None
    (count,) = struct.unpack_from(">I", profile, 128)
    for start in range(132, min(132 + 12 * min(count, _MOST_TAGS), len(profile) - 11), 12):
        name, offset, size = struct.unpack_from(">4sII", profile, start)
        if name == b"cicp" and size >= 12:
            description = from_cicp(profile[offset + 8 : offset + 12])
            return description if description and description.transfer in _HDR else None
    return None


def from_numbers(primaries: int, transfer: int, *, is_full_range: bool = True) -> Description | None:
    """Returns what two numbers of H.273 describe; None for reserved ones."""
    if primaries not in _PRIMARIES or transfer not in _CURVES:
        return None
    return Description(_PRIMARIES[primaries], transfer, is_full_range=is_full_range)


def from_gamma(gamma: float | None, primaries: Chromaticities | None) -> Description | None:
    """Returns what the numbers of PNG's gAMA and cHRM describe.

    Args:
        gamma: the exponent from light to values, as in the file; None without one.
        primaries: None without them.

    Returns:
        None without a usable number.
    """
    if primaries is not None and not _spans_colours(primaries):
        primaries = None
    if gamma is not None and not 0.01 <= gamma <= 100:
        gamma = None
    if primaries is None and gamma is None:
        return None
    # PNG (third edition), 4.2: without gAMA the curve is unknown. Within 1 % it is the 45455 of sRGB.
    if gamma is None or abs(gamma * 2.2 - 1) < 0.01:
        return Description(primaries or _BT709)
    return Description(primaries or _BT709, None, 1 / gamma)


def to_srgb(values: NDArray[Any], description: Description) -> NDArray[np.uint8]:
    """Converts values to 8-bit sRGB.

    Args:
        values: uint8 or uint16 [..., 3] RGB, or [..., 1] grey; all of the dtype's range.
        description: of the values.

    Returns:
        Values of the same shape.
    """
    linear = _table(description, values.dtype.itemsize)[values]
    if description.transfer == 18:
        linear = _hlg_display_light(linear, description.primaries)
    if values.shape[-1] == 3:
        linear = linear @ _to_bt709(description.primaries).astype(np.float32).T
    steps = np.clip(linear, 0, 1) * np.float32(65535)
    return np.asarray(_encoded()[np.rint(steps).astype(np.uint16)])


@lru_cache(maxsize=8)
def _table(description: Description, width: int) -> NDArray[np.float32]:
    """Returns the light of each value of ``width`` bytes, where SDR white is 1 (HLG: of the scene)."""
    values = np.linspace(0, 1, 256**width)
    if not description.is_full_range:
        # 16 and 235 of 255; in n bits 16 and 235 times 2^(n-8).
        top = 255 if width == 1 else 65535 / 256
        values = np.clip((values * top - 16) / 219, 0, 1)
    if description.transfer is None:
        light = values**description.gamma
    else:
        light = _CURVES[description.transfer](values)
    return light.astype(np.float32)


def _hlg_display_light(scene: NDArray[Any], primaries: Chromaticities) -> NDArray[Any]:
    """Applies the opto-optical transfer function of BT.2100; 1 is `SDR_WHITE` in the result."""
    weights = _to_xyz(primaries)[1].astype(np.float32)
    luminance = scene @ weights[:, None] if scene.shape[-1] == 3 else scene
    return scene * luminance ** np.float32(HLG_GAMMA - 1) * np.float32(HLG_PEAK / SDR_WHITE)


def _srgb(values: NDArray[Any]) -> NDArray[Any]:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _pq(values: NDArray[Any]) -> NDArray[Any]:
    root = values ** (32 / 2523)
    light = (np.maximum(root - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * root)) ** (8192 / 1305)
    return 10_000 / SDR_WHITE * light


def _hlg(values: NDArray[Any]) -> NDArray[Any]:
    bright = (np.exp((values - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return np.where(values <= 0.5, values**2 / 3, bright)


def _log(decades: float) -> _Curve:
    return lambda values: np.where(values <= 0, 0, 10 ** (decades * (values - 1)))


# ITU-T H.273, table 3: 1, 6, 7, 11, 12, 14, 15 are of video cameras, 2 is unspecified, 13 sRGB.
_SRGB_LIKE = frozenset((1, 2, 6, 7, 11, 12, 13, 14, 15))
_HDR = frozenset((16, 18))
_MOST_TAGS = 100  # of a profile; real ones have some 20
_CURVES: dict[int, _Curve] = dict.fromkeys(_SRGB_LIKE, _srgb) | {
    4: lambda values: values**2.2,
    5: lambda values: values**2.8,
    8: lambda values: values,
    9: _log(2),
    10: _log(2.5),
    16: _pq,
    17: lambda values: 52.37 / 48 * values**2.6,
    18: _hlg,
}


def _spans_colours(primaries: Chromaticities) -> bool:
    """Returns whether the chromaticities are a white within a triangle, not too flat to compute with."""
    if not all(np.isfinite(primaries)) or not all(-1 <= value <= 2 for value in primaries):
        return False
    if primaries[1] < 0.01:  # a white without luminance
        return False
    white, *corners = np.array(primaries).reshape(4, 2)
    red, green, blue = corners

    def area(a: NDArray[Any], b: NDArray[Any], c: NDArray[Any]) -> float:
        return float((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]))

    whole = area(red, green, blue)
    parts = (area(white, green, blue), area(red, white, blue), area(red, green, white))
    return abs(whole) > 1e-3 and all(part / whole > 0 for part in parts)


def _to_xyz(primaries: Chromaticities) -> NDArray[np.float64]:
    """Returns the matrix from linear RGB to XYZ, in which white has Y = 1."""
    white, *corners = (
        np.array([x, y, 1 - x - y]) for x, y in zip(primaries[::2], primaries[1::2], strict=True)
    )
    matrix = np.stack(corners, axis=1)
    return matrix * np.linalg.solve(matrix, white / white[1])


@lru_cache(maxsize=8)
def _to_bt709(primaries: Chromaticities) -> NDArray[np.float64]:
    """Returns the matrix from linear RGB to that of BT.709, white adapted by Bradford's method (ICC.1, E)."""
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    source, target = _to_xyz(primaries), _to_xyz(_BT709)
    gains = (bradford @ target.sum(axis=1)) / (bradford @ source.sum(axis=1))
    matrix: NDArray[np.float64] = (
        np.linalg.inv(target) @ np.linalg.inv(bradford) @ np.diag(gains) @ bradford @ source
    )
    return matrix


@lru_cache(maxsize=1)
def _encoded() -> NDArray[np.uint8]:
    """Returns the sRGB value of each 65535th of light."""
    light = np.linspace(0, 1, 65536)
    encoded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * encoded), np.uint8)
