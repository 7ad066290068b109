"""Scores as columns of batches: dictionaries, Arrow, pandas; and how a scorer travels."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobileiqa_sdk import ModelError, Scorer
from mobileiqa_sdk.columns import BatchScorer, ScorerOptions, score_columns, score_schema
from mobileiqa_sdk.library import DEFAULT

from . import archives, artifacts

PNGS = list(archives.pngs().values())


@pytest.fixture(scope="module")
def scorer(tiny: Path) -> Scorer:
    return Scorer(tiny, threads=1)


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with two faults, and an answer whether it is a photograph."""
    return artifacts.save(tmp_path_factory.mktemp("free"), artifacts.free_model())


def test_a_batch_of_lists(tiny: Path, scorer: Scorer) -> None:
    batch = {"id": [3, 4, 5, 6], "bytes": [PNGS[0], b"no photo", None, PNGS[4]]}
    scored = BatchScorer(tiny)(batch)
    assert scored["id"] is batch["id"]
    assert scored["score"] == [scorer.score(PNGS[0]), None, None, scorer.score(PNGS[4])]
    assert scored["error_kind"] == [None, "PhotoUnsupported", "PhotoUnreadable", None]
    assert scored["model"] == ["tiny"] * 4
    assert "bytes" not in scored
    assert {len(values) for values in scored.values()} == {4}


def test_a_batch_of_arrays(tiny: Path, scorer: Scorer) -> None:
    """As Ray Data has them."""
    photos = np.array(PNGS, dtype=object)
    scored = BatchScorer(tiny, column="image", keep_photos=True)({"image": photos})
    assert scored["image"] is photos
    assert scored["score"] == [scorer.score(data) for data in PNGS]


def test_paths_and_structs(tiny: Path, photos: list[str], scorer: Scorer) -> None:
    values = [photos[0], {"bytes": PNGS[1], "path": "x"}, {"bytes": None, "path": "gone"}]
    scored = BatchScorer(tiny)({"bytes": values})
    assert scored["score"] == [scorer.score(photos[0]), scorer.score(PNGS[1]), None]


def test_an_arrow_table(free: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"id": [1, 2], "bytes": [PNGS[0], b""]})
    batch_scorer = BatchScorer(free, resolution="high")
    scored = batch_scorer(table)
    scorer = Scorer(free, threads=1, resolution="high")
    assert scored.schema == pyarrow.schema([("id", pyarrow.int64()), *score_schema(scorer)])
    first, second = scored.to_pylist()
    result = scorer.assess(PNGS[0])
    assert (first["score"], first["opinions"]) == (result.score, list(result.opinions))
    assert (first["fault_blur"], first["photograph"]) == (result.faults["blur"], result.photograph)
    assert first["is_photograph"] is result.is_photograph
    assert "reason" in scored.schema.names
    assert (second["fault_blur"], second["is_photograph"], second["opinions"]) == (None, None, None)
    assert second["error_kind"] == "PhotoUnreadable"
    assert batch_scorer(table.slice(0, 0)).schema == scored.schema
    (batch,) = table.to_batches()
    assert batch_scorer(batch).to_pylist() == scored.to_pylist()


def test_the_reason_is_a_column_of_models_that_name_faults(
    tiny: Path, tmp_path: Path, photos: list[str]
) -> None:
    faulty = artifacts.save(tmp_path, artifacts.free_model(faults={"defocus": 0.9}))
    scored = BatchScorer(faulty)({"bytes": [photos[4], photos[0], None]})
    assert scored["reason"] == ["out of focus", None, None]
    assert scored["is_photograph"] == [True, False, None]
    assert not {"reason", "photograph", "is_photograph"} & BatchScorer(tiny)({"bytes": [photos[4]]}).keys()


def test_a_data_frame(tiny: Path, scorer: Scorer) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"id": [1, 2], "bytes": [PNGS[0], b""]}, index=[7, 9])
    scored = BatchScorer(tiny)(frame)
    assert list(frame) == ["id", "bytes"]
    assert list(scored.index) == [7, 9]
    assert scored["score"].iloc[0] == scorer.score(PNGS[0])
    assert pandas.isna(scored["score"].iloc[1])
    assert list(scored)[:2] == ["id", "score"]


