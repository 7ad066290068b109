"""Compares cnniqa.py with the script of a clone of lidq92/CNNIQA, on pictures of three sizes.

    python export/examples/compare_cnniqa.py path/to/CNNIQA

Runs code of the clone, which imports h5py, scipy and torchvision.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import torch

from mobileiqa_bench.photographs import builtin
from mobileiqa_export.networks.factory import build
from mobileiqa_export.networks.weights import load_weights

_SIZES = ((768, 512), (641, 481), (512, 384))


def main(clone: Path) -> None:
    """Prints both scores of each picture, and the largest difference."""
    weights = clone / "models" / "CNNIQA-LIVE"
    sys.path.insert(0, str(clone))
    published = importlib.import_module("test_demo").CNNIQAnet().eval()
    published.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    patches_of = importlib.import_module("IQADataset").NonOverlappingCropPatches
    network = build(f"{Path(__file__).with_name('cnniqa.py')}:CNNIQA", {})
    load_weights(network, weights)
    largest = 0.0
    for name, picture in builtin("verification")[0]:
        for size in _SIZES:
            grey = picture.convert("L").resize(size)
            pixels = torch.from_numpy(np.array(grey)).float()[None, None] / 255
            with torch.no_grad():
                theirs = float(published(torch.stack(patches_of(grey, 32, 32))).mean())
                ours = float(network(pixels))
            largest = max(largest, abs(ours - theirs))
            print(f"{name} {size[0]} x {size[1]}: {theirs:.4f} {ours:.4f}")
    print(f"at most {largest:.1e} apart")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
