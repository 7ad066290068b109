"""Answers of a network in PyTorch: as it was trained, which every artifact is compared with, or rewritten."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from mobileiqa_bench.fidelity.scoring import Values
from mobileiqa_bench.scenes import Pixels
from mobileiqa_sdk.contract import OutputSpec

from .blocks.statistics import normalise
from .student import Student, StudentConfig
from .teacher import Teacher, TeacherConfig
from .teacher.bounded import Bounded

Output = Tensor | tuple[Tensor, ...]
"""What a network returns for one photo: opinions, or a tuple with one tensor for each output."""
Run = Callable[[Pixels], float]
"""Scores resized pixels, uint8 RGB [H, W, 3]."""
Answer = Callable[[Pixels], Values]
"""Gives all answers for resized pixels, uint8 RGB [H, W, 3]."""
ONE_SCORE = (OutputSpec(),)
"""The outputs of a network that answers a score alone."""


def as_trained(network: Student | Teacher, config: StudentConfig | TeacherConfig) -> Run:
    """Returns a function that scores resized pixels, uint8 RGB [H, W, 3], before any rewrite."""
    return lambda pixels: score_in(_before_rewrites(network, config)(pixels))


def answers_as_trained(
    network: Student | Teacher, config: StudentConfig | TeacherConfig, outputs: Sequence[OutputSpec]
) -> Answer:
    """Returns a function that gives all answers before any rewrite."""
    run = _before_rewrites(network, config)
    return lambda pixels: values_in(run(pixels), outputs)


def on_pixels(network: nn.Module) -> Run:
    """Scores resized pixels by a network that takes uint8 RGB [1, H, W, 3]: the mean of its opinions."""
    return lambda pixels: score_in(_inferred(network, torch.from_numpy(pixels)[None]))


def answers_on_pixels(network: nn.Module, outputs: Sequence[OutputSpec]) -> Answer:
    """Gives all answers of a network that takes uint8 RGB [1, H, W, 3]."""
    return lambda pixels: values_in(_inferred(network, torch.from_numpy(pixels)[None]), outputs)


def score_in(output: Output) -> float:
    """Returns the score: the mean of the opinions, which are a network's first or only output."""
    return float(opinions_in(output).mean())


def opinions_in(output: Output) -> Tensor:
    """Returns the opinions in what a network returned."""
    return output[0] if isinstance(output, tuple) else output


def numbers_in(output: Output) -> tuple[float, ...]:
    """Returns the score, then every number that a network answers beside its opinions."""
    others = output[1:] if isinstance(output, tuple) else ()
    return score_in(output), *(float(number) for tensor in others for number in tensor.flatten())


def values_in(output: Output, outputs: Sequence[OutputSpec]) -> dict[str, float]:
    """Returns all answers in what a network returned; ``outputs`` describes each tensor of it."""
    values: dict[str, float] = {}
    for spec, tensor in zip(outputs, output if isinstance(output, tuple) else (output,), strict=True):
        numbers = [float(number) for number in tensor.flatten()]
        if spec.meaning == "opinions":
            values["score"] = float(tensor.mean())
        elif spec.meaning == "faults":
            values |= {f"faults.{name}": number for name, number in zip(spec.labels, numbers, strict=True)}
        else:
            (values["photo"],) = numbers
    return values


def with_bounds(network: Student | Teacher, config: StudentConfig | TeacherConfig) -> nn.Module:
    """Returns the network with its answers in 0..1; a teacher's need that, a student's are."""
    if isinstance(config, TeacherConfig):
        return nn.Sequential(network, Bounded(config.worst, config.best))
    return network


def _before_rewrites(
    network: Student | Teacher, config: StudentConfig | TeacherConfig
) -> Callable[[Pixels], Output]:
    bounded = with_bounds(network, config)

    def run(pixels: Pixels) -> Output:
        batch = torch.from_numpy(pixels).permute(2, 0, 1)[None]
        return _inferred(bounded, normalise(batch, config.statistics))

    return run


def _inferred(network: nn.Module, batch: Tensor) -> Output:
    with torch.inference_mode():
        output: Output = network(batch)
    return output
