"""``mobileiqa verify``."""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any, NoReturn

import click

from .. import library, plugins
from .._noise import native_stderr_off
from .._text import page, printable
from ..errors import VerificationWarning
from ..parallel import MAX_THREADS
from ..progress import Lines
from ..runtimes import for_verification
from ..scorer import Scorer
from ..verification import Replay, replay_golden
from ._types import RUNTIME


@click.command("verify")
@click.argument("artifact", required=False)
@click.option("--runtime", type=RUNTIME, help="Default: by the artifact's suffix.")
@click.option(
    "--threads", type=click.IntRange(1, MAX_THREADS), help="CPU threads. Default: OMP_NUM_THREADS, else all."
)
@click.option(
    "--against",
    metavar="OTHER",
    help="Compare scores and their order with another artifact's, of any format.",
)
@click.option(
    "--photos",
    type=click.Path(exists=True, file_okay=False),
    help="With --against: folder of photos to compare on.",
)
@click.option(
    "--images", type=click.IntRange(min=4), help="With --against: number of images, distorted ones included."
)
@click.option("--no-timing", is_flag=True, help="With --against: do not measure time and memory.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    artifact: str | None,
    runtime: str | None,
    threads: int | None,
    against: str | None,
    photos: str | None,
    images: int | None,
    no_timing: bool,
    as_json: bool,
) -> None:
    """Score the golden image that ARTIFACT carries and compare with the reference.

    ARTIFACT is a name from `mobileiqa models` or a path; without it, the bundled model. The exit
    status is 1 if resizing is not exact, an answer is off, or the artifact was kept although it failed
    verification; with --against, if the two artifacts differ by more than an export may differ from its
    network.
    """
    if against is not None:
        _compare(artifact, against, photos, images, threads, not no_timing, as_json)
    if photos is not None or images is not None or no_timing:
        raise click.UsageError("--photos, --images and --no-timing go with --against")
    runtime = runtime or for_verification(library.find(artifact))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VerificationWarning)  # it is part of the answer below
        with native_stderr_off():
            scorer = Scorer(artifact, runtime=runtime, threads=threads)
    replay = replay_golden(scorer)
    passed = replay.passed and scorer.contract.verification.passed
    if as_json:
        click.echo(json.dumps(_as_json(scorer, replay, passed), indent=2))
    else:
        _print(scorer, replay, passed)
    sys.exit(0 if passed else 1)


def _as_json(scorer: Scorer, replay: Replay, passed: bool) -> dict[str, Any]:
    verification = scorer.contract.verification
    return {
        "schema": 1,
        "artifact": str(scorer.path),
        "model": scorer.contract.model.name,
        "resize_exact": replay.resize_exact,
        "expected": replay.expected,
        "found": replay.actual,
        "difference": replay.difference,
        "tolerance": replay.tolerance,
        "cases": [
            {
                "setting": case.setting,
                "resize_exact": case.resize_exact,
                "expected": case.expected,
                "found": case.actual,
                "difference": case.difference,
            }
            for case in replay.cases
        ],
        "verification": {"passed": verification.passed, "failures": list(verification.failures)},
        "passed": passed,
    }


def _print(scorer: Scorer, replay: Replay, passed: bool) -> None:
    click.echo(f"{scorer.contract.model.name}  {printable(str(scorer.path))}")
    for case in replay.cases:
        if case.setting:
            click.echo(f"setting {case.setting}")
        click.echo(f"resize  {'exact' if case.resize_exact else 'NOT the promised bytes'}")
        for name, expected in case.expected.items():
            difference = abs(case.actual[name] - expected)
            click.echo(
                f"{name:7} {case.actual[name]:.6f}, expected {expected:.6f} "
                f"(off by {difference:.1e}, allowed {replay.tolerance:.0e})"
            )
    if not replay.passed:
        click.echo("FAILED: scores of this artifact on this machine cannot be trusted")
    for failure in scorer.contract.verification.failures:
        click.echo(f"FAILED when it was made, and kept anyway: {failure}")
    if passed:
        click.echo("passed")


def _compare(
    artifact: str | None,
    other: str,
    photos: str | None,
    images: int | None,
    threads: int | None,
    timing: bool,
    as_json: bool,
) -> NoReturn:
    point = plugins.registered(plugins.COMPARISONS).get("against")
    if point is None:
        raise click.ClickException("no installed package compares artifacts; reinstall mobileiqa-sdk")
    try:
        compare = point.load()
    except ImportError as error:
        raise click.ClickException(
            f'`--against` cannot import {error.name or error}; pip install "mobileiqa-sdk[evaluate]"'
        ) from error
    with native_stderr_off():
        comparison = compare(
            artifact or library.DEFAULT,
            other,
            photos=photos,
            count=images,
            threads=threads,
            timing=timing,
            progress=Lines(),
        )
    click.echo(comparison.to_json() if as_json else page(comparison.to_markdown().rstrip()))
    sys.exit(0 if comparison.passed else 1)
