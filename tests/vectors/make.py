"""Writes the published vectors; ``python tests/vectors/make.py``.

Expected values are computed here a second time, from the rules as they are documented and with slow, plain
code: nothing of the SDK is imported. The tests hold the SDK, and ports can hold themselves, to the files.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
Pixels = list[list[list[int]]]


# fit.json


def largest(holds: Any) -> int:
    """The largest whole number for which something holds that holds for all smaller ones."""
    low, high = 0, 1
    while holds(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def fit(height: int, width: int, budget: int, multiple: int, sizes: list[list[int]]) -> list[int]:
    if sizes:
        inside = [size for size in sizes if size[0] <= height and size[1] <= width] or sizes
        best = inside[0]
        for size in inside[1:]:
            if likeness(size, height, width) > likeness(best, height, width):
                best = size
        return best
    h, w = height, width
    if height * width > budget:
        h = largest(lambda side: side * side * width <= budget * height)
        w = largest(lambda side: side * side * height <= budget * width)
    if h < multiple:
        h, w = multiple, min(w, budget // multiple)
    elif w < multiple:
        h, w = min(h, budget // multiple), multiple
    return [max(h - h % multiple, multiple), max(w - w % multiple, multiple)]


def likeness(size: list[int], height: int, width: int) -> tuple[Fraction, int]:
    ratio = Fraction(size[1] * height, size[0] * width)
    return min(ratio, 1 / ratio), size[0] * size[1]


LISTED = [[512, 512], [448, 576], [576, 448], [416, 608], [608, 416], [384, 672], [672, 384]]
WIDE_FIRST = [[256, 1024], [512, 512], [1024, 256]]
SAME = [[64, 128], [128, 256], [256, 512], [128, 256]]


def fit_cases() -> list[dict[str, Any]]:
    cases: list[tuple[int, int, int, int, list[list[int]]]] = []
    for budget in (65_536, 262_144, 1_048_576):  # phones, cameras, screens; both ways round
        for height, width in ((3000, 4000), (3024, 4032), (2160, 3840), (4000, 6000), (1080, 1920)):
            cases += [(height, width, budget, 32, []), (width, height, budget, 32, [])]
    for height, width in ((32, 32), (33, 40), (63, 64), (512, 512), (511, 513), (375, 500), (31, 31)):
        cases += [(height, width, 262_144, multiple, []) for multiple in (1, 16, 32)]
    # The budget exactly, one pixel more, and one less.
    cases += [(512, 512 + more, 262_144, 1, []) for more in (-1, 0, 1)]
    cases += [(1024, 256, 262_144, 32, []), (1024, 257, 262_144, 32, []), (181, 5, 1024, 1, [])]
    # Extreme aspect ratios, to the longest photo that is read.
    for height, width in ((32, 20_000), (32, 5_592_405), (40, 1_000_000), (33, 8192)):
        for multiple in (1, 16, 32):
            cases += [(height, width, 65_536, multiple, []), (width, height, 65_536, multiple, [])]
    cases += [(32, 5_592_405, 2**27, 32, []), (5_592_405, 32, 1024, 32, []), (13_377, 13_377, 2**27, 32, [])]
    cases += [(1, 2000, 1024, 1, []), (2000, 1, 1024, 1, []), (10, 3000, 1024, 32, [])]
    # Listed sizes: each shape, too small for all, a tie, and the order of the list.
    for height, width in ((3000, 4000), (2000, 3000), (1080, 1920), (700, 700), (512, 511), (448, 576)):
        cases += [(height, width, 262_144, 32, LISTED), (width, height, 262_144, 32, LISTED)]
    cases += [
        (300, 400, 262_144, 32, LISTED),
        (100, 100, 262_144, 32, LISTED),
        (40, 2000, 262_144, 32, LISTED),
    ]
    cases += [(32, 5_592_405, 262_144, 32, LISTED), (5_592_405, 32, 262_144, 32, LISTED)]
    cases += [(2000, 4000, 262_144, 32, WIDE_FIRST), (4000, 2000, 262_144, 32, WIDE_FIRST)]
    cases += [(2000, 4000, 262_144, 32, WIDE_FIRST[::-1]), (4000, 2000, 262_144, 32, WIDE_FIRST[::-1])]
    cases += [(1000, 2000, 131_072, 32, SAME), (200, 300, 131_072, 32, SAME), (10, 10, 131_072, 32, SAME)]
    return [
        {
            "height": height,
            "width": width,
            "max_pixels": budget,
            "multiple": multiple,
            "sizes": sizes,
            "expected": fit(height, width, budget, multiple, sizes),
        }
        for height, width, budget, multiple, sizes in cases
    ]


# reduction.json


def reduction_cases() -> list[dict[str, Any]]:
    cases = [((4000, 3000), (512, 512)), ((8000, 6000), (512, 512)), ((4000, 3000), (1231, 1907))]
    for side in (5, 35, 224, 384, 500, 512, 513, 1000, 1907):
        for factor in (8, 4, 2):
            least = factor * math.ceil(Fraction(7, 5) * side)
            cases += [((least, least), (side, side)), ((least - 1, least), (side, side))]
            cases += [((least, least - 1), (side, side)), ((least, 3 * least), (side, 2 * side))]
    cases += [((32, 32), (512, 512)), ((32, 5_592_405), (16, 16)), ((5_592_405, 32), (2, 8192))]
    return [
        {
            "width": size[0],
            "height": size[1],
            "input_height": target[0],
            "input_width": target[1],
            "expected": next(
                factor
                for factor in (8, 4, 2, 1)
                if factor == 1
                or (
                    Fraction(size[0] // factor, target[1]) >= Fraction(7, 5)
                    and Fraction(size[1] // factor, target[0]) >= Fraction(7, 5)
                )
            ),
        }
        for size, target in cases
    ]


# resample.json


def cubic(x: float) -> float:
    x = abs(x)
    if x < 1:
        return ((1.5 * x - 2.5) * x) * x + 1
    if x < 2:
        return (((x - 5) * x + 8) * x - 4) * -0.5
    return 0.0


def filtered(line: list[list[int]], length: int) -> list[list[int]]:
    """A row or column of pixels at another length, by the rule in mobileiqa_sdk/resample.py."""
    n = len(line)
    if n == length:
        return line
    scale = n / length
    stretch = max(scale, 1.0)
    support = 2.0 * stretch
    inverse = 1.0 / stretch
    result = []
    for i in range(length):
        center = (i + 0.5) * scale
        first = max(math.trunc(center - support + 0.5), 0)
        last = min(math.trunc(center + support + 0.5), n)
        weights = [cubic((first + j - center + 0.5) * inverse) for j in range(last - first)]
        total = 0.0
        for weight in weights:
            total += weight
        whole = []
        for weight in weights:
            k = weight / total if total != 0 else weight
            whole.append(math.trunc(k * 2**22 + (0.5 if k >= 0 else -0.5)))
        result.append(
            [
                min(max((2**21 + sum(k * line[first + j][c] for j, k in enumerate(whole))) >> 22, 0), 255)
                for c in range(3)
            ]
        )
    return result


def resampled(pixels: Pixels, height: int, width: int) -> Pixels:
    rows = [filtered(row, width) for row in pixels]
    columns = [filtered([row[x] for row in rows], height) for x in range(width)]
    return [[column[y] for column in columns] for y in range(height)]


def resample_cases() -> list[dict[str, Any]]:
    sizes = [(1, 1, 3, 2), (4, 4, 4, 4), (4, 6, 4, 9), (4, 6, 7, 6), (5, 7, 3, 2), (8, 3, 5, 11)]
    sizes += [(12, 12, 5, 5), (16, 2, 3, 3), (2, 16, 3, 3), (9, 16, 16, 9), (1, 24, 5, 7), (24, 1, 7, 5)]
    cases = []
    for number, (height, width, new_height, new_width) in enumerate(sizes):
        for kind in ("noise", "edges"):
            noise = random.Random(f"{number} {kind}")
            pixels = [
                [[noise.choice((0, 255)) if kind == "edges" else noise.randrange(256) for _ in range(3)]
                 for _ in range(width)]
                for _ in range(height)
            ]  # fmt: skip
            cases.append(
                {
                    "height": height,
                    "width": width,
                    "pixels": hexadecimal(pixels),
                    "new_height": new_height,
                    "new_width": new_width,
                    "expected": hexadecimal(resampled(pixels, new_height, new_width)),
                }
            )
    return cases


def hexadecimal(pixels: Pixels) -> str:
    return bytes(value for row in pixels for pixel in row for value in pixel).hex()


# golden.json


def golden(height: int, width: int) -> bytes:
    def triangle(n: int) -> int:
        return abs(n % 510 - 255)

    return bytes(
        (
            4 * triangle((c + 1) * x + 100 * c)
            + 3 * triangle(2 * (c + 1) * y + x)
            + triangle(37 * x + 61 * (c + 1) * y)
        )
        // 8
        for y in range(height)
        for x in range(width)
        for c in range(3)
    )


def golden_cases() -> list[dict[str, Any]]:
    sizes = ((32, 32), (60, 80), (600, 800), (33, 700))
    return [
        {"height": height, "width": width, "sha256": hashlib.sha256(golden(height, width)).hexdigest()}
        for height, width in sizes
    ]


# contracts.json

MODEL = {"name": "tiny", "version": "1.0", "family": "for tests", "checkpoint_sha256": "0" * 64}
STRETCH: dict[str, Any] = {
    "schema": 3,
    "model": {**MODEL, "license": "Apache-2.0"},
    "input": {
        "height": 48,
        "width": 64,
        "layout": "NHWC",
        "channels": "RGB",
        "dtype": "uint8",
        "resample": "pillow-bicubic",
        "decode": "jpeg-reduced",
        "fit": "stretch",
        "multiple": 1,
        "settings": [],
        "detail": None,
    },
    "outputs": [
        {
            "name": "score",
            "meaning": "opinions",
            "size": 1,
            "minimum": 0.0,
            "maximum": 1.0,
            "higher_is_better": True,
            "labels": [],
        }
    ],
    "precision": {"weights": "int8", "activations": "static-int8", "note": "calibrated"},
    "golden": {
        "formula": "triangles-1",
        "height": 60,
        "width": 80,
        "tolerance": 0.02,
        "cases": [{"input_sha256": "a" * 64, "score": 0.25, "faults": [], "photo": None, "setting": ""}],
    },
    "verification": {"passed": True, "failures": []},
}
KEPT = copy.deepcopy(STRETCH)
KEPT["input"] |= {"height": None, "width": None, "fit": "keep-aspect", "multiple": 32, "decode": "full"}
KEPT["input"]["settings"] = [
    {"name": "fast", "max_pixels": 65_536, "sizes": []},
    {"name": "high", "max_pixels": 262_144, "sizes": [[512, 512], [448, 576]]},
]
KEPT["outputs"] = [
    {**STRETCH["outputs"][0], "name": "opinions", "size": 4},
    {
        **STRETCH["outputs"][0],
        "name": "faults",
        "meaning": "faults",
        "size": 2,
        "higher_is_better": False,
        "labels": ["blur", "noise"],
    },
    {**STRETCH["outputs"][0], "name": "photo", "meaning": "photo"},
]
KEPT["golden"]["cases"] = [
    {"input_sha256": letter * 64, "score": 0.5, "faults": [0.1, 0.2], "photo": 0.9, "setting": name}
    for letter, name in (("b", "fast"), ("c", "high"))
]
KEPT["verification"] = {"passed": False, "failures": ["a score is 0.2 away"]}
OLD: dict[str, Any] = {
    "schema": 2,
    "model": {**MODEL, "licence": "unknown"},
    "input": {key: STRETCH["input"][key] for key in (
        "height", "width", "layout", "channels", "dtype", "resample", "decode"
    )},
    "output": {"minimum": 0.0, "maximum": 1.0, "higher_is_better": True, "opinions": 20},
    "precision": {"weights": "int8", "compute": "int8, ranges at run time; drift allowed"},
    "golden": {
        "formula": "triangles-1",
        "height": 60,
        "width": 80,
        "input_sha256": "d" * 64,
        "score": 0.75,
        "tolerance": 0.05,
    },
}  # fmt: skip

Change = tuple[str, Any]
DELETED = object()

VALID: list[tuple[str, dict[str, Any], list[Change], dict[str, Any]]] = [
    ("stretch", STRETCH, [], {
        "license": "Apache-2.0", "fit": "stretch", "height": 48, "width": 64, "decode": "jpeg-reduced",
        "multiple": 1, "settings": [], "outputs": {"opinions": 1}, "labels": [], "weights": "int8",
        "activations": "static-int8", "passed": True, "scores": [0.25], "tolerance": 0.02,
    }),
    ("keep-aspect", KEPT, [], {
        "license": "Apache-2.0", "fit": "keep-aspect", "height": None, "width": None, "decode": "full",
        "multiple": 32, "settings": ["fast", "high"], "outputs": {"opinions": 4, "faults": 2, "photo": 1},
        "labels": ["blur", "noise"], "weights": "int8", "activations": "static-int8", "passed": False,
        "scores": [0.5, 0.5], "tolerance": 0.02,
    }),
    ("schema 2", OLD, [], {
        "license": "unknown", "fit": "stretch", "height": 48, "width": 64, "decode": "jpeg-reduced",
        "multiple": 1, "settings": [], "outputs": {"opinions": 20}, "labels": [], "weights": "int8",
        "activations": "dynamic-int8", "passed": False, "scores": [0.75], "tolerance": 0.05,
    }),
    ("schema 2, static", OLD, [("precision.compute", "int8, calibrated ranges")], {
        "activations": "static-int8", "passed": True,
    }),
    ("schema 2, float", OLD, [("precision.weights", "fp16"), ("precision.compute", "fp32")], {
        "weights": "fp16", "activations": "float", "passed": True,
    }),
    ("a whole number for a real one", STRETCH, [("golden.cases.0.score", 1)], {"scores": [1.0]}),
    ("other letters", STRETCH, [("model.name", "Größe 猫")], {"height": 48}),
]  # fmt: skip

INVALID: list[tuple[str, dict[str, Any], str, list[Change]]] = [
    *(
        (f"{schema['schema']}: {path} is missing", schema, "ArtifactInvalid", [(path, DELETED)])
        for schema, paths in (
            (STRETCH, ("model", "model.license", "input.fit", "outputs", "outputs.0.labels", "verification")),
            (STRETCH, ("golden.cases.0.photo", "precision.note", "input.detail", "golden.tolerance")),
            (OLD, ("model.licence", "output", "golden.score", "precision.compute")),
        )
        for path in paths
    ),
    *(
        (f"{path} is {value!r}", STRETCH, "ArtifactInvalid", [(path, value)])
        for path, value in (
            ("input.height", 0),
            ("input.height", 8193),
            ("input.height", "48"),
            ("input.height", 48.0),
            ("input.height", True),
            ("input.height", None),
            ("input.multiple", 0),
            ("input.multiple", 2),
            ("input.more", 1),
            ("model.name", 3),
            ("model.name", "a\x1b[31mred"),
            ("model.name", "txt.\u202egpj"),
            ("model.license", None),
            ("outputs", []),
            ("outputs.0.meaning", "photo"),
            ("outputs.0.size", 0),
            ("outputs.0.size", 1025),
            ("outputs.0.labels", ["blur"]),
            ("golden.height", 31),
            ("golden.tolerance", 0),
            ("golden.tolerance", 1),
            ("golden.cases", []),
            ("golden.cases.0.score", 1.5),
            ("golden.cases.0.photo", 0.5),
            ("golden.cases.0.setting", "fast"),
            ("golden.cases.0.input_sha256", "a" * 63),
            ("verification.passed", False),
            ("verification.passed", 1),
            ("verification.failures", ["late"]),
        )
    ),
    *(
        (f"{path} is {value!r}", KEPT, "ArtifactInvalid", [(path, value)])
        for path, value in (
            ("input.height", 48),
            ("input.settings", []),
            ("input.settings.0.name", ""),
            ("input.settings.0.name", "high"),
            ("input.settings.0.max_pixels", 1023),
            ("input.settings.1.sizes", [[512, 544]]),
            ("input.settings.1.sizes", [[500, 500]]),
            ("input.settings.1.sizes", [[512]]),
            ("outputs.1.name", "opinions"),
            ("outputs.1.labels", ["blur", "blur"]),
            ("outputs.2.size", 2),
            ("golden.cases.1.setting", "fast"),
            ("golden.cases.0.faults", [0.1]),
            ("golden.cases.0.photo", None),
        )
    ),
    *(
        (f"{path} is {value!r}", STRETCH, "ContractUnsupported", [(path, value)])
        for path, value in (
            ("schema", 1),
            ("schema", 4),
            ("schema", "3"),
            ("schema", None),
            ("schema", True),
            ("input.layout", "NCHW"),
            ("input.resample", "lanczos"),
            ("input.decode", "half"),
            ("input.fit", "crop"),
            ("input.detail", {"rule": "sharpest", "windows": 4, "size": 224}),
            ("outputs.0.maximum", 5.0),
            ("outputs.0.meaning", "beauty"),
            ("outputs.0.higher_is_better", False),
            ("precision.weights", "int2"),
            ("golden.formula", "triangles-2"),
        )
    ),
]

BROKEN = {
    "empty": "",
    "a list": "[]",
    "cut off": '{"schema": 3',
    "not a number": json.dumps(STRETCH).replace("0.25", "NaN"),
    "nested": "[" * 10_000,
    "a key twice": json.dumps(STRETCH).replace('"decode":', '"fit": "stretch", "decode":'),
}


def changed(values: dict[str, Any], changes: list[Change]) -> dict[str, Any]:
    values = copy.deepcopy(values)
    for path, value in changes:
        place: Any = values
        *keys, last = path.split(".")
        for key in keys:
            place = place[int(key) if isinstance(place, list) else key]
        if value is DELETED:
            del place[last]
        else:
            place[int(last) if isinstance(place, list) else last] = value
    return values


def contract_cases() -> list[dict[str, Any]]:
    valid = [
        {"name": name, "text": json.dumps(changed(values, changes)), "means": means}
        for name, values, changes, means in VALID
    ]
    invalid = [
        {"name": name, "text": json.dumps(changed(values, changes)), "error": error}
        for name, values, error, changes in INVALID
    ]
    broken = [{"name": name, "text": text, "error": "ArtifactInvalid"} for name, text in BROKEN.items()]
    return valid + invalid + broken


# png_colours.json

SRGB_PRIMARIES = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
P3_PRIMARIES = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
D50_PRIMARIES = (0.3457, 0.3585, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
FLAT_PRIMARIES = (0.3127, 0.3290, 0.3127, 0.3290, 0.3128, 0.3291, 0.3129, 0.3292)
BRADFORD = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
Matrix = list[list[float]]


def gama(gamma: float) -> list[str]:
    return ["gAMA", round(gamma * 100_000).to_bytes(4, "big").hex()]


def chrm(primaries: tuple[float, ...]) -> list[str]:
    return ["cHRM", b"".join(round(x * 100_000).to_bytes(4, "big", signed=True) for x in primaries).hex()]


def product(a: Matrix, b: Matrix) -> Matrix:
    return [
        [math.fsum(x * y for x, y in zip(row, column, strict=True)) for column in zip(*b, strict=True)]
        for row in a
    ]


def solved(a: Matrix, b: Matrix) -> Matrix:
    """The matrix that ``a`` has to be multiplied by to give ``b``, by Gauss and Jordan."""
    rows = [[*left, *right] for left, right in zip(a, b, strict=True)]
    for k in range(3):
        pivot = max(range(k, 3), key=lambda i: abs(rows[i][k]))
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(3):
            if i != k:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[3:] for row in rows]


def xyz(primaries: tuple[float, ...]) -> Matrix:
    (white, *corners) = ([x, y, 1 - x - y] for x, y in zip(primaries[::2], primaries[1::2], strict=True))
    columns = [list(row) for row in zip(*corners, strict=True)]
    gains = solved(columns, [[x / white[1]] for x in white])
    return [[x * gain[0] for x, gain in zip(row, gains, strict=True)] for row in columns]


def to_srgb_light(primaries: tuple[float, ...]) -> Matrix:
    source, target = xyz(primaries), xyz(SRGB_PRIMARIES)
    one, other = (product(BRADFORD, [[sum(row)] for row in matrix]) for matrix in (source, target))
    cones = product(BRADFORD, source)
    adapted = [[x * b[0] / a[0] for x in row] for row, a, b in zip(cones, one, other, strict=True)]
    return solved(target, solved(BRADFORD, adapted))


def srgb_light(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def converted(colour: list[int], exponent: float | None, matrix: Matrix | None) -> list[float]:
    """The sRGB values, 0 to 255, before they are rounded."""
    light = [srgb_light(v / 255) if exponent is None else (v / 255) ** exponent for v in colour]
    if matrix is not None:
        light = [math.fsum(a * b for a, b in zip(row, light, strict=True)) for row in matrix]
    light = [min(max(x, 0), 1) for x in light]
    return [255 * (12.92 * x if x <= 0.0031308 else 1.055 * x ** (1 / 2.4) - 0.055) for x in light]


def png_colour_cases() -> list[dict[str, Any]]:
    p3 = (None, P3_PRIMARIES)
    srgb, cicp = ["sRGB", "00"], ["cICP", "010d0001"]
    described: list[tuple[list[list[str]], tuple[float | None, Any]]] = [
        ([], (None, None)),
        ([gama(0.45455)], (None, None)),
        ([gama(0.4564)], (None, None)),
        ([gama(0.46)], (1 / 0.46, None)),
        ([gama(1.0)], (1.0, None)),
        ([gama(0.55556)], (1 / 0.55556, None)),
        ([gama(0)], (None, None)),
        ([gama(0), chrm(P3_PRIMARIES)], p3),
        ([chrm(SRGB_PRIMARIES)], (None, None)),
        ([chrm(P3_PRIMARIES)], p3),
        ([chrm(P3_PRIMARIES), gama(0.55556)], (1 / 0.55556, P3_PRIMARIES)),
        ([chrm(D50_PRIMARIES), gama(0.45455)], (None, D50_PRIMARIES)),
        ([chrm(FLAT_PRIMARIES)], (None, None)),
        ([chrm(FLAT_PRIMARIES), gama(0.7)], (1 / 0.7, None)),
        ([gama(1.0), gama(0.5)], (1.0, None)),
        ([["gAMA", "0001"], gama(0.7)], (1 / 0.7, None)),
        ([["cHRM", "00" * 31], gama(0.7)], (1 / 0.7, None)),
        ([gama(1.0), srgb], (None, None)),
        ([srgb, chrm(P3_PRIMARIES)], (None, None)),
        ([["sRGB", "0000"], gama(1.0)], (1.0, None)),
        ([cicp, gama(1.0)], (None, None)),
        ([["cICP", "030d0001"], gama(0.7)], (1 / 0.7, None)),
        ([["cICP", "010d0101"], gama(0.7)], (1 / 0.7, None)),
        ([["cICP", "010d0002"], gama(0.7)], (1 / 0.7, None)),
        ([["cICP", "01030001"], gama(0.7)], (1 / 0.7, None)),
        ([["tEXt", "612000"], gama(0.7)], (1 / 0.7, None)),
    ]
    numbers = random.Random(19)
    cases = []
    for chunks, (exponent, primaries) in described:
        matrix = None if primaries is None else to_srgb_light(primaries)
        colours: list[list[int]] = [[0, 0, 0], [255, 255, 255]]
        while len(colours) < 32:
            colour = [numbers.randrange(256) for _ in range(3)]
            # Rounded twice, and in single precision: what lies near an edge may fall on either side.
            if all(abs(x % 1 - 0.5) > 0.05 for x in converted(colour, exponent, matrix)):
                colours.append(colour)
        expected = [[round(x) for x in converted(colour, exponent, matrix)] for colour in colours]
        if exponent is None and matrix is None:
            expected = colours
        values = {
            name: bytes(value for row in rows for value in row).hex()
            for name, rows in (("rgb", colours), ("expected", expected))
        }
        cases.append({"chunks": chunks, **values})
    return cases


# pictures.json

PICTURE_SIZES = [(240, 320), (320, 240), (384, 512), (448, 448), (480, 640)]


def picture(number: int) -> bytes:
    height, width = PICTURE_SIZES[number % 5]
    grain, contrast = number // 3 % 8, 255 - 20 * (number % 11)
    values = bytearray()
    for y in range(height):
        for x in range(width):
            for c in range(3):
                n = (1 + number % 7) * x + (1 + number // 7 % 9) * y + 40 * c * number
                wave = abs(n % 510 - 255)
                noise = ((31 * x + 57 * y * (c + 1) + x * y + number) % 4093) ** 2 // 13 % 256
                value = ((8 - grain) * wave + grain * noise) // 8
                values.append(128 + contrast * (value - 128) // 255)
    return bytes(values)


def picture_cases() -> list[dict[str, Any]]:
    cases = []
    for number in (0, 1, 2, 31, 45, 96, 99):
        height, width = PICTURE_SIZES[number % 5]
        digest = hashlib.sha256(picture(number)).hexdigest()
        cases.append({"number": number, "height": height, "width": width, "sha256": digest})
    return cases


# verdict.json

FINE: dict[str, Any] = {
    "error": None,
    "golden_ok": True,
    "flags": [],
    "values": [[0.02, 1024]],
    "thermal": [0, 0],
    "cool_down": 30,
    "unit": ["cpu", "cpu"],
    "scores": [0.25, 0.5],
    "reference": [0.25, 0.5],
    "tolerance": 0.125,
}
JUDGED: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"error": "it is broken"}, ["error"]),
    ({"golden_ok": False}, ["golden"]),
    ({"flags": ["verification: failed when it was exported"]}, ["verification"]),
    ({"flags": ["golden: wrong", "memory: counts more", "governor: slow"], "golden_ok": False}, ["golden"]),
    ({"flags": ["background: left", "battery-saver: on"]}, ["background", "battery-saver"]),
    ({"flags": ["throttled: 3 times", "other-load: 20%"]}, ["throttled", "other-load"]),
    ({"flags": ["emulated: by qemu", "steal: 6%", "capped: 2", "run-queue: 2"]},
     ["emulated", "steal", "capped", "run-queue"]),
    ({"flags": ["spread: of the rounds", "runs: only 3", "hot: a little", "throttled: once"]}, ["throttled"]),
    ({"values": [[0.02, 1023]]}, ["runs"]),
    ({"values": [[0.5, 120]]}, []),
    ({"values": [[0.5, 119]]}, ["runs"]),
    ({"values": [[60.0, 1]]}, []),
    ({"values": [[0.02, 600], [0.024, 424]]}, ["slowdown"]),
    ({"values": [[0.02, 600], [0.0219, 424]]}, []),
    ({"values": [[0.02, 256], [0.022, 512], [0.0225, 256]]}, ["slowdown"]),
    ({"values": [[0.03, 400], [0.02, 624]]}, []),
    ({"values": [[0.03, 256], [0.02, 240], [0.025, 272], [0.02, 256]]}, ["spread"]),
    ({"values": [[0.02, 300], [0.03, 424], [0.02, 300]]}, []),
    ({"thermal": [0, 1]}, ["hot"]),
    ({"thermal": [2, 0]}, ["hot"]),
    ({"thermal": [None, None]}, []),
    ({"thermal": None}, []),
    ({"cool_down": 29.5}, ["cool-down"]),
    ({"unit": ["nnapi", "cpu"]}, ["unit"]),
    ({"unit": ["nnapi", "nnapi"]}, []),
    ({"unit": None}, []),
    ({"scores": None}, ["accuracy"]),
    ({"reference": None}, ["accuracy"]),
    ({"reference": [0.25]}, ["accuracy"]),
    ({"reference": [0.25, 0.625]}, []),
    ({"reference": [0.25, 0.6875]}, ["accuracy"]),
    ({"reference": [0.0625, 0.5]}, ["accuracy"]),
    ({"golden_ok": None, "scores": None}, []),
    ({"values": [[0.02, 3]], "cool_down": 0, "thermal": [3, 3], "reference": None},
     ["runs", "accuracy", "hot", "cool-down"]),
]  # fmt: skip


def verdict_cases() -> list[dict[str, Any]]:
    return [{**FINE, **changes, "expected": expected} for changes, expected in JUDGED]


# reasons.json

WORDS_OF_A_FAULT = {
    "defocus": ("out of focus", "tap_to_focus"),
    "motion_blur": ("blurred by motion", "hold_still"),
    "noise": ("noisy", "more_light"),
    "compression": ("heavily compressed", "use_original"),
    "underexposure": ("too dark", "more_light"),
    "overexposure": ("too bright", "less_light"),
    "low_contrast": ("low in contrast", "wipe_lens"),
    "banding": ("showing colour bands", "use_original"),
}
EXPLAINED_UP_TO = 0.8
JUST_ABOVE_HALF, JUST_BELOW_HALF = 0.5 + 2**-24, 0.5 - 2**-25  # in single precision too

NAMED: list[tuple[dict[str, float], float, float | None]] = [
    ({}, 0.2, None),
    ({}, 0.2, 0.75),
    *(({fault: 0.75}, 0.25, 1.0) for fault in WORDS_OF_A_FAULT),
    # The threshold of a severity exactly, and just beside it.
    ({"noise": 0.5}, 0.25, 1.0),
    ({"noise": JUST_BELOW_HALF}, 0.25, 1.0),
    ({"noise": JUST_ABOVE_HALF, "defocus": 0.5}, 0.25, 1.0),
    ({"noise": 0.0, "defocus": 0.25}, 0.25, 1.0),
    # The worst two, in falling order.
    ({"noise": 0.625, "underexposure": 0.875}, 0.25, 1.0),
    ({"noise": 0.625, "underexposure": 0.875, "banding": 0.75}, 0.25, 1.0),
    ({"noise": 0.25, "underexposure": 0.875, "banding": 0.375}, 0.25, 1.0),
    (dict.fromkeys(WORDS_OF_A_FAULT, 1.0), 0.0, 1.0),
    ({"low_contrast": 1.0, "overexposure": 0.75, "compression": 0.9375}, 0.0, 1.0),
    # Equal severities keep the model's order.
    ({"noise": 0.75, "defocus": 0.75}, 0.25, 1.0),
    ({"defocus": 0.75, "noise": 0.75}, 0.25, 1.0),
    ({"defocus": 0.625, "noise": 0.75, "banding": 0.625}, 0.25, 1.0),
    ({"defocus": 0.0, "noise": 0.0, "banding": 0.0}, 0.25, 1.0),
    # Labels that are not in the table.
    ({"lens_flare": 0.75}, 0.25, 1.0),
    ({"lens_flare": 0.75, "motion_blur": 0.625}, 0.25, 1.0),
    ({"two__more_": 0.75, "x": 0.625, "noise": 0.5625}, 0.25, 1.0),
    ({"Defocus": 0.75}, 0.25, 1.0),
    ({"toString": 0.75, "constructor": 0.625}, 0.25, 1.0),
    # The threshold of a photograph exactly, and just beside it; a model that does not say.
    ({"noise": 0.75}, 0.25, None),
    ({"noise": 0.75}, 0.25, 0.5),
    ({"noise": 0.75}, 0.25, JUST_BELOW_HALF),
    ({"noise": 0.75, "defocus": 0.875}, 0.25, 0.0),
    # The highest score that is explained, and others.
    *(({"noise": 0.75}, score, 1.0) for score in (0.0, 0.5, EXPLAINED_UP_TO)),
    *(({"noise": 0.75}, score, 1.0) for score in (EXPLAINED_UP_TO + 2**-20, 1.0) if score <= 1),
]


def reason_cases() -> list[dict[str, Any]]:
    cases = []
    for faults, score, photograph in NAMED:
        labels = list(faults)
        worst_first = sorted(labels, key=lambda label: (-faults[label], labels.index(label)))
        named = []
        if score <= EXPLAINED_UP_TO and (photograph is None or photograph >= 0.5):
            named = [label for label in worst_first if faults[label] >= 0.5][:2]
        pairs = [WORDS_OF_A_FAULT.get(label, (label.replace("_", " "), None)) for label in named]
        cases.append(
            {
                "faults": [[label, severity] for label, severity in faults.items()],
                "score": score,
                "photograph": photograph,
                "worst_first": worst_first,
                "named": named,
                "reason": " and ".join(word for word, _ in pairs) or None,
                "advice": next((advice for _, advice in pairs if advice is not None), None),
                "is_photograph": None if photograph is None else photograph >= 0.5,
            }
        )
    return cases


# windows.json

WINDOWS = [
    # height, width of the fitted photo; side; height, width of the photo
    (1200, 1300, 256, 2400, 2600),
    (512, 512, 256, 512, 512),
    (511, 513, 256, 1021, 1027),
    (257, 256, 256, 257, 256),
    (100, 900, 256, 311, 2799),
    (40, 30, 256, 40, 30),
    (480, 720, 240, 3000, 4501),
    (384, 385, 256, 2000, 2005),
]


def window_starts(length: int, side: int) -> list[int]:
    """The fewest windows that are spread evenly and overlap by at least half."""
    if length <= side:
        return [0]
    count = 2
    while Fraction(length - side, count - 1) > side // 2:
        count += 1
    return [math.floor(Fraction(number * (length - side), count - 1)) for number in range(count)]


def window_cases() -> list[dict[str, Any]]:
    cases = []
    for height, width, side, photo_height, photo_width in WINDOWS:
        tops, lefts = window_starts(height, side), window_starts(width, side)
        windows = [
            [top, left, min(top + side, height), min(left + side, width)] for top in tops for left in lefts
        ]
        ratios = [Fraction(photo_height, height), Fraction(photo_width, width)] * 2
        in_photo = [
            [math.floor(edge * ratio + Fraction(1, 2)) for edge, ratio in zip(window, ratios, strict=True)]
            for window in windows
        ]
        case = {"height": height, "width": width, "side": side}
        photo = {"photo_height": photo_height, "photo_width": photo_width}
        grid = {"rows": len(tops), "columns": len(lefts), "windows": windows, "in_photo": in_photo}
        cases.append({**case, **photo, **grid})
    return cases


# detail.json


def detail_pictures() -> list[Pixels]:
    random_numbers = random.Random(16)

    def made(height: int, width: int, level: Any) -> Pixels:
        return [
            [[max(0, min(255, round(v))) for v in level(y, x)] for x in range(width)] for y in range(height)
        ]

    def grain(deviation: float) -> float:
        return random_numbers.gauss(0, deviation)

    return [
        made(16, 16, lambda y, x: (128, 128, 128)),
        made(16, 24, lambda y, x: (4 * y + 3 * x,) * 3),
        made(24, 32, lambda y, x: (90 + 0.2 * y * y, 120 - 0.1 * x * x, 60 + 0.1 * x * y)),
        made(32, 32, lambda y, x: (120 + grain(12),) * 3),
        made(32, 32, lambda y, x: (40 if x < 13 else 200,) * 3),
        made(32, 40, lambda y, x: (110 + 30 * math.sin(x / 3) + grain(4), 90 + 20 * math.cos(y / 4), 60 + x)),
        made(16, 16, lambda y, x: (255, 0, 0) if (x + y) % 2 else (0, 0, 255)),
        made(8, 8, lambda y, x: (10 * x, 200 - 9 * y, x * y)),
        made(13, 17, lambda y, x: (7 * ((x * y) % 31), 3 * x, 15 * (y % 3))),
        made(16, 16, lambda y, x: (x % 3, y % 2, 0)),
    ]


def smooth_terms(length: int) -> list[list[float]]:
    """Orthogonal polynomials of degree 0, 1 and 2 on equal steps around 0."""
    steps = [number - (length - 1) / 2 for number in range(length)]
    mean_square = sum(step * step for step in steps) / length
    return [[1.0] * length, steps, [step * step - mean_square for step in steps]]


def detail_of(pixels: Pixels) -> float:
    height, width = len(pixels) // 8 * 8, len(pixels[0]) // 8 * 8
    grid = [(y, x) for y in range(height) for x in range(width)]
    luma = {}
    for y, x in grid:
        red, green, blue = pixels[y][x]
        luma[y, x] = 0.299 * red + 0.587 * green + 0.114 * blue
    brightness = sum(luma.values()) / len(grid)
    left = dict(luma)
    down, across = smooth_terms(height), smooth_terms(width)
    for i, j in ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0)):
        term = {(y, x): down[i][y] * across[j][x] for y, x in grid}
        norm = sum(value * value for value in term.values())
        weight = sum(luma[place] * term[place] for place in grid) / norm
        for place in grid:
            left[place] -= weight * term[place]

    def squares(block: int, signs: Any) -> list[float]:
        """The squares of the means of blocks, pixels counted by their signs."""
        return [
            (
                sum(signs(y, x) * left[top + y, start + x] for y in range(block) for x in range(block))
                / block**2
            )
            ** 2
            for top in range(0, height, block)
            for start in range(0, width, block)
        ]

    diagonal = squares(2, lambda y, x: 1 if x == y else -1)
    noise = 4 * sum(diagonal) / len(diagonal)
    energies = []
    for block in (2, 4, 8):
        means = squares(block, lambda y, x: 1)
        energies.append(block * block * sum(means) / len(means))
    return math.sqrt(max(*energies, noise) - noise) / 8 / (brightness + 16)


def detail_cases() -> list[dict[str, Any]]:
    return [
        {
            "height": len(pixels),
            "width": len(pixels[0]),
            "pixels": hexadecimal(pixels),
            "expected": round(detail_of(pixels), 6),
        }
        for pixels in detail_pictures()
    ]


VECTORS = {
    "contracts": contract_cases,
    "detail": detail_cases,
    "fit": fit_cases,
    "golden": golden_cases,
    "pictures": picture_cases,
    "png_colours": png_colour_cases,
    "reasons": reason_cases,
    "reduction": reduction_cases,
    "resample": resample_cases,
    "verdict": verdict_cases,
    "windows": window_cases,
}


def text_of(name: str) -> str:
    """The content of a file: a JSON list with a line for each case."""
    lines = ",\n".join(json.dumps(case) for case in VECTORS[name]())
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    for vectors in VECTORS:
        (FOLDER / f"{vectors}.json").write_text(text_of(vectors), encoding="ascii")
