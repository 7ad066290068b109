"""Step one of an export: the network loaded, scored as trained, rewritten, and the rewrites proven.

Everything here happens once, before a format is involved. What comes out is immutable and shared by all
artifacts of the export.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from msgspec import structs
from torch import nn

from mobileiqa_bench.fidelity.drift import CLEAR
from mobileiqa_bench.fidelity.gate import Limits
from mobileiqa_bench.fidelity.images import ImageSet, evenly, settings_of, verification_set
from mobileiqa_bench.fidelity.scoring import Values, answer_images
from mobileiqa_bench.photographs import Pixels
from mobileiqa_sdk._numbers import exceeds
from mobileiqa_sdk.contract import (
    Golden,
    GoldenCase,
    InputSpec,
    ModelContract,
    ModelInfo,
    Verification,
)
from mobileiqa_sdk.errors import ModelError
from mobileiqa_sdk.golden import HEIGHT, WIDTH
from mobileiqa_sdk.progress import Progress

from .approximations import APPROXIMATIONS, Approximated, approximate
from .approximations.choice import MAX_DIFFERENCE
from .errors import ExportError, NetworkUnfit
from .formats.sizes import example_pixels, free_sides
from .options import Options
from .precisions import FP32, Precision
from .programs import program_of
from .reference import answers_on_pixels
from .rewrite import Step
from .subject import Source, Subject

_PROOF_MACS = 400e9
"""Multiply-accumulates spent on proving rewrites: not seconds, so that every machine decides alike."""
_FEWEST_PROOF_IMAGES = 4


@dataclass(frozen=True)
class Prepared:
    """A network ready for every format.

    Attributes:
        model: for the contract.
        input: what it sees.
        exact: rewritten, in eval mode, float32: uint8 RGB pixels [1, H, W, 3] -> a tensor for each output.
        approximated: what was made of it by the approximation that the options name; None without one.
        steps: what each rewrite and the approximation changed, and what the network costs after it.
        images: the verification images, the golden one first.
        reference: answers of the network as trained for the images, in PyTorch float32.
        template: the contract of the exact fp32 artifact; :meth:`contract` derives the others.
    """

    model: ModelInfo
    input: InputSpec
    exact: nn.Module
    approximated: Approximated | None
    steps: Sequence[Step]
    images: ImageSet
    reference: Sequence[Values]
    template: ModelContract

    @property
    def network(self) -> nn.Module:
        """The network to export: approximated if the options say so, else exact."""
        return self.approximated.network if self.approximated else self.exact

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference, at least 1."""
        return max(self.steps[-1].cost.macs, 1)

    def contract(self, precision: Precision, spared: str = "", failures: Sequence[str] = ()) -> ModelContract:
        """Returns the contract of an artifact.

        Args:
            precision: of the artifact.
            spared: the layers that do not have the precision, in words, if any.
            failures: the reasons why verification failed, if any.
        """
        notes, tolerance = [precision.note], precision.tolerance
        if spared:
            notes.append(spared)
        if self.approximated:
            notes.append(f"approximated: {self.approximated.note}")
            tolerance += MAX_DIFFERENCE
        return structs.replace(
            self.template,
            precision=structs.replace(precision.for_contract, note="; ".join(notes)),
            golden=structs.replace(self.template.golden, tolerance=tolerance),
            verification=Verification(not failures, tuple(failures)),
        )

    def limits(self, precision: Precision) -> Limits:
        """Returns what verification allows: the precision's limits, plus the approximation's."""
        if self.approximated is None:
            return precision.limits
        return Limits(precision.limit + MAX_DIFFERENCE, precision.mean_limit + MAX_DIFFERENCE)