def test_a_column_that_is_there_already(tiny: Path) -> None:
    batch = {"bytes": PNGS[:1], "score": [1], "model": ["m"]}
    with pytest.raises(ValueError, match="model, score"):
        BatchScorer(tiny)(batch)
    scored = BatchScorer(tiny, prefix="iqa_")(batch)
    assert scored["score"] == [1]
    assert scored["iqa_model"] == ["tiny"]
    assert BatchScorer(tiny, column="score")({"score": PNGS[:1]})["band"] == ["bad"]


def test_a_column_that_is_not_there(tiny: Path) -> None:
    with pytest.raises(KeyError, match="'a', 'b'"):
        BatchScorer(tiny)({"a": [], "b": []})


def test_it_travels(tiny: Path) -> None:
    """What is pickled is small: the model is loaded where it is used, once."""
    batch_scorer = BatchScorer(tiny, workers=2)
    before = batch_scorer({"bytes": PNGS})
    data = pickle.dumps(batch_scorer)
    assert len(data) < 1000
    assert pickle.loads(data)({"bytes": PNGS}) == before  # noqa: S301 - made here
    assert ScorerOptions(str(tiny)).open() is ScorerOptions(str(tiny)).open()


def test_the_options_of_a_scorer(tiny: Path, scorer: Scorer, tmp_path: Path) -> None:
    options = ScorerOptions.of(scorer)
    assert options.open().score(PNGS[1]) == scorer.score(PNGS[1])
    assert (options.threads, options.runtime) == (1, "onnx")
    bundled = ScorerOptions.of(Scorer(threads=1, exact_decode=True))
    assert (bundled.model, bundled.exact_decode) == (DEFAULT, True)
    other = artifacts.save(tmp_path, artifacts.model(artifacts.contract(model={"version": "0.4"})))
    travelled = ScorerOptions(str(other), options.runtime, 1, sha256=options.sha256)
    with pytest.raises(ModelError, match="another model"):
        travelled.open()


def test_a_table_of_photos(scorer: Scorer, photos: list[str]) -> None:
    pytest.importorskip("pyarrow")
    table = score_columns(scorer, [*photos, "gone.jpg"], workers=2)
    assert table.column_names[:3] == ["path", "score", "band"]
    assert table.column("path").to_pylist() == [*photos, "gone.jpg"]
    assert table.column("score").to_pylist() == [*map(scorer.score, photos), None]
    assert table.column("score").null_count == 1


# Other engines, as in docs/columns.md.


def test_in_daft(tiny: Path, scorer: Scorer) -> None:
    daft = pytest.importorskip("daft")
    frame = daft.from_pydict({"bytes": PNGS})
    score_batch = BatchScorer(tiny)

    @daft.func.batch(return_dtype=daft.DataType.float64())
    def score(photos: Any) -> list[float | None]:
        scores: list[float | None] = score_batch({"bytes": photos.to_pylist()})["score"]
        return scores

    scored = frame.with_column("score", score(frame["bytes"])).to_pydict()
    assert scored["score"] == [scorer.score(data) for data in PNGS]


def test_in_spark(tiny: Path, scorer: Scorer) -> None:
    sql = pytest.importorskip("pyspark.sql")
    try:
        spark = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", False).getOrCreate()
    except Exception as error:  # without Java
        pytest.skip(f"Spark does not start: {error}")
    with spark:
        score_batch = BatchScorer(tiny)
        frame = spark.createDataFrame([(bytearray(data),) for data in PNGS], "bytes binary")

        def score(frames: Any) -> Any:
            for photos in frames:
                yield score_batch(photos)[["score", "error"]]

        rows = frame.mapInPandas(score, "score double, error string").collect()
    assert [row.score for row in rows] == [scorer.score(data) for data in PNGS]
