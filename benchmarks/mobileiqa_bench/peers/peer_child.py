"""One peer in one process: ``PYTHON peer_child.py PEER MODEL THREADS RUNS PHOTO...``.

It runs in the peer's environment, so it imports nothing but that and the standard library. It prints a JSON
object:

- ``first``: the clock when the first photo was scored, in seconds since 1970;
- ``seconds``: of each warm score, run by run;
- ``scores``: of the photos;
- ``peak_bytes``: of the process; null where the system does not say.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from time import perf_counter, time
from typing import Any
from unittest import mock

Score = Callable[[str], float]
"""Scores the photo in a file."""


def ours(model: str, threads: int) -> Score:
    """Returns the SDK's own scorer."""
    from mobileiqa_sdk import Scorer

    return Scorer(model, threads=threads).score


def ours_openvino(model: str, threads: int) -> Score:
    """Returns our ONNX file in OpenVINO, in float32, behind our decoding and resizing."""
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # it would open a connection
    import numpy as np
    import openvino

    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
    }
    file, spec = _artifact(model)
    request = openvino.Core().compile_model(file, "CPU", settings).create_infer_request()

    def run(pixels: Any) -> float:
        return float(np.mean(next(iter(request.infer([pixels[np.newaxis]]).values()))))

    return _behind_our_steps(run, spec.size_for)


def ours_ncnn(model: str, threads: int) -> Score:
    """Returns what ``mobileiqa_export.engines.ncnn_convert`` made of our checkpoint, in ncnn."""
    from importlib import import_module
    from pathlib import Path

    from mobileiqa_bench.engines import named
    from mobileiqa_bench.engines.pixels import read_size

    engine = import_module(named("ncnn").module).load(Path(model), threads, None)
    size = read_size(Path(model))
    return _behind_our_steps(lambda pixels: float(engine.run(pixels).mean()), lambda *_: size)


def brisque(model: str, threads: int) -> Score:
    """Returns BRISQUE of the package brisque."""
    import numpy as np
    from brisque import BRISQUE
    from PIL import Image

    scorer = BRISQUE(url=False)
    return lambda photo: float(scorer.score(np.asarray(Image.open(photo).convert("RGB"))))


def pypiqe(model: str, threads: int) -> Score:
    """Returns PIQE of the package pypiqe."""
    import cv2
    from pypiqe import piqe

    cv2.setNumThreads(threads)
    return lambda photo: float(piqe(cv2.imread(photo))[0])


def skvideo_niqe(model: str, threads: int) -> Score:
    """Returns NIQE of the package scikit-video, with the ``imresize`` that SciPy no longer has."""
    import numpy as np
    import scipy.misc
    from PIL import Image

    def imresize(grey: Any, factor: float, interp: str, mode: str) -> Any:
        height, width = (int(side * factor) for side in grey.shape)
        image = Image.fromarray(grey.astype(np.float32))
        return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))

    scipy.misc.imresize = imresize
    from skvideo.measure import niqe

    return lambda photo: float(niqe(np.asarray(Image.open(photo).convert("L"))[None, :, :, None])[0])


def piq_brisque(model: str, threads: int) -> Score:
    """Returns BRISQUE of piq. It would download its support vectors: these are random, of the same shapes."""
    import piq
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    vectors = torch.rand(774, 1), 2 * torch.rand(774, 36) - 1
    module = sys.modules["piq.brisque"]  # piq.brisque is the function

    def score(photo: str) -> float:
        weights = tuple(tensor.clone() for tensor in vectors)  # piq transposes them in place
        with mock.patch.object(module, "load_url", return_value=weights), torch.inference_mode():
            return float(piq.brisque(_tensor(photo), data_range=1.0))

    return score


def pyiqa_cnniqa(model: str, threads: int) -> Score:
    """Returns CNNIQA of pyiqa with random weights."""

    def make() -> Any:
        from pyiqa.archs.cnniqa_arch import CNNIQA

        return CNNIQA(pretrained=None)

    return _pyiqa(make, threads)


def pyiqa_nima(model: str, threads: int) -> Score:
    """Returns NIMA of pyiqa on its lightest backbone, MobileNetV3-small, with random weights."""

    def make() -> Any:
        import timm

        create = timm.create_model
        with mock.patch.object(
            timm, "create_model", lambda *names, **options: create(*names, **{**options, "pretrained": False})
        ):
            from pyiqa.archs.nima_arch import NIMA

            return NIMA("mobilenetv3_small_100", pretrained=False)

    return _pyiqa(make, threads)


def _pyiqa(make: Callable[[], Any], threads: int) -> Score:
    """Returns a network of pyiqa, which takes photos at their full size."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    network = make().eval()

    def score(photo: str) -> float:
        with torch.inference_mode():
            return float(network(_tensor(photo)).mean())

    return score


def _tensor(photo: str) -> Any:
    """Returns a photo as float32 [1, 3, H, W] from 0 to 1."""
    import numpy as np
    import torch
    from PIL import Image

    pixels = np.array(Image.open(photo).convert("RGB"))
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


def _artifact(model: str) -> tuple[str, Any]:
    """Returns the file of one of our artifacts, and what it takes."""
    from mobileiqa_sdk import library
    from mobileiqa_sdk.contract import ModelContract

    file = library.find(model)
    text = (file.parent / "contract.json").read_text(encoding="utf-8")
    return str(file), ModelContract.from_json(text, str(file)).input


def _behind_our_steps(run: Callable[[Any], float], size_for: Callable[[int, int], tuple[int, int]]) -> Score:
    """Returns a network behind the decoding and resizing of the SDK."""
    from mobileiqa_sdk.photo import read_photo
    from mobileiqa_sdk.resample import resize

    def score(photo: str) -> float:
        picture = read_photo(photo, fit=size_for)
        return run(resize(picture, *size_for(picture.height, picture.width)))

    return score


PEERS: dict[str, Callable[[str, int], Score]] = {
    "mobileiqa": ours,
    "mobileiqa-openvino": ours_openvino,
    "mobileiqa-ncnn": ours_ncnn,
    "brisque": brisque,
    "piqe": pypiqe,
    "niqe": skvideo_niqe,
    "piq-brisque": piq_brisque,
    "pyiqa-cnniqa": pyiqa_cnniqa,
    "pyiqa-nima": pyiqa_nima,
}
"""By name; each takes a model, which is ours and may be empty for others, and a number of threads."""


LOWER_IS_BETTER = frozenset({"brisque", "piqe", "niqe", "piq-brisque"})
"""Peers whose score is the less the better the photo."""


def peak_bytes(status: str = "/proc/self/status") -> int | None:
    """Returns the largest resident memory of this process since it began; None off Linux."""
    try:
        with open(status, encoding="utf-8") as lines:
            peaks = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    except OSError:
        return None
    return 1024 * int(peaks[0]) if peaks else None


def measure(peer: str, model: str, threads: int, runs: int, photos: Sequence[str]) -> dict[str, Any]:
    """Returns the JSON object that the module describes."""
    score = PEERS[peer](model, threads)
    scores = [score(photos[0])]
    first = time()
    scores += [score(photo) for photo in photos[1:]]
    seconds = []
    for _ in range(runs):
        for photo in photos:
            started = perf_counter()
            score(photo)
            seconds.append(perf_counter() - started)
    return {"first": first, "seconds": seconds, "scores": scores, "peak_bytes": peak_bytes()}


if __name__ == "__main__":
    peer, model, threads, runs, *photos = sys.argv[1:]
    print(json.dumps(measure(peer, model, int(threads), int(runs), photos)))
