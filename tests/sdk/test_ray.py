"""Scoring on Ray: the scores of this process, whatever becomes of the machines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mobileiqa_sdk import MobileIQAError, ModelError, PhotoNotFound, Scorer
from mobileiqa_sdk import ray as module
from mobileiqa_sdk.columns import BatchScorer, ScorerOptions
from mobileiqa_sdk.ray import divided, score_on_ray
from mobileiqa_sdk.sources.find import find_sources
from mobileiqa_sdk.sources.shard import Shard
from mobileiqa_sdk.streams import Scored, score_sources

from . import archives
from .s3_server import s3_bucket

Run = Callable[..., Any]
PNGS = archives.pngs()
SHARDS = 12


def outcome(scored: Scored) -> tuple[str, float | str, bool]:
    """All that must be the same."""
    result = scored.result
    return result.photo, getattr(result, "score", type(result).__name__), scored.is_last


def test_what_a_task_is() -> None:
    photos = [f"{number}.jpg" for number in range(70)]
    shard = Shard("a.tar", "tar")
    error = PhotoNotFound("folder", "no photos")
    parts = list(divided([*photos, shard, shard, error, "z.jpg"]))
    assert [len(part) for part in parts] == [32, 32, 6, 1, 1, 2]
    assert [source for part in parts for source in part] == [*photos, shard, shard, error, "z.jpg"]


class RayError(Exception):
    pass


class RayTaskError(RayError):
    def __init__(self, cause: Exception) -> None:
        self.cause = cause


def ray_that_raises(error: Exception) -> Any:
    """A stand-in for the module ray whose tasks end in an error."""

    def get(reference: object) -> Any:
        raise error

    return SimpleNamespace(get=get, exceptions=SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError))


def test_a_task_whose_workers_always_die() -> None:
    """What was in it are errors, that of an archive is tried again by --resume; all else goes on."""
    error = PhotoNotFound("folder", "no photos")
    part = ["a.jpg", error]
    results = module._taken(ray_that_raises(RayError()), part, None)
    assert [outcome(one) for one in results] == [
        ("a.jpg", "InternalError", False),
        ("folder", "PhotoNotFound", False),
    ]
    (scored,) = module._taken(ray_that_raises(RayError()), [Shard("a.tar", "tar")], None)
    assert outcome(scored) == ("a.tar", "InternalError", False)


def test_an_error_of_the_task_itself_is_raised() -> None:
    with pytest.raises(ModelError, match="other"):
        module._taken(ray_that_raises(RayTaskError(ModelError("other"))), ["a.jpg"], None)
    with pytest.raises(RayTaskError):
        module._taken(ray_that_raises(RayTaskError(ZeroDivisionError())), ["a.jpg"], None)


@pytest.mark.parametrize("options", [["--address", "auto"], ["--engine", "ray", "-"], ["--engine", "spark"]])
def test_wrong_usage(run: Run, tiny: Path, photos: list[str], options: list[str]) -> None:
    result = run("score", "-m", tiny, *options, photos[0])
    assert (result.code, result.out) == (2, "")
    assert options[0] in result.err


@pytest.fixture(scope="module")
def ray() -> Any:
    return pytest.importorskip("ray")


@pytest.fixture
def cluster(ray: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head without CPUs, and two machines with one each; photos and archives on a server that speaks S3."""
    from ray.cluster_utils import Cluster

    objects = {f"single/{name}": data for name, data in PNGS.items()}
    with s3_bucket(monkeypatch, objects) as files:
        monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        monkeypatch.setenv("RAY_raylet_start_wait_time_s", "200")
        monkeypatch.setenv("RAY_health_check_failure_threshold", "2")
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        try:
            nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
            ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
            yield SimpleNamespace(cluster=cluster, nodes=nodes, files=files)
        finally:
            ray.shutdown()
            cluster.shutdown()


