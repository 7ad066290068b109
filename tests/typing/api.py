"""The public API as a type checker sees it; ``test_typing.py`` checks this file with ``mypy --strict``.

A line that ends in ``# E: code`` must be an error of that code, every other line must be none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from typing_extensions import assert_type

import mobileiqa_sdk
from mobileiqa_sdk import Assessment, ModelContract, PhotoError, QualityMap, Scorer
from mobileiqa_sdk.verification import Replay, replay_golden
from mobileiqa_sdk.where import Window

assert_type(mobileiqa_sdk.score("photo.jpg"), float)
scorer = Scorer("model.onnx", threads=1, exact_decode=True, runtime="onnx", resolution="fast")
result = scorer.assess(Path("photo.jpg"))
assert_type(result, Assessment)
assert_type(result.band, Literal["bad", "poor", "fair", "good", "excellent"])
assert_type(result.spread, float | None)
assert_type(result.faults, Mapping[str, float])
assert_type(result.photograph, float | None)
assert_type(result.input_size, tuple[int, int])
assert_type(scorer.score_many(["a.jpg"]), Iterator[Assessment | PhotoError])
assert_type(scorer.contract, ModelContract)
assert_type(scorer.contract.precision.weights, Literal["fp32", "fp16", "int8", "int4"])
quality = scorer.map("photo.jpg")
assert_type(quality, QualityMap)
assert_type(quality.worst, Window | None)
assert_type(scorer.decode, Literal["full", "jpeg-reduced"])
assert_type(scorer.resolution, str | None)
assert_type(replay_golden(scorer), Replay)
with Scorer() as opened:
    assert_type(opened, Scorer)

Scorer("model.onnx", "onnx")  # E: call-arg
Scorer(threads="4")  # E: arg-type
Scorer(exact="yes")  # E: call-arg
scorer.threads = 4  # E: misc
scorer.path = Path()  # E: misc
scorer.score(3)  # E: arg-type
result.score = 1.0  # E: misc
result.faults["blur"] = 1.0  # E: index
quality.size = (1, 1)  # E: misc
scorer.contract.input.decode = "full"  # E: misc
if scorer.contract.precision.weights == "fp31":  # E: comparison-overlap
    print("never")
print(mobileiqa_sdk.nothing)  # E: attr-defined
