"""A network of any class as the subject of an export."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.export import ExportedProgram

from mobileiqa_bench.fidelity.scoring import Values
from mobileiqa_bench.photographs import Pixels
from mobileiqa_sdk._numbers import exceeds
from mobileiqa_sdk.contract import InputSpec, ModelInfo
from mobileiqa_sdk.library import sha256_of
from mobileiqa_sdk.progress import Progress

from ..blame import Trail, described
from ..errors import ExportError, NetworkUnfit
from ..programs import program_of
from ..reference import ONE_SCORE, Answer, answers_on_pixels
from ..rewrite import Rewritten
from ..subject import Subject
from .description import Description
from .factory import build, stem
from .pixels import PixelNetwork
from .rewrites import SAME, copied, rewrite_network
from .weights import digest, load_weights


@dataclass(frozen=True)
class NetworkSource:
    """A network that a factory makes. Loading it runs the factory's code.

    Attributes:
        description: which network, and how it is used.
        rewrites: False exports the network as its code says, for comparison.

    >>> values = {"arch.factory": "nets.py:net", "input.size": [224, 224]}
    >>> values |= {"output.worst": 1, "output.best": 5}
    >>> NetworkSource(Description.of(values, "example")).stem
    'nets'
    """

    description: Description
    rewrites: bool = True

    @property
    def stem(self) -> str:
        """The described name, else the checkpoint's, else the factory's."""
        description = self.description
        return description.name or (
            Path(description.checkpoint).stem if description.checkpoint else stem(description.factory)
        )

    def load(self, progress: Progress) -> Subject:
        """Raises FactoryFailed, CheckpointError, NetworkUnfit."""
        description = self.description
        progress.step(f"building the network with {description.factory}")
        network = build(description.factory, description.kwargs)
        if description.checkpoint:
            progress.step("loading the checkpoint")
            chosen = load_weights(network, description.checkpoint, description.weights)
            if chosen.origin:
                progress.step(chosen.origin)
        trained = PixelNetwork(network, description).eval()
        example = _texture(description.size)
        progress.step("tracing the network")
        program = probe(trained, example, description.factory)
        model = ModelInfo(
            name=self.stem,
            version=description.version,
            family=description.family or type(network).__name__,
            license=description.license,
            checkpoint_sha256=sha256_of(description.checkpoint)
            if description.checkpoint
            else digest(network, program.constants),
        )

        def rewritten(progress: Progress, without: frozenset[str] = frozenset()) -> Rewritten:
            progress.step("rewriting" if self.rewrites else "wrapping, without rewrites")
            return rewrite_network(trained, example, without, enabled=self.rewrites)

        return Subject(
            model, InputSpec(*description.size), _reference(trained, description.factory), rewritten
        )


def _reference(trained: PixelNetwork, name: str) -> Answer:
    """Answers of the network as trained; an image that it fails on is NetworkUnfit."""
    answer = answers_on_pixels(trained, ONE_SCORE)

    def run(pixels: Pixels) -> Values:
        try:
            return answer(pixels)
        except (ExportError, MemoryError):
            raise
        except Exception as error:  # any module may raise anything
            raise NetworkUnfit(f"{name}: fails on one of the test images: {described(error)}") from error

    return run


def probe(network: PixelNetwork, example: Tensor, name: str) -> ExportedProgram:
    """Runs a network once and traces it once, before anything that takes minutes; returns the program.

    Raises:
        NetworkUnfit: it cannot be run or traced, and the error names the module and the operator; or its
            answers are not finite, or differ from run to run.
    """
    with Trail(network) as trail:
        try:
            with torch.inference_mode():
                first, second = float(network(example)), float(network(example))
        except (ExportError, MemoryError):
            raise
        except Exception as error:  # any module may raise anything
            height, width = example.shape[1:3]
            raise NetworkUnfit(
                f"{name}: fails on an image of {height} x {width} at {trail}: {described(error)}"
            ) from error
    if not math.isfinite(first):
        raise NetworkUnfit(f"{name}: answers {first}; is it trained, and is the normalisation right?")
    if exceeds(abs(first - second), SAME):
        raise NetworkUnfit(
            f"{name}: gives two scores to one image, {first:.4f} and {second:.4f}; "
            "is something in it, such as F.dropout, not in eval mode?"
        )
    try:
        # Of a copy: a traced program keeps references to the weights.
        program = program_of(copied(network, example), example)
    except NetworkUnfit as error:
        raise NetworkUnfit(f"{name}: {error}") from error
    if _updates_hidden_statistics(program):
        raise NetworkUnfit(
            f"{name}: a BatchNorm that is no submodule is in training mode, perhaps in a list: keep it in "
            "nn.ModuleList, or call its eval()"
        )
    return program


def _updates_hidden_statistics(program: ExportedProgram) -> bool:
    """Returns whether a BatchNorm in training mode has running statistics outside the state_dict."""
    constants = program.graph_signature.inputs_to_lifted_tensor_constants
    norms = [node.args for node in program.graph.nodes if node.target == torch.ops.aten.batch_norm.default]
    return any(training and str(mean) in constants for _, _, _, mean, _, training, *_ in norms)


def _texture(size: tuple[int, int]) -> Tensor:
    """Returns pixels [1, H, W, 3] of all values, so that no part of a network is idle."""
    pixels = torch.arange(size[0] * size[1] * 3) * 37 % 251
    return pixels.to(torch.uint8).view(1, *size, 3)
