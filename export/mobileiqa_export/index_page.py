"""One page for a folder of artifacts: ``index.html`` for people and ``index.json`` for programs.

Both are made from the reports in the folder, those of earlier exports into it included.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from mobileiqa_bench.fidelity.drift import MIN_INFORMATIVE
from mobileiqa_bench.units import megabytes
from mobileiqa_sdk.bands import band
from mobileiqa_sdk.progress import Progress

KIND = "mobileiqa-export-index"
_MARK = f'<meta name="generator" content="{KIND}">'
_OLD_SYSTEMS = ("fp32", "fp16", "int8-weights")
"""Precisions of Core ML that iOS 16 runs; the others need iOS 17 or 18."""
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:72em;padding:0 1em;color:#1d2733}"
    "table{border-collapse:collapse;width:100%}td,th{padding:.4em .7em;border-bottom:1px solid #e3e7ec;"
    "text-align:right}td:first-child,th:first-child{text-align:left}img{width:15em;display:block}"
    ".failed{color:#b3261e}.note{color:#6b7785}"
)


def write_index(root: Path, errors: Mapping[str, str], progress: Progress) -> None:
    """Writes both files into the folder; files of others by these names stay, with a warning.

    Args:
        root: the folder that holds the artifact folders.
        errors: for each artifact without a report, named by format and precision, why there is none.
        progress: receives the warnings.
    """
    rows = [row for row in map(_read, sorted(root.glob("*/report.json"))) if row is not None]
    if not rows and not errors:
        return
    root.mkdir(parents=True, exist_ok=True)
    index = {
        "schema": 1,
        "kind": KIND,
        "artifacts": rows,
        "recommended": recommended(rows),
        "errors": dict(errors),
    }
    _put(root / "index.json", json.dumps(index, indent=2) + "\n", f'"kind": "{KIND}"', progress)
    _put(root / "index.html", index_page(root.name, rows, errors), _MARK, progress)


def _put(path: Path, text: str, mark: str, progress: Progress) -> None:
    """Replaces a file in one step, unless it is there and is not an index."""
    try:
        if path.exists() and mark not in path.read_text(encoding="utf-8", errors="replace"):
            progress.warn(f"{path}: is not an index of artifacts, and stays; no index was written")
            return
        new = path.with_name(f".{path.name}.new")
        new.write_text(text, encoding="utf-8")
        os.replace(new, path)
    except OSError as error:
        progress.warn(f"{path}: cannot be written: {error.strerror or error}")


def _read(file: Path) -> dict[str, Any] | None:
    """Returns the row of one report; None for what is not a report of this version."""
    try:
        report = json.loads(file.read_bytes())
        if report["schema"] != 2:
            return None
        drift, timing = report["drift"], report["timing"]
        return {
            "folder": file.parent.name,
            "file": report["file"],
            "file_format": report["file_format"],
            "precision": report["precision"],
            "approximation": (report.get("approximation") or {}).get("name"),
            "bytes": report["bytes"],
            "kept": report["kept"],
            "passed": report["passed"],
            "failures": report["failures"],
            "ranking_judged": drift["flips_clear"]["pairs"] > 0 and drift["informative"] >= MIN_INFORMATIVE,
            "srcc": drift["srcc"],
            "max_difference": drift["max_difference"],
            "images": drift["images"],
            "images_in_another_band": sum(map(_is_in_another_band, report["scores"])),
            "time_to_fp32": timing and timing["latency_ratio"],
            "picture": (file.parent / "report.png").is_file(),
        }
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _is_in_another_band(score: Mapping[str, Any]) -> bool:
    return score["artifact"] is None or band(score["artifact"]) != band(score["reference"])


def recommended(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Returns the folder of the artifact to begin with, by what it is for.

    Only artifacts that passed count. On Android the fastest: the lowest ratio to the fp32 of its format on
    the machine of the export, else the smallest file. On Apple's systems the smallest that iOS 16 runs. On a
    server, and to compare others with, fp32.
    """
    passed = [row for row in rows if row["kept"] and row["passed"]]
    groups = {
        "Android, onnxruntime": [row for row in passed if row["file_format"] == "onnx"],
        "Android, LiteRT": [row for row in passed if row["file_format"] == "tflite"],
        "iPhone, iPad, Mac (iOS 16 and later)": [
            row for row in passed if row["file_format"] == "coreml" and row["precision"] in _OLD_SYSTEMS
        ],
        "server, and the reference": [
            row
            for row in passed
            if (row["file_format"], row["precision"], row["approximation"]) == ("onnx", "fp32", None)
        ],
    }
    best = {use: min(group, key=_cost) for use, group in groups.items() if group}
    return {use: row["folder"] for use, row in best.items()}


def _cost(row: Mapping[str, Any]) -> tuple[float, int]:
    # The exact fp32 is not timed against itself. Core ML is timed on a Mac alone: there the size decides.
    time = row["time_to_fp32"][0] if row["time_to_fp32"] else 1.0
    return (0.0 if row["file_format"] == "coreml" else time), row["bytes"]


def index_page(title: str, rows: Sequence[Mapping[str, Any]], errors: Mapping[str, str]) -> str:
    """Returns the page."""
    uses = "".join(
        f"<li>{escape(use)}: <a href={_quoted(f'{folder}/report.md')}>{escape(folder)}</a></li>"
        for use, folder in recommended(rows).items()
    )
    failed = "".join(
        f"<li class=failed>{escape(name)}: {escape(reason)}</li>" for name, reason in errors.items()
    )
    header = (
        "artifact", "size", "ranking kept (SRCC)", "largest difference", "images in another band",
        "time to fp32", "scores against the network",
    )  # fmt: skip
    cells = "".join(f"<th>{escape(name)}</th>" for name in header)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{_MARK}<title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"<h2>Where to begin</h2><ul>{uses}</ul>"
        "<p class=note>By the time and the size measured in this export, on the machine that made it. "
        "Measure on the device before you ship.</p>"
        f"<h2>All artifacts</h2><table><tr>{cells}</tr>{''.join(map(_row, rows))}</table><ul>{failed}</ul>"
        "</body></html>\n"
    )


def _row(row: Mapping[str, Any]) -> str:
    name = f"{row['file_format']} {row['precision']}"
    if row["approximation"]:
        name += f", approximated: {row['approximation']}"
    state = (
        ""
        if row["passed"]
        else "<br><span class=failed>failed: " + escape("; ".join(row["failures"])) + "</span>"
    )
    srcc = "the ranking could not be judged" if not row["ranking_judged"] else _number(row["srcc"], ".4f")
    picture = f"<img src={_quoted(row['folder'] + '/report.png')} alt=''>" if row["picture"] else ""
    ratio = row["time_to_fp32"]
    time = f"{ratio[0]:.2f} ({ratio[1]:.2f} to {ratio[2]:.2f})" if ratio else ""
    values = (
        f"<a href={_quoted(row['folder'] + '/report.md')}>{escape(name)}</a>{state}",
        megabytes(row["bytes"]),
        srcc,
        _number(row["max_difference"], ".1e"),
        f"{row['images_in_another_band']} of {row['images']}",
        time,
        picture,
    )
    return "<tr>" + "".join(f"<td>{value}</td>" for value in values) + "</tr>"


def _number(value: float | None, spec: str) -> str:
    return "" if value is None else format(value, spec)


def _quoted(path: str) -> str:
    return f'"{escape(path, quote=True)}"'