def test_a_machine_is_killed_in_the_middle(ray: Any, cluster: Any, tiny: Path, tmp_path: Path) -> None:
    """Nothing is lost, nothing comes twice, and every score is that of this process, bit for bit."""
    for number in range(SHARDS):
        members = {f"{number}-{level}.png": archives.png(level, 3000, 2000) for level in archives.SCORES}
        path = archives.tar(tmp_path / "shard.tar", members)
        cluster.files.pipe(f"photos/shards/{number:02}.tar", path.read_bytes())
    cut = archives.tar(tmp_path / "cut.tar", PNGS).read_bytes()[:2500]
    cluster.files.pipe("photos/shards/99.tar", cut)
    scorer = Scorer(tiny, threads=1)
    sources = list(find_sources(["s3://photos/shards/*.tar", "s3://photos/single/", "s3://photos/none.jpg"]))
    expected = [outcome(one) for one in score_sources(scorer, sources)]
    assert len(expected) == 5 * SHARDS + 3 + 5 + 1
    results = score_on_ray(scorer, sources)
    before = [outcome(next(results)) for _ in range(7)]
    cluster.cluster.remove_node(cluster.nodes[0], allow_graceful=False)
    assert before + [outcome(one) for one in results] == expected
    assert ray.is_initialized()  # it was the caller's
    deadline = time.monotonic() + 60
    while sum(node["Alive"] for node in ray.nodes()) > 2:  # the head and one machine
        assert time.monotonic() < deadline
        time.sleep(0.1)
    with pytest.raises(ModelError, match="another model"):
        list(module._results(ray, ScorerOptions(str(tiny), sha256="0" * 64), sources[:1], None))


def test_one_machine_is_started_and_stopped(
    ray: Any, run: Run, tiny: Path, tmp_path: Path, photos: list[str]
) -> None:
    """By the command, and by Ray Data with the class for batches."""
    pytest.importorskip("pyarrow")
    import pyarrow.parquet

    shard, path = archives.tar(tmp_path / "a.tar", PNGS), tmp_path / "scores.parquet"
    first = run("score", "-m", tiny, "--engine", "ray", "--parquet", path, *photos, shard, "gone.jpg")
    assert (first.code, first.out) == (1, ""), first.err
    assert not ray.is_initialized()
    local = run("score", "-m", tiny, "--parquet", tmp_path / "local", *photos, shard, "gone.jpg")
    assert local.code == 1
    assert pyarrow.parquet.read_table(path).equals(pyarrow.parquet.read_table(tmp_path / "local"))
    second = run("score", "-m", tiny, "--engine", "ray", "--parquet", path, *photos, shard)
    assert (second.code, second.err) == (0, f"mobileiqa: 6 of 6 photos and archives are in {path} already\n")
    data = pytest.importorskip("ray.data")
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        rows = [{"id": number, "bytes": png} for number, png in enumerate(PNGS.values())]
        scored = data.from_items(rows).map_batches(
            BatchScorer, fn_constructor_args=[str(tiny)], concurrency=1, num_cpus=1, batch_size=2
        )
        scorer = Scorer(tiny, threads=1)
        answers = sorted((row["id"], row["score"]) for row in scored.take_all())
        assert answers == [(number, scorer.score(png)) for number, png in enumerate(PNGS.values())]
    finally:
        ray.shutdown()


@pytest.mark.parametrize(
    ("address", "words"), [(None, "start Ray on this machine"), ("head:6379", "connect to Ray at head:6379")]
)
def test_a_cluster_that_is_not_there(
    tiny: Path, address: str | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def init(*arguments: object, **options: object) -> None:
        raise ConnectionError("nobody answers\nat all")

    fake = SimpleNamespace(is_initialized=lambda: False, init=init, shutdown=lambda: None)
    monkeypatch.setitem(sys.modules, "ray", fake)
    with pytest.raises(MobileIQAError, match=f"cannot {words}: nobody answers$"):
        list(score_on_ray(Scorer(tiny, threads=1), ["a.jpg"], address=address))
