"""``mobileiqa doctor``."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import warnings
from importlib import metadata
from importlib.util import find_spec
from typing import Any

import click
from PIL import features

from .._text import printable
from .._version import __version__
from ..errors import MobileIQAError, VerificationWarning
from ..library import home, models
from ..parallel import default_threads
from ..runtimes import RuntimeEntry, available
from ..scorer import Scorer
from ..verification import replay_golden
from .models import verified

_DISTRIBUTIONS = ("numpy", "pillow", "pillow-heif", "onnxruntime", "click", "msgspec", "torch", "onnx")
_NONE = "not installed"


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(as_json: bool) -> None:
    """Show what a bug report needs: versions, runtimes, CPU, threads, cache, and a self-test."""
    report = _report()
    if as_json:
        click.echo(json.dumps({"schema": 2, **_named_for_programs(report)}, indent=2))
    else:
        for section, values in report.items():
            click.echo(section)
            for key, value in values.items():
                click.echo(f"  {printable(key):18} {_shown(value, section)}")
    if report["self-test"]["bundled model"] != "passed":
        raise click.exceptions.Exit(1)


def _report() -> dict[str, dict[str, Any]]:
    listed = models()
    return {
        "versions": {
            "mobileiqa-sdk": __version__,
            "python": platform.python_version(),
            **{name: _version(name) for name in _DISTRIBUTIONS},
        },
        "extras": _extras(),
        "runtimes": {name: _runtime(entry) for name, entry in available().items()},
        "photos": {
            "ICC profiles": features.check("littlecms2"),
            "WebP": features.check("webp"),
            "AVIF": "avif" in features.modules and features.check("avif"),
            "HEIC": _version("pillow-heif") is not None,
        },
        "machine": {
            "system": platform.platform(),
            "cpu": _cpu_name(),
            "cores": os.cpu_count(),
            "threads by default": default_threads(),
        },
        "cache": {
            "folder": str(home()),
            "models": [model.name for model in listed if not model.bundled],
            "failed verification": [model.name for model in listed if verified(model.path) is False],
        },
        "self-test": {"bundled model": _self_test()},
        "offline": {"telemetry of onnxruntime": _telemetry()},
    }


def _named_for_programs(report: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Returns the report with keys that need no quotes: ``failed_verification``, ``self_test``."""
    return {
        section.replace("-", "_"): {key.replace(" ", "_"): value for key, value in values.items()}
        for section, values in report.items()
    }


def _shown(value: object, section: str) -> str:
    if isinstance(value, list):
        names = printable(", ".join(value))
        if section == "extras":
            return f"lacks {names}" if names else "installed"
        return names or "none"
    words = {True: "yes", False: "no", None: _NONE}
    return words[value] if value is None or isinstance(value, bool) else printable(str(value))


def _extras() -> dict[str, list[str]]:
    """Returns for each extra of this distribution its packages that are not installed."""
    needs: dict[str, list[str]] = {}
    for line in _requirements():
        # Those with further conditions, on the Python or the system, are left out.
        if match := re.fullmatch(r"""([\w.-]+)[^;]*; *extra *== *['"]([\w-]+)['"] *""", line):
            needs.setdefault(match[2], []).append(match[1])
    return {
        extra: [name for name in names if name != "mobileiqa-sdk" and _version(name) is None]
        for extra, names in sorted(needs.items())
    }


def _requirements() -> list[str]:
    try:
        return metadata.requires("mobileiqa-sdk") or []
    except metadata.PackageNotFoundError:  # a checkout that is not installed
        return []


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _runtime(entry: RuntimeEntry) -> str | None:
    """Returns the version of the package that provides a runtime here, and where it runs if not here."""
    elsewhere = "" if entry.platform in ("", sys.platform) else f", runs on {entry.platform} only"
    owners = metadata.packages_distributions()
    for name in entry.needs:
        if find_spec(name) is not None:
            version = _version(owners[name][0]) if name in owners else "installed"
            return f"{version}{elsewhere}"
    return None


def _telemetry() -> str:
    if find_spec("onnxruntime") is None:
        return "onnxruntime is not installed"
    from .._onnxruntime import telemetry  # here: it may not be installed

    return telemetry()


def _cpu_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def _self_test() -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VerificationWarning)
            scorer = Scorer()
        replay = replay_golden(scorer)
    except MobileIQAError as error:
        return str(error)
    if not scorer.contract.verification.passed:
        return "failed verification when it was made"
    if not replay.resize_exact:
        return "resizing does not give the promised bytes"
    return "passed" if replay.passed else f"off by {replay.difference:.1e}"
