"""``python -m mobileiqa_bench.peers.rated``: how well peers rank photos that people rated, and how fast."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click
import numpy as np

from ..errors import BenchmarkError
from ..evaluation.agreement import Interval, measure_agreement
from ..evaluation.datasets import DATASETS, RatedPhoto, read_dataset
from ..plots.peers import draw_peers
from ..tables import write_table
from .__main__ import peer_option
from .peer_child import LOWER_IS_BETTER
from .rounds import Peer, ask


@dataclass(frozen=True)
class Ranked:
    """A peer on rated photos.

    Attributes:
        peer: which.
        milliseconds: of a warm score, the median over photos.
        srcc: with the mean opinions; positive for a peer that agrees with people, up or down its scale.
    """

    peer: Peer
    milliseconds: float
    srcc: Interval


def rank(peer: Peer, photos: Sequence[RatedPhoto], *, threads: int = 1) -> Ranked:
    """Scores rated photos, each twice, in a fresh process: the second time is the one that counts.

    Raises:
        BenchmarkError: the peer fails.
    """
    answer = ask(peer, [str(photo.path) for photo in photos], threads=threads, runs=1)
    scores = np.array(answer["scores"], np.float64) * (-1 if peer.name in LOWER_IS_BETTER else 1)
    mos = np.array([photo.mos for photo in photos])
    agreement = measure_agreement(scores, mos)
    return Ranked(peer, 1000 * median(answer["seconds"]), agreement.srcc)


@click.command("rated", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--dataset", type=click.Choice(list(DATASETS)), default="biq2021", show_default=True)
@click.option("--root", required=True, type=click.Path(exists=True, file_okay=False))
@click.option("--photos", "count", default=300, show_default=True, type=click.IntRange(min=10))
@peer_option
@click.option("--plot", type=click.Path(path_type=Path), help="Draw STEM.png and STEM.svg.", metavar="STEM")
def main(dataset: str, root: str, count: int, peers: tuple[Peer, ...], plot: Path | None) -> None:
    """Rank rated photos by each peer, on one thread. They are drawn from a test split with a fixed seed."""
    rated = read_dataset(dataset, root)
    chosen = np.random.default_rng(0).permutation(len(rated))[:count]
    photos = [rated[row] for row in sorted(chosen)]
    rows, failed = [], False
    for peer in peers:
        try:
            rows.append(rank(peer, photos))
        except BenchmarkError as error:
            failed = True
            click.echo(f"{peer.name}: failed: {error}", err=True)
    cells = [
        (row.peer.name, f"{row.milliseconds:.0f} ms", f"{row.srcc.value:.3f}", _interval(row)) for row in rows
    ]
    click.echo(write_table(("", "one photo", "SRCC", "95 % interval"), cells, "lrrr"))
    if plot is not None and rows:
        places = [(row.peer.name, row.milliseconds, row.srcc) for row in rows]
        title = f"{len(photos)} photos of {DATASETS[dataset].title}'s test split"
        for file in draw_peers(places, title, plot):
            click.echo(str(file))
    sys.exit(failed)


def _interval(row: Ranked) -> str:
    return f"{row.srcc.low:.3f} to {row.srcc.high:.3f}"


if __name__ == "__main__":
    main()
