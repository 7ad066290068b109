"""Tables of README and the model card, made from the model facts.

A table lies between the lines ``<!-- facts: NAME -->`` and ``<!-- end of facts -->``. ``python -m training
documents`` writes all of them; a test checks that they are up to date.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from mobileiqa_bench.tables import write_table

from .errors import TrainingError
from .facts import ROOT, Agreement, Figure, InputFacts, ModelFacts

DOCUMENTS = (ROOT / "README.md", ROOT / "training" / "MODEL_CARD.md")

_BLOCK = re.compile(r"(<!-- facts: ([a-z-]+) -->\n).*?(<!-- end of facts -->)", re.DOTALL)


def with_tables(text: str, facts: ModelFacts, source: str) -> str:
    """Returns a Markdown document with its tables of facts written anew.

    Raises:
        TrainingError: the document asks for a table that does not exist; ``source`` names it.
    """

    def block(match: re.Match[str]) -> str:
        name = match[2]
        if name not in TABLES:
            raise TrainingError(f"{source}: no table is called {name!r}; choose from {', '.join(TABLES)}")
        return f"{match[1]}\n{TABLES[name](facts)}\n\n{match[3]}"

    return _BLOCK.sub(block, text)


def write_documents(facts: ModelFacts) -> list[Path]:
    """Writes the tables of all documents anew, and returns the documents that changed."""
    changed = []
    for path in DOCUMENTS:
        before = path.read_text(encoding="utf-8")
        after = with_tables(before, facts, str(path))
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(path)
    return changed


def model_table(facts: ModelFacts) -> str:
    """Returns what the model is, one fact a row."""
    parameters = facts.parameters
    parts = (
        f"{parameters.backbone:,} in the backbone, {parameters.views:,} in the views,"
        f" {parameters.faults:,} for faults, {parameters.photo:,} for telling photographs"
    )
    rows = [
        ("checkpoint", f"`{facts.checkpoint.path}`, {facts.checkpoint.bytes:,} bytes, float32"),
        ("its sha256", f"`{facts.checkpoint.sha256}`"),
        ("bundled artifact", f"`{facts.artifact.path}`, {facts.artifact.bytes:,} bytes, ONNX fp32"),
        ("license", f"{facts.license}; what it was trained on has licenses of its own, see below"),
        ("architecture", facts.architecture),
        ("parameters", f"{parameters.total:,}: {parts}"),
        (
            "multiply-accumulates",
            f"{facts.macs / 1e9:.2f} G per photo of {facts.input.size[1]}x{facts.input.size[0]} pixels",
        ),
        ("input", _input(facts.input)),
        ("decoding", f"`{facts.input.decode}`"),
        (
            "output",
            f"the mean of {facts.opinions} opinions, one per view; severities of faults; photo or not",
        ),
    ]
    return write_table(("", ""), rows, "ll")


def _input(facts: InputFacts) -> str:
    if facts.settings:
        budgets = ", ".join(f"`{name}` {pixels:,}" for name, pixels in facts.settings.items())
        return f"RGB photo, aspect kept, shrunk with Pillow's bicubic to at most so many pixels: {budgets}"
    height, width = facts.size
    return f"RGB photo, stretched to {width}x{height} with Pillow's bicubic (aspect ratio ignored)"


def accuracy_table(facts: ModelFacts) -> str:
    """Returns agreement with people on the test split, with and without near-duplicates."""
    everything, unique = facts.accuracy.all, facts.accuracy.without_near_duplicates
    header = (
        "",
        f"all {everything.photos:,}",
        "95 % interval",
        f"without near-duplicates, {unique.photos:,}",
        "95 % interval",
    )
    figures: dict[str, Callable[[Agreement], Figure]] = {
        "SRCC": lambda agreement: agreement.srcc,
        "PLCC (raw scores)": lambda agreement: agreement.plcc,
        "PLCC (after the logistic fit)": lambda agreement: agreement.plcc_fitted,
        "KRCC": lambda agreement: agreement.krcc,
        "RMSE (MOS units)": lambda agreement: agreement.rmse,
    }
    rows = [
        (title, *_cells(figure_of(everything)), *_cells(figure_of(unique)))
        for title, figure_of in figures.items()
    ]
    return write_table(header, rows, "lrlrl")


def _cells(figure: Figure) -> tuple[str, str]:
    return f"{figure.value:.4f}", f"{figure.low:.4f} to {figure.high:.4f}"


TABLES: dict[str, Callable[[ModelFacts], str]] = {"model": model_table, "accuracy": accuracy_table}
