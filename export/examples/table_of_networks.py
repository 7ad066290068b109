"""Exports networks to every format and prints a row of Markdown for each.

    python export/examples/table_of_networks.py export/examples/pyiqa_networks.py:topiq=384x384 ... > table.md

Nothing is fetched: the networks are made by the factories that are named, each followed by the size of its
input. Answers of random weights have no range of their own; worst and best are set so that scores of the
built-in test images fill 0.4 to 0.6. Each network has a process of its own: one that fails leaves the rest.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from mobileiqa_bench.photographs import builtin
from mobileiqa_bench.tables import write_table
from mobileiqa_export.networks.factory import build

Cell = tuple[str, str]
FORMATS = ("onnx", "tflite", "coreml")
_RANGE_IMAGES = 8


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("networks", nargs="+", metavar="FACTORY=HEIGHTxWIDTH")
    parser.add_argument("--images", type=int, default=24, help="verification images of each (default: 24)")
    parser.add_argument(
        "--format", default=",".join(FORMATS), help="with commas between (default: %(default)s)"
    )
    parser.add_argument(
        "--precision", default="fp32,fp16,int8-weights", help="with commas between (default: %(default)s)"
    )
    parser.add_argument("--range", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.range:
        print(json.dumps(_range_of(arguments.networks[0])))
        return
    formats, precisions = arguments.format.split(","), arguments.precision.split(",")
    cells = [(file_format, precision) for file_format in formats for precision in precisions]
    reasons: list[str] = []
    rows = [_row(network, cells, arguments.images, reasons) for network in arguments.networks]
    print(write_table(("network", *map(" ".join, cells)), rows, "l" * (1 + len(cells))), end="\n\n")
    for number, reason in enumerate(reasons, start=1):
        print(f"{number}. {reason}")


def _row(network: str, cells: Sequence[Cell], images: int, reasons: list[str]) -> list[str]:
    factory, _, size = network.rpartition("=")
    name = f"{factory.rpartition(':')[2]}, {size.replace('x', ' x ')}"
    outcomes = _outcomes(factory, size, cells, images)
    texts = []
    for cell in cells:
        outcome = outcomes[cell]
        if isinstance(outcome, float):
            texts.append(f"{outcome:.1e}")
            continue
        if outcome not in reasons:
            reasons.append(outcome)
        texts.append(f"no ({reasons.index(outcome) + 1})")
    return [name, *texts]


def _outcomes(factory: str, size: str, cells: Sequence[Cell], images: int) -> dict[Cell, float | str]:
    """Returns for each cell the largest difference of a score from PyTorch's, or why there is no artifact."""
    command = [sys.executable, __file__, "--range", f"{factory}={size}"]
    made = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - this file
    if made.returncode:
        return dict.fromkeys(cells, "the network cannot be made or run")
    worst, best = json.loads(made.stdout.splitlines()[-1])
    formats = dict.fromkeys(file_format for file_format, _ in cells)
    precisions = dict.fromkeys(precision for _, precision in cells)
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "mobileiqa_sdk", "export", "--arch", factory, "--input-size", size),
            *("--config", f"output.worst = {worst}", "--config", f"output.best = {best}"),
            *("--format", ",".join(formats), "--precision", ",".join(precisions), "--json", "--no-timing"),
            *("--verification-images", str(images), "--output", str(Path(folder, "artifacts"))),
        ]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if not done.stdout:
        return dict.fromkeys(cells, "the network cannot be exported at all")
    result = json.loads(done.stdout)
    outcomes: dict[Cell, float | str] = {}
    for report in result["artifacts"]:
        outcomes[report["file_format"], report["precision"]] = report["drift"]["max_difference"]
    for failed in result["failed"]:
        outcomes[failed["file_format"], failed["precision"]] = failed["error"]
    return outcomes


def _range_of(network: str) -> tuple[float, float]:
    """Returns worst and best, by answers to some of the built-in test images."""
    factory, _, size = network.rpartition("=")
    height, width = (int(side) for side in size.split("x"))
    model = build(factory, {})
    answers = []
    with torch.inference_mode():
        for _, picture in builtin("verification")[0][:_RANGE_IMAGES]:
            for degraded in (picture, picture.resize((64, 48)), _noisy(picture)):
                pixels = np.array(degraded.convert("RGB").resize((width, height), Image.Resampling.BICUBIC))
                answers.append(float(model(torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255).mean()))
    low, high = min(answers), max(answers)
    return low - 2 * (high - low), high + 2 * (high - low)


def _noisy(picture: Image.Image) -> Image.Image:
    pixels = np.array(picture.convert("RGB"), np.int16)
    noise = np.random.default_rng(0).normal(0, 40, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


if __name__ == "__main__":
    main()
