"""Minimal ICC profiles from published numbers (layout: ICC.1:2010; primaries: CSS Color 4)."""

import struct

import numpy as np

D50 = (0.9642, 1.0, 0.8249)
D65 = (0.3127, 0.3290)
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
ADOBE_GAMMA = 563 / 256


def _s15f16(*numbers):
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))


def _xyz(*numbers):
    return b"XYZ \0\0\0\0" + _s15f16(*numbers)


def _curve(curve):
    """A gamma, or the five parameters of sRGB's kind of curve."""
    if isinstance(curve, tuple):
        return b"para\0\0\0\0\0\3\0\0" + _s15f16(*curve)
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(curve * 256)) + b"\0\0"


def _text(text):
    data = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II", 1, 12) + b"enUS" + struct.pack(">II", len(data), 28) + data


def _profile(space, tags, kind=b"mntr", pcs=b"XYZ ", version=0x04200000):
    tags = {b"desc": _text("test"), b"cprt": _text("none"), b"wtpt": _xyz(*D50), **tags}
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        value += b"\0" * (-len(value) % 4)
        table += name + struct.pack(">II", start + len(body), len(value))
        body += value
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"\0\0\0\0", version, kind, space, pcs)
    header += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _s15f16(*D50)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def to_xyz_d50(primaries, white=D65):
    """3x3 matrix from linear RGB to the profile connection space, Bradford-adapted (ICC.1:2010 annex E)."""

    def column(x, y):
        return np.array([x / y, 1, (1 - x - y) / y])

    matrix = np.stack([column(*xy) for xy in primaries], axis=1)
    matrix = matrix * np.linalg.solve(matrix, column(*white))
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    gains = (bradford @ np.array(D50)) / (bradford @ column(*white))
    return np.linalg.inv(bradford) @ np.diag(gains) @ bradford @ matrix


def matrix_profile(primaries, curve, **more):
    columns = to_xyz_d50(primaries).T
    tags = {name: _xyz(*column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)}
    tags |= {name: _curve(curve) for name in (b"rTRC", b"gTRC", b"bTRC")}
    tags |= {name.encode(): body for name, body in more.items()}
    return _profile(b"RGB ", tags)


def grey_profile(gamma):
    return _profile(b"GRAY", {b"kTRC": _curve(gamma)})


def cmyk_profile(lab_of_inks):
    """A lut8 profile with 2 grid points per ink; `lab_of_inks` maps (c, m, y, k) of 0 or 1 to L, a, b.

    Of class colour space: from a printer, littlecms wants the inverse tables before it looks for the black.
    """
    identity = bytes(range(256))
    nodes = bytearray()
    for node in range(16):
        lightness, a, b = lab_of_inks(*(node >> shift & 1 for shift in (3, 2, 1, 0)))
        nodes += bytes([round(lightness * 2.55), round(a) + 128, round(b) + 128])
    unit = _s15f16(1, 0, 0, 0, 1, 0, 0, 0, 1)
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + unit + identity * 4 + bytes(nodes) + identity * 3
    return _profile(b"CMYK", {b"A2B0": lut, b"A2B1": lut}, kind=b"spac", pcs=b"Lab ", version=0x02400000)


def rgb_lut_profile(perceptual, relative):
    """An RGB profile with other tables for two rendering intents: (r, g, b) of 0 or 1 to L, a, b."""

    def lut(lab_of):
        nodes = bytearray()
        for node in range(8):
            lightness, a, b = lab_of(*(node >> shift & 1 for shift in (2, 1, 0)))
            nodes += bytes([round(lightness * 2.55), round(a) + 128, round(b) + 128])
        identity = bytes(range(256))
        unit = _s15f16(1, 0, 0, 0, 1, 0, 0, 0, 1)
        return b"mft1\0\0\0\0" + bytes([3, 3, 2, 0]) + unit + identity * 3 + bytes(nodes) + identity * 3

    tags = {b"A2B0": lut(perceptual), b"A2B1": lut(relative)}
    return _profile(b"RGB ", tags, kind=b"spac", pcs=b"Lab ", version=0x02400000)
