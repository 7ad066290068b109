"""``python -m mobileiqa_bench.kills``: a batch that is killed again and again has every row once.

Archives of many members are scored by `mobileiqa score --parquet` in a process that is killed without warning
(SIGKILL) after a random time, as often as asked, and then left to its end. Then the table must have each
member's row once, with its score. A stand-in for the model answers at once, with a number made of the
member's bytes: what is tried is the keeping of rows, not the model.
"""

from __future__ import annotations

import io
import random
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zlib import crc32

import click

SHARDS = 10
_CHILD = """
import sys
from mobileiqa_bench.kills import child
child(sys.argv[1:])
"""


def stand_in(data: bytes) -> float:
    """Returns the score that the stand-in gives to a member."""
    return crc32(data) / 2**32


def child(arguments: list[str]) -> None:
    """Runs ``mobileiqa`` with a stand-in for the model."""
    from mobileiqa_sdk import cli, scorer

    def assess(self: scorer.Scorer, photo: Any) -> scorer.Assessment:
        return scorer.Assessment("<bytes>", stand_in(photo), "", (1, 1), scorer.Seconds(0, 0, 0))

    sys.argv = ["mobileiqa", *arguments]
    with patch.object(scorer.Scorer, "assess", assess):
        cli.main()


def write_shards(folder: Path, rows: int) -> dict[str, float]:
    """Writes archives of short members; returns the score of each by its path."""
    scores = {}
    for number in range(SHARDS):
        path = folder / f"{number}.tar"
        with tarfile.open(path, "w") as archive:
            for row in range(number, rows, SHARDS):
                data = row.to_bytes(4, "little")
                entry = tarfile.TarInfo(f"{row:08}.jpg")
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
                scores[f"{path}/{entry.name}"] = stand_in(data)
    return scores


def run(rows: int, kills: int, longest: float, seed: int) -> dict[str, Any]:
    """Returns what was done: rows, kills that hit a running batch, rows lost and doubled, wrong scores."""
    import pyarrow.parquet

    chance = random.Random(seed)  # noqa: S311 - no secret
    hits = 0
    with tempfile.TemporaryDirectory() as scratch:
        expected = write_shards(Path(scratch), rows)
        table = Path(scratch, "scores.parquet")
        shards = [str(Path(scratch, f"{number}.tar")) for number in range(SHARDS)]
        command = [sys.executable, "-c", _CHILD, "score", "--quiet", "--parquet", str(table), *shards]
        journal = Path(f"{table}.part")
        for _ in range(kills):
            before = _length(journal)
            process = subprocess.Popen(command)  # noqa: S603 - our own code
            while process.poll() is None and _length(journal) == before:  # until the first rows are written
                time.sleep(0.01)
            time.sleep(chance.uniform(0, longest))
            hits += process.poll() is None
            process.kill()
            process.wait()
        subprocess.run(command, check=True)  # noqa: S603 - our own code
        answers = pyarrow.parquet.read_table(table, columns=["path", "score"]).to_pydict()
    paths = answers["path"]
    return {
        "rows": rows,
        "kills": hits,
        "lost": len(expected.keys() - set(paths)),
        "doubled": len(paths) - len(set(paths)),
        "wrong": sum(
            expected.get(path) != score for path, score in zip(paths, answers["score"], strict=True)
        ),
    }


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--rows", default=100_000, show_default=True, type=click.IntRange(min=SHARDS))
@click.option("--kills", default=10, show_default=True, type=click.IntRange(min=1))
@click.option(
    "--longest", default=2.0, show_default=True, help="Seconds from the first rows to a kill, at most."
)
@click.option("--seed", default=0, show_default=True)
def main(rows: int, kills: int, longest: float, seed: int) -> None:
    """Kill a batch at random and count its rows."""
    report = run(rows, kills, longest, seed)
    click.echo(", ".join(f"{name} {value}" for name, value in report.items()))
    if report["lost"] or report["doubled"] or report["wrong"]:
        raise click.ClickException("rows are lost, doubled or wrong")


if __name__ == "__main__":
    main()
