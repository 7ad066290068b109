"""``mobileiqa verify``."""

from __future__ import annotations

import json
import sys

import click

from ..runtimes import RUNTIMES
from ..scorer import MAX_THREADS, Scorer
from ..verification import replay_golden


@click.command("verify")
@click.argument("artifact", required=False)
@click.option("--runtime", type=click.Choice(list(RUNTIMES)), help="Default: by the artifact's suffix.")
@click.option(
    "--threads", type=click.IntRange(1, MAX_THREADS), help="CPU threads. Default: OMP_NUM_THREADS, else all."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(artifact: str | None, runtime: str | None, threads: int | None, as_json: bool) -> None:
    """Score the golden image that ARTIFACT carries and compare with the reference.

    ARTIFACT is a name from `mobileiqa models` or a path; without it, the bundled model. The exit
    status is 1 if resizing is not exact or the score is off.
    """
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
