"""A report as a Markdown page."""

from __future__ import annotations

from collections.abc import Sequence

from mobileiqa_bench.fidelity.pages import (
    drift_section,
    largest_differences,
    number,
    others_section,
    skipped_section,
    timing_section,
)
from mobileiqa_bench.tables import write_table
from mobileiqa_bench.units import megabytes

from .approximations.choice import MAX_DIFFERENCE, MIN_SRCC
from .quantize.sensitivity import SPARED
from .report import Report
from .rewrite import Step


def page(report: Report, *, drawn: bool) -> str:
    """Returns the whole page, with the picture ``report.png`` if it was drawn."""
    model = report.contract.model
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    picture = "![scores of the artifact over the reference's](report.png)"
    sections = [
        f"# {model.name} {model.version}",
        f"{report.file}, {megabytes(report.bytes)}{_size_ratio(report)}, {report.file_format} "
        f"{report.precision}; input {report.contract.input.text} uint8 RGB; checkpoint sha256 "
        f"{model.checkpoint_sha256}.",
        _verdict(report),
        picture if drawn else "No picture was drawn: it needs matplotlib.",
        *_approximation(report),
        "## Against the network as trained, in PyTorch",
        drift_section(report.verdict),
        others_section(report.verdict),
        skipped_section(report.verdict.skipped),
        "The largest differences:",
        largest_differences(report.verdict.scores),
        "## Time and memory",
        timing_section(report.timing, report.compared_with)
        if report.timing
        else f"Not measured: {report.timing_note}.",
        *_calibration(report),
        *_attempts(report),
        *_layers(report),
        f"## Rewrites\n\n{cost_table(report.steps)}",
        _unchanged(report.steps),
        f"Made with {versions}.",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def subtitle(report: Report) -> str:
    """Returns one line for the picture: size, time, memory, verdict."""
    parts = [f"{megabytes(report.bytes)}{_size_ratio(report)}"]
    if report.timing:
        parts.append(f"{report.timing.latency_ratio[0]:.2f} of the time of {report.compared_with}")
        parts.append(f"{report.timing.memory_ratio[0]:.2f} of its memory")
    parts.append("verified" if report.verdict.passed else "FAILED verification")
    if report.verdict.drift.not_judged:
        parts.append("ranking not judged")
    return f"{'  ·  '.join(parts)}  ·  {report.verdict.drift.images} images"


def cost_table(steps: Sequence[Step]) -> str:
    """Returns the table of what each rewrite saves."""
    rows = [
        (
            step.name.replace("_", " "),
            f"{step.cost.parameters / 1e6:.2f} M",
            f"{step.cost.macs / 1e9:.2f} G",
            megabytes(step.cost.largest_activation),
        )
        for step in steps
        if not step.reason
    ]
    return write_table(("network", "parameters", "MACs", "largest activation"), rows, "lrrr")


def unchanged_lines(steps: Sequence[Step]) -> list[str]:
    """Returns a line for each rewrite that did not apply, with the reason."""
    return [f"{step.name.replace('_', ' ')}: {step.reason}" for step in steps if step.reason]


def _unchanged(steps: Sequence[Step]) -> str:
    lines = unchanged_lines(steps)
    return "Not applied:\n\n" + "\n".join(f"- {line}" for line in lines) if lines else ""


def _size_ratio(report: Report) -> str:
    if not report.fp32_bytes:
        return ""
    return f" ({report.bytes / report.fp32_bytes:.2f} of {report.compared_with})"


def _verdict(report: Report) -> str:
    reason = report.verdict.drift.not_judged
    if report.verdict.passed and reason:
        return f"**Passed verification, but the ranking could not be judged:** {reason}."
    if report.verdict.passed:
        return "**Passed verification.**"
    heading = f"**FAILED verification, {'kept all the same' if report.kept else 'not kept'}.**"
    return "\n".join([heading, "", *(f"- {failure}" for failure in report.verdict.failures)])


def _approximation(report: Report) -> list[str]:
    approximated = report.approximated
    if approximated is None:
        return []
    rows = [
        (
            f"{level.level}{', chosen' if level is approximated.chosen else ''}",
            f"{level.time:.2f}",
            f"{level.cost.macs / 1e9:.2f} G",
            number(level.srcc, ".4f"),
            number(level.mean_difference, ".1e"),
            number(level.max_difference, ".1e"),
            "; ".join(level.failures) or "passed",
        )
        for level in approximated.levels
    ]
    header = ("level", "time in PyTorch", "MACs", "SRCC", "mean difference", "largest", "verdict")
    return [
        f"## Approximation: {approximated.name}",
        f"This artifact is approximated: {approximated.note}. Each level was measured in PyTorch on the same "
        "images, against the network as trained; its time is a ratio to the exact network. The coarsest "
        f"level that keeps an SRCC of {MIN_SRCC} and every score within {MAX_DIFFERENCE:g} is chosen.",
        write_table(header, rows, "lrrrrrl"),
    ]


def _calibration(report: Report) -> list[str]:
    used = report.calibration
    if used is None:
        return []
    how = f", chosen evenly over the predicted scores of {used.available} photos" if used.stratified else ""
    names = "\n".join(f"- {name}" for name in used.photos)
    return [
        "## Calibration",
        f"{len(used.photos)} pictures ({used.source}){how}.",
        *(f"**Warning:** {warning}." for warning in used.warnings),
        skipped_section(used.skipped),
        f"<details><summary>Which</summary>\n\n{names}\n\n</details>",
    ]


def _attempts(report: Report) -> list[str]:
    if len(report.attempts) < 2:
        return []
    rows = [
        (
            row.label,
            number(row.srcc, ".5f"),
            number(row.mean_difference, ".1e"),
            number(row.max_difference, ".1e"),
            f"{row.clear_flips:.2%}",
        )
        for row in report.attempts
    ]
    header = ("recipe", "SRCC", "mean difference", "largest", "clear pairs flipped")
    return ["## Recipes tried", write_table(header, rows, "lrrrr")]


def _layers(report: Report) -> list[str]:
    if not report.layers:
        return []
    spared = "; ".join(f"{SPARED[kind]}: {', '.join(layers)}" for kind, layers in report.spared.items())
    rows = [
        (
            row.layer,
            f"{row.sqnr_db:.1f} dB",
            number(row.max_difference, ".1e", ""),
            number(row.mean_difference, ".1e", ""),
            number(row.srcc, ".4f", ""),
            row.spared_as,
        )
        for row in report.layers
    ]
    header = ("layer", "SQNR", "largest difference", "mean", "SRCC", "spared as")
    return [
        "## Layer by layer",
        f"Each layer quantized alone, simulated in PyTorch on {report.analysis_pictures} calibration "
        "pictures: signal to quantization noise at its output, and the damage to the scores where it was "
        f"measured. Spared layers: {spared or 'none'}.",
        write_table(header, rows, "lrrrrl"),
    ]
