"""``mobileiqa verify``."""

from __future__ import annotations

import json
import sys
from typing import NoReturn

import click

from .. import library, plugins
from ..parallel import MAX_THREADS
from ..progress import Lines
from ..runtimes import available, for_verification
from ..scorer import Scorer
from ..verification import replay_golden


@click.command("verify")
@click.argument("artifact", required=False)
@click.option("--runtime", type=click.Choice(list(available())), help="Default: by the artifact's suffix.")
@click.option(
    "--threads", type=click.IntRange(1, MAX_THREADS), help="CPU threads. Default: OMP_NUM_THREADS, else all."
)
@click.option(
    "--against",
    metavar="OTHER",
    help="Compare scores and their order with another artifact's, of any format.",
)
@click.option(
    "--photos", type=click.Path(exists=True, file_okay=False), help="With --against: a folder to compare on."
)
@click.option("--images", type=click.IntRange(min=4), help="With --against: how many, faults included.")
@click.option("--no-timing", is_flag=True, help="With --against: do not measure time and memory.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
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
    status is 1 if resizing is not exact or the score is off; with --against, if the two artifacts differ
    by more than an export may differ from its network.
    """
    if against is not None:
        _compare(artifact, against, photos, images, threads, not no_timing, as_json)
    if photos is not None or images is not None or no_timing:
        raise click.UsageError("--photos, --images and --no-timing go with --against")
    runtime = runtime or for_verification(library.find(artifact))
    scorer = Scorer(artifact, runtime=runtime, threads=threads)
    replay = replay_golden(scorer)
    if as_json:
        result = {
            "schema": 1,
            "artifact": str(scorer.path),
            "model": scorer.contract.model.name,
            "resize_exact": replay.resize_exact,
            "expected": replay.expected,
            "found": replay.found,
            "difference": replay.difference,
            "tolerance": replay.tolerance,
            "passed": replay.passed,
        }
        click.echo(json.dumps(result, indent=2))
    else:
        click.echo(f"{scorer.contract.model.name}  {scorer.path}")
        click.echo(f"resize  {'exact' if replay.resize_exact else 'NOT the promised bytes'}")
        click.echo(
            f"score   {replay.found:.6f}, expected {replay.expected:.6f} "
            f"(off by {replay.difference:.1e}, allowed {replay.tolerance:.0e})"
        )
        click.echo(
            "passed" if replay.passed else "FAILED: scores of this artifact on this machine cannot be trusted"
        )
    sys.exit(0 if replay.passed else 1)


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
    comparison = compare(
        artifact or library.DEFAULT,
        other,
        photos=photos,
        count=images,
        threads=threads,
        timing=timing,
        progress=Lines(),
    )
    click.echo(comparison.to_json() if as_json else comparison.to_markdown().rstrip())
    sys.exit(0 if comparison.passed else 1)
