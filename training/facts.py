"""Facts about the bundled model as data: ``training/facts.json``, in the wheel beside the model.

Documents quote these figures, and tests compare them with the files. What a machine can read from the
checkpoint and the model file is derived by ``python -m training facts``; accuracy was measured on photos that
are not part of the repository, and is kept with its command and date.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mobileiqa_export.checkpoint import load_student
from mobileiqa_export.student import StudentConfig
from mobileiqa_sdk.contract import Decode, Fit, ModelContract
from mobileiqa_sdk.library import sha256_of
from mobileiqa_sdk.scorer import Scorer

from .errors import TrainingError

ROOT = Path(__file__).parents[1]
"""The repository's root, to which paths in the facts are relative."""
FACTS = ROOT / "training" / "facts.json"
"""Not in the model's folder, which an export replaces as a whole."""

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, msgspec.Meta(ge=1)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of the facts: immutable; a key that it does not know is an error."""


class FileFacts(_Part, frozen=True):
    """A file of the repository: its path from the root, its size in bytes and its sha256 in hex."""

    path: str
    bytes: Count
    sha256: Sha256


class InputFacts(_Part, frozen=True):
    """The photo as the network takes it.

    Attributes:
        fit: ``keep-aspect`` or ``stretch``.
        size: (height, width) in pixels of a stretched photo; where the aspect is kept, the size that costs
            are counted at.
        settings: most pixels by the name of each setting, the default first; empty for ``stretch``.
        decode: how large JPEGs are decoded.
    """

    fit: Fit
    size: tuple[Count, Count]
    settings: dict[str, Count]
    decode: Decode


class ParameterFacts(_Part, frozen=True, omit_defaults=True):
    """Trained numbers of the network, by its part."""

    backbone: Count
    views: Count
    faults: Count
    photo: Count
    anchor: Annotated[int, msgspec.Meta(ge=0)] = 0

    @property
    def total(self) -> int:
        """Of the whole network."""
        return self.backbone + self.views + self.faults + self.photo + self.anchor


class DatasetFacts(_Part, frozen=True):
    """Photos that the model was trained on.

    Attributes:
        name: as its authors call it.
        photos: how many were used.
        license: as stated with the photos; ``none stated`` if there is no statement.
        opinions: whether people's opinions of the photos were used.
    """

    name: str
    photos: Count
    license: str
    opinions: bool


class Figure(_Part, frozen=True):
    """A measured value with the limits of its interval."""

    value: float
    low: float
    high: float


class Agreement(_Part, frozen=True):
    """How well scores agree with mean opinion scores (MOS).

    Attributes:
        photos: how many were scored.
        srcc, plcc, krcc: correlations of the raw scores.
        plcc_fitted: PLCC after the logistic fit.
        rmse: in MOS units, after the logistic fit.
    """

    photos: Count
    srcc: Figure
    plcc: Figure
    plcc_fitted: Figure
    krcc: Figure
    rmse: Figure


class AccuracyFacts(_Part, frozen=True):
    """Accuracy of a checkpoint on a set of rated photos.

    Attributes:
        dataset, split: the photos.
        command: measures the figures again.
        measured: the date, as in 2026-11-21.
        checkpoint_sha256: of the checkpoint that was measured.
        interval: what ``low`` and ``high`` of a figure are.
        all: over all photos of the split.
        without_near_duplicates: over the photos without a near-duplicate in the training split.
        srcc_by_subset: SRCC within the parts of the dataset.
    """

    dataset: str
    split: str
    command: str
    measured: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
    checkpoint_sha256: Sha256
    interval: str
    all: Agreement
    without_near_duplicates: Agreement
    srcc_by_subset: dict[str, float]


class ModelFacts(_Part, frozen=True):
    """Everything that is stated about the bundled model and can be checked or repeated.

    Attributes:
        name, version, license: those of the contract.
        architecture: those of the contract's ``model.family``.
        checkpoint: the trained weights.
        artifact: the exported model file.
        input: size and decode rule.
        opinions: values whose mean is the score.
        parameters: trained numbers.
        macs: multiply-accumulates of one photo, without those of pooling, before the exact rewrites.
        training_data: datasets.
        accuracy: on BIQ2021's test split.
    """

    schema: Literal[1]
    name: str
    version: str
    license: str
    architecture: str
    checkpoint: FileFacts
    artifact: FileFacts
    input: InputFacts
    opinions: Count
    parameters: ParameterFacts
    macs: Count
    training_data: tuple[DatasetFacts, ...]
    accuracy: AccuracyFacts


def read_facts(path: Path = FACTS) -> ModelFacts:
    """Reads and validates the facts.

    Raises:
        TrainingError: the file is missing or not valid.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=ModelFacts)
    except (OSError, msgspec.MsgspecError) as error:
        raise TrainingError(f"{path}: cannot be read as model facts ({error})") from error


def write_facts(facts: ModelFacts, path: Path = FACTS) -> None:
    """Writes the facts as indented JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(facts), indent=2) + b"\n")


def derived(facts: ModelFacts, root: Path = ROOT) -> ModelFacts:
    """Returns the facts with everything that can be derived from the two files read from them again.

    Raises:
        TrainingError: the model file was exported from another checkpoint.
    """
    checkpoint_file = root / facts.checkpoint.path
    artifact_file = root / facts.artifact.path
    contract = Scorer(artifact_file, threads=1).contract
    checkpoint = load_student(checkpoint_file)
    if contract.model.checkpoint_sha256 != checkpoint.sha256:
        raise TrainingError(
            f"{artifact_file} was exported from another checkpoint than {checkpoint_file}; run `make model`"
        )
    height, width = checkpoint.config.input_size
    student = copy.deepcopy(checkpoint.network).to("meta")
    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), counter:
        student(torch.empty(1, 3, height, width, device="meta"))
    return msgspec.structs.replace(
        facts,
        name=contract.model.name,
        version=contract.model.version,
        license=contract.model.license,
        architecture=contract.model.family,
        checkpoint=_file_facts(checkpoint_file, root),
        artifact=_file_facts(artifact_file, root),
        input=_input_facts(contract, checkpoint.config),
        opinions=contract.opinions.size,
        parameters=_parameter_facts(student),
        macs=counter.get_total_flops() // 2,
    )


def _file_facts(path: Path, root: Path) -> FileFacts:
    return FileFacts(
        path=path.relative_to(root).as_posix(), bytes=path.stat().st_size, sha256=sha256_of(path)
    )


def _parameter_facts(student: nn.Module) -> ParameterFacts:
    parts = {
        "local_cnn": "backbone",
        "head": "views",
        "faults": "faults",
        "photo": "photo",
        "anchor": "anchor",
    }
    counts = dict.fromkeys(parts.values(), 0)
    for name, parameter in student.named_parameters():
        counts[parts[name.partition(".")[0]]] += parameter.numel()
    return ParameterFacts(**counts)


def _input_facts(contract: ModelContract, config: StudentConfig) -> InputFacts:
    spec = contract.input
    return InputFacts(
        fit=spec.fit,
        size=config.input_size,
        settings={setting.name: setting.max_pixels for setting in spec.settings},
        decode=msgspec.convert(spec.decode, Decode),
    )