def prepare(source: Source, options: Options, progress: Progress) -> Prepared:
    """Loads a network, scores the verification images as trained, rewrites it and proves the rewrites.

    Raises:
        CheckpointError, DescriptionInvalid, FactoryFailed: the network cannot be loaded.
        NetworkUnfit: it cannot be run or traced, its scores are not usable, or its traced program
            disagrees with its code.
        PhotosMissing: the folder of verification photos holds none.
        ApproximationFailed: the approximation does not apply, or moves scores too far.
        ExportError: a name that no contract may have.
    """
    subject = source.load(progress)
    _contract(subject, options, _golden_cases(subject))  # raises before anything that takes minutes
    progress.step("making the test images")
    images = verification_set(subject.input, options.verify_photos, options.verification_images)
    progress.step("scoring the test images with the network as trained")
    reference = _reference(subject, images, progress)
    exact, steps = _rewrite(subject, images, reference, progress)
    approximated = _approximate(exact, subject, options, images, reference, progress)
    if approximated:
        cost = approximated.chosen.cost
        steps = [*steps, Step(f"approximate: {approximated.name}", changed=True, reason="", cost=cost)]
    return Prepared(
        model=subject.model,
        input=subject.input,
        exact=exact,
        approximated=approximated,
        steps=steps,
        images=images,
        reference=reference,
        template=_contract(subject, options, _golden_cases(subject, images, reference)),
    )


def _golden_cases(
    subject: Subject, images: ImageSet | None = None, reference: Sequence[Values] = ()
) -> tuple[GoldenCase, ...]:
    """Returns a golden case for each setting, from the first images; without images, placeholders."""
    cases = []
    labels = [label for output in subject.outputs for label in output.labels]
    has_photo = any(output.meaning == "photo" for output in subject.outputs)
    for index, setting in enumerate(settings_of(subject.input)):
        digest = hashlib.sha256(images.pixels[index].tobytes()).hexdigest() if images else "0" * 64
        # Rounded, because the last digits depend on the exporting machine's number of threads.
        values = {name: round(value, 6) for name, value in reference[index].items()} if reference else {}
        case = GoldenCase(
            digest,
            values.get("score", 0.0),
            tuple(values.get(f"faults.{label}", 0.0) for label in labels),
            values.get("photo", 0.0) if has_photo else None,
            setting.name if setting else "",
        )
        cases.append(case)
    return tuple(cases)


def _contract(subject: Subject, options: Options, cases: tuple[GoldenCase, ...]) -> ModelContract:
    contract = ModelContract(
        model=subject.model,
        input=structs.replace(subject.input, decode=options.decode),
        outputs=subject.outputs,
        precision=FP32.for_contract,
        golden=Golden(HEIGHT, WIDTH, FP32.tolerance, cases),
    )
    try:  # name, version and license may be anything
        return ModelContract.from_json(contract.to_json(), "the export")
    except (ModelError, UnicodeEncodeError) as error:
        raise ExportError(str(error)) from error


def _reference(subject: Subject, images: ImageSet, progress: Progress) -> list[Values]:
    """Returns the answers of the network as trained. Raises NetworkUnfit if they are not usable."""
    answers = []
    for image, values in zip(
        images.names,
        answer_images(subject.reference, images.pixels, progress, "the network as trained"),
        strict=True,
    ):
        assert values is not None  # noqa: S101 - narrows the type: only an artifact refuses its own answers
        for name, value in values.items():
            _check_answer(image, name, value)
        answers.append(values)
    clamped = sum(values["score"] in (0.0, 1.0) for values in answers)
    if clamped == len(answers):
        raise NetworkUnfit(
            "all test images get the worst or the best possible score: the network's answers lie outside "
            "output.worst and output.best"
        )
    if clamped:
        progress.warn(
            f"{clamped} of {len(answers)} test images get the worst or the best possible score; they say "
            "nothing about the ranking"
        )
    scores = [values["score"] for values in answers]
    if not exceeds(max(scores) - min(scores), CLEAR):
        progress.warn(
            f"scores hardly differ: all {len(scores)} test images get {min(scores):.4f} to "
            f"{max(scores):.4f}; check the network's weights and normalisation, output.worst and output.best"
        )
    return answers


def _check_answer(image: str, name: str, value: float) -> None:
    if not isfinite(value):
        raise NetworkUnfit(
            f"the network gives the test image {image!r} the {name} {value}; "
            "check its weights and normalisation"
        )
    if not 0 <= value <= 1:
        raise NetworkUnfit(
            f"the network gives the test image {image!r} the {name} {value:.4f}, outside 0 to 1"
        )


