"""What is exported: a network with a name, its scores as trained, and how to prepare it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mobileiqa_sdk.contract import InputSpec, ModelInfo, OutputSpec
from mobileiqa_sdk.fit import Setting
from mobileiqa_sdk.progress import Progress

from .blocks.config import NetworkConfig
from .checkpoint import load_checkpoint
from .reference import ONE_SCORE, Answer, answers_as_trained
from .rewrite import OPTIONAL, Rewritten, rewrite
from .student import StudentConfig
from .teacher import TeacherConfig


class Rewrite(Protocol):
    """Makes the network that is exported."""

    def __call__(self, progress: Progress, without: frozenset[str] = frozenset()) -> Rewritten:
        """Returns the rewritten network and a step for each pass.

        Each call starts from the network as trained and returns a network of its own.

        Args:
            progress: receives the step.
            without: names of passes to leave out, of those in :attr:`Rewritten.removable`.
        """
        ...


@dataclass(frozen=True)
class Subject:
    """A network that is to be exported.

    Attributes:
        model: for the contract.
        input: the photos it sees; the rule for decoding is the export's to choose.
        reference: answers of the network as trained, in PyTorch float32, for resized pixels.
        rewrite: makes the network to export, uint8 RGB pixels [1, H, W, 3] -> a tensor for each output, in
            a tuple if there are several.
        outputs: what it answers, the opinions first.
    """

    model: ModelInfo
    input: InputSpec
    reference: Answer
    rewrite: Rewrite
    outputs: tuple[OutputSpec, ...] = ONE_SCORE


class Source(Protocol):
    """Where a subject comes from; cheap until it is loaded."""

    @property
    def stem(self) -> str:
        """What to call its artifacts if the user does not say."""
        ...

    def load(self, progress: Progress) -> Subject:
        """Raises ExportError."""
        ...


@dataclass(frozen=True)
class StudentSource:
    """A MobileIQA student or teacher in a checkpoint file.

    Attributes:
        checkpoint: see :func:`mobileiqa_export.checkpoint.load_checkpoint`.
        name, version, licence: for the contract, instead of the checkpoint's own.
        input_size: (height, width), instead of the checkpoint's or the published 1231x1907.
        rewrites: False exports the network as trained, for comparison.
        weights: the name of the state_dict to take if the checkpoint has several.

    >>> StudentSource("best.safetensors", name="ours", input_size=(512, 512)).stem
    'ours'
    """

    checkpoint: str | Path
    name: str | None = None
    version: str | None = None
    licence: str | None = None
    input_size: tuple[int, int] | None = None
    rewrites: bool = True
    weights: str | None = None

    @property
    def stem(self) -> str:
        """The chosen name, else the file's."""
        return self.name or Path(self.checkpoint).stem

    def load(self, progress: Progress) -> Subject:
        """Raises CheckpointError."""
        progress.step("loading the checkpoint")
        loaded = load_checkpoint(self.checkpoint, input_size=self.input_size, weights=self.weights)
        if loaded.origin:
            progress.step(loaded.origin)
        self._warn_of_size(loaded.config, loaded.info, progress)
        network, config, info = loaded.network, loaded.config, loaded.info

        def rewritten(progress: Progress, without: frozenset[str] = frozenset()) -> Rewritten:
            progress.step("rewriting" if self.rewrites else "wrapping, without rewrites")
            return rewrite(network, config, without if self.rewrites else OPTIONAL)

        model = ModelInfo(
            name=self.name or str(info.get("name") or Path(self.checkpoint).stem),
            version=self.version or str(info.get("version") or "0"),
            family=config.family,
            license=self.licence or str(info.get("licence") or "unknown"),
            checkpoint_sha256=loaded.sha256,
        )
        outputs = _outputs_of(config)
        reference = answers_as_trained(network, config, outputs)
        return Subject(model, _input_of(config), reference, rewritten, outputs)

    def _warn_of_size(self, config: NetworkConfig, info: Mapping[str, Any], progress: Progress) -> None:
        """Warns if nobody said at which size the network was trained."""
        stated = any("input_size" in (info.get(kind) or {}) for kind in ("student", "teacher"))
        if self.input_size or stated or config.settings:
            return
        height, width = config.input_size
        progress.warn(
            f"the checkpoint does not say at which size it was trained: {height}x{width} is assumed, the "
            "published one; if it was another, name it by --input-size (input_size), or scores will be wrong"
        )


def _input_of(config: NetworkConfig) -> InputSpec:
    if not config.settings:
        return InputSpec(*config.input_size)
    settings = tuple(Setting(name, max_pixels) for name, max_pixels in config.settings)
    return InputSpec(fit="keep-aspect", settings=settings)


def _outputs_of(config: StudentConfig | TeacherConfig) -> tuple[OutputSpec, ...]:
    name = "opinions" if config.opinions > 1 else "score"
    outputs = [OutputSpec(name, size=config.opinions)]
    if isinstance(config, StudentConfig) and config.faults:
        count = len(config.faults)
        outputs.append(OutputSpec("faults", "faults", count, higher_is_better=False, labels=config.faults))
    if isinstance(config, StudentConfig) and config.photo_hidden:
        outputs.append(OutputSpec("photo", "photo"))
    return tuple(outputs)
