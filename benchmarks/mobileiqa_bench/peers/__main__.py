"""``python -m mobileiqa_bench.peers PHOTO... --peer NAME=PYTHON``: ours beside others, in one run."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from statistics import median

import click

from mobileiqa_sdk.parallel import MAX_THREADS

from ..stats import paired_ratio
from ..tables import write_table
from .peer_child import PEERS
from .rounds import Measured, Peer, measure_peers

_HEADER = ("", "one photo", "to the first", "cold start", "to the first", "peak RSS", "installed")


class _PeerType(click.ParamType):  # type: ignore[type-arg]
    name = "NAME=PYTHON[:MODEL]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Peer:
        name, _, rest = str(value).partition("=")
        python, _, model = rest.partition(":")
        if name not in PEERS or not python:
            self.fail(
                f"{value!r}: write NAME=PYTHON, with the interpreter that NAME is installed for. "
                f"NAME is one of {', '.join(PEERS)}",
                param,
                ctx,
            )
        return Peer(name, python, model) if model else Peer(name, python)


peer_option = click.option(
    "--peer",
    "peers",
    multiple=True,
    required=True,
    type=_PeerType(),
    help=f"One of {', '.join(PEERS)}, and the Python that it is installed for; for ours, a model may follow. "
    "Repeat it for each peer. Ratios are to the first.",
)


@click.command("peers", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("photos", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@peer_option
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1, MAX_THREADS))
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(min=1))
@click.option("--runs", default=3, show_default=True, type=click.IntRange(min=1), help="Warm scores of each.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def main(
    photos: tuple[str, ...], peers: tuple[Peer, ...], threads: int, rounds: int, runs: int, as_json: bool
) -> None:
    """Measure programs that score photos: time, memory, size of the installation, and cold start.

    Each round starts every peer once, in a fresh process. Decoding is a part of every score.
    """
    rows = measure_peers(peers, photos, threads=threads, rounds=rounds, runs=runs)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    if as_json:
        settings = {"threads": threads, "rounds": rounds, "runs": runs, "photos": len(photos), "load": load}
        report = {"schema": 1, "kind": "mobileiqa-peers", "settings": settings, "peers": [*map(asdict, rows)]}
        click.echo(json.dumps(report, indent=2))
    else:
        click.echo(write_table(_HEADER, [_row(row, rows[0]) for row in rows], "lrrrrrr"))
        busy = "unknown" if load is None else f"{load:.1f}"
        click.echo(f"\n{threads} threads, {rounds} rounds, {len(photos)} photos; load at the end {busy}.")
    sys.exit(any(row.failure for row in rows))


def _row(row: Measured, first: Measured) -> Sequence[str]:
    if row.failure:
        return [row.peer.name, f"failed: {row.failure}", *("" for _ in _HEADER[2:])]
    return [
        row.peer.name,
        f"{1000 * median(row.warm):.0f} ms",
        _ratio(row.warm, first.warm),
        f"{median(row.cold):.2f} s",
        _ratio(row.cold, first.cold),
        f"{median(row.peak_bytes) / 1e6:.0f} MB" if row.peak_bytes else "",
        f"{row.install_bytes / 1e6:.0f} MB",
    ]


def _ratio(values: Sequence[float], baseline: Sequence[float]) -> str:
    return str(paired_ratio(values, baseline)) if len(values) == len(baseline) else ""


if __name__ == "__main__":
    main()