def _rewrite(
    subject: Subject, images: ImageSet, reference: Sequence[Values], progress: Progress
) -> tuple[nn.Module, Sequence[Step]]:
    """Returns the rewritten network, without the rewrites that change the score of a test image."""
    rewritten = subject.rewrite(progress)
    chosen = _proof_images(rewritten.steps, len(reference))
    pixels = [images.pixels[index] for index in chosen]
    expected = [reference[index] for index in chosen]

    def worst_difference(network: nn.Module) -> float:
        answer = answers_on_pixels(network, subject.outputs)
        differences = [_distance(answer(each), values) for each, values in zip(pixels, expected, strict=True)]
        return next((value for value in differences if not isfinite(value)), max(differences))

    progress.step("proving the rewrites")
    difference = worst_difference(rewritten.network)
    if exceeds(difference, FP32.limit):
        removable = rewritten.removable
        for dropped in [*({name} for name in removable), set(removable)]:
            candidate = subject.rewrite(progress, without=frozenset(dropped))
            if not exceeds(worst_difference(candidate.network), FP32.limit):
                progress.warn(
                    f"left out {', '.join(sorted(dropped))}: moves an answer to a test image by "
                    f"{difference:.1e}"
                )
                rewritten = candidate
                break
        else:
            raise NetworkUnfit(
                f"the network prepared for export answers {difference:.1e} away from the network as trained, "
                "even without rewrites: something in it depends on more than its input, such as a hook that "
                "writes into the original"
            )
    _prove_trace(rewritten.network, subject, images.names, pixels, chosen)
    return rewritten.network, rewritten.steps


def _approximate(
    exact: nn.Module,
    subject: Subject,
    options: Options,
    images: ImageSet,
    reference: Sequence[Values],
    progress: Progress,
) -> Approximated | None:
    """Returns the network as the options approximate it, with its trace proven; None without that option."""
    if options.approximate is None:
        return None
    approximation = APPROXIMATIONS[options.approximate]
    scores = [values["score"] for values in reference]
    approximated = approximate(approximation, exact, images.pixels, scores, progress)
    chosen = evenly(range(len(reference)), _FEWEST_PROOF_IMAGES)
    pixels = [images.pixels[index] for index in chosen]
    _prove_trace(approximated.network, subject, images.names, pixels, chosen)
    return approximated


def _proof_images(steps: Sequence[Step], count: int) -> list[int]:
    """Returns the indices of the images that rewrites are proven on: the golden one, and others evenly."""
    affordable = int(_PROOF_MACS / max(steps[-1].cost.macs, 1))
    return evenly(range(count), max(affordable, _FEWEST_PROOF_IMAGES))


def _prove_trace(
    network: nn.Module,
    subject: Subject,
    names: Sequence[str],
    pixels: Sequence[Pixels],
    chosen: Sequence[int],
) -> None:
    """Raises NetworkUnfit if the traced program, which converters are given, answers differently from the
    code.
    """
    spec = subject.input
    program = program_of(network, example_pixels(spec), free_sides(spec))
    by_code, by_trace = (answers_on_pixels(each, subject.outputs) for each in (network, program.module()))
    for index, each in zip(chosen, pixels, strict=True):
        code, trace = by_code(each), by_trace(each)
        name = max(code, key=lambda name: abs(code[name] - trace[name]))
        if exceeds(_distance(code, trace), FP32.limit):
            raise NetworkUnfit(
                f"traced for export the network answers the {name} {trace[name]:.4f} to the test image "
                f"{names[index]!r}, its code answers {code[name]:.4f}: something in it behaves "
                "differently when traced, such as the fast path of nn.TransformerEncoder with a padding mask "
                "(torch.backends.mha.set_fastpath_enabled(False)) or a forward hook that writes elsewhere"
            )


def _distance(one: Values, other: Values) -> float:
    """Returns the largest difference between two answers for one photo; one that is not finite wins."""
    differences = [abs(value - other[name]) for name, value in one.items()]
    return next((value for value in differences if not isfinite(value)), max(differences))
