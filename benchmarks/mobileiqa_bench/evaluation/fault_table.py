"""The proof of a model's faults as text, with Markdown tables that read well in a terminal too."""

from __future__ import annotations

from math import isinf

from mobileiqa_sdk.reason import FAULT_FROM

from ..tables import write_table
from ..units import count
from .fault_answers import AskedFaults
from .fault_proof import RATIO_GOAL, RISING_GOAL, FaultProof
from .faults import STEPS

_STEPS = tuple(map(str, range(1, STEPS + 1)))


def write_fault_table(asked: AskedFaults, proof: FaultProof) -> str:
    """Returns what was asked, three tables, and what falls short of the goals."""
    return "\n".join(
        [
            f"{count(proof.photos, 'photo')}, each with every fault at steps 1 to {STEPS}, "
            f"input of {asked.input_size}",
            "",
            _severities(proof),
            "",
            "share of photos in which the fault is named, and in which it is the worst, by step",
            "",
            _names(proof),
            "",
            "cross-sensitivity: how far the answer of a row moves under the fault of a column",
            "",
            _movements(proof),
            "",
            *_summary(proof),
            *_left_out(asked),
        ]
    )


def _severities(proof: FaultProof) -> str:
    header = (
        "fault", *(f"AUC {step}" for step in _STEPS), "rising", "95 % interval",
        "movement", "at step 5", "ratio", "moved by",
    )  # fmt: skip
    rows = [
        (
            name,
            *(f"{area.value:.3f}" for area in figures.auc),
            f"{figures.rising.value:.1%}",
            f"{figures.rising.low:.1%} to {figures.rising.high:.1%}",
            without_minus_zero(figures.movement, 3),
            without_minus_zero(figures.movement_last, 3),
            _ratio(figures.ratio),
            figures.moved_by or "",
        )
        for name, figures in proof.faults.items()
    ]
    return write_table(header, rows, "l" + "r" * STEPS + "rlrrrl")


def _names(proof: FaultProof) -> str:
    header = (
        "fault", *(f"named {step}" for step in _STEPS), *(f"worst {step}" for step in _STEPS), "false alarms",
    )  # fmt: skip
    rows = [
        (name, *(f"{share:.0%}" for share in (*figures.named, *figures.worst, figures.false_alarms)))
        for name, figures in proof.faults.items()
    ]
    return write_table(header, rows, "l" + "r" * (2 * STEPS + 1))


def _movements(proof: FaultProof) -> str:
    rows = [
        (answer, *(without_minus_zero(movement, 3) for movement in row))
        for answer, row in zip(proof.faults, proof.movements.tolist(), strict=True)
    ]
    return write_table(("answer", *proof.faults), rows, "l" + "r" * len(proof.faults))


def _summary(proof: FaultProof) -> list[str]:
    rising = [f"{name} ({proof.faults[name].rising.value:.1%})" for name in proof.rising_exceptions]
    ratios = [
        f"{name} ({_ratio(proof.faults[name].ratio)}{f', moved by {fault}' if fault else ''})"
        for name, fault in proof.ratio_exceptions.items()
    ]
    return [
        f"rising                   {proof.rising.value:.1%} of all steps; "
        f"below {RISING_GOAL:.0%}: {', '.join(rising) or 'none'}",
        f"own movement by others'  below {RATIO_GOAL:g}: {', '.join(ratios) or 'none'}",
        f"false alarms             {proof.false_alarms:.1%} of the faultless photos "
        f"have a severity of {FAULT_FROM:g} or more",
    ]


def _left_out(asked: AskedFaults) -> list[str]:
    lines = []
    if asked.not_put_in:
        lines.append(f"left out                 answered, cannot be put in: {', '.join(asked.not_put_in)}")
    if asked.not_answered:
        lines.append(f"left out                 not answered: {', '.join(asked.not_answered)}")
    return lines


def _ratio(ratio: float) -> str:
    return ("-" if ratio < 0 else "") + "no limit" if isinf(ratio) else f"{ratio:.1f}"


def without_minus_zero(value: float, digits: int) -> str:
    """Returns a rounded number; one that is rounded to zero has no sign.

    >>> without_minus_zero(-0.004, 2), without_minus_zero(-0.006, 2)
    ('0.00', '-0.01')
    """
    return f"{round(value, digits) + 0.0:.{digits}f}"
