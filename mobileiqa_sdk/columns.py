"""Scores as columns: Arrow tables of results, and a callable for engines that work on batches of rows.

Needs the extra ``[columns]`` (pyarrow) for tables; `BatchScorer` takes plain dictionaries without it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ._packages import import_extra
from ._text import utf8
from .errors import ModelError, PhotoError, PhotoUnreadable
from .gallery import answer_columns
from .library import BUNDLED, digest_of
from .photo import Photo
from .scorer import Assessment, Scorer

Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class ScorerOptions:
    """How to open a `Scorer` in another process or on another machine; small, and can be pickled.

    Attributes:
        model: a name or a path, which must hold the same model on every machine; None is the bundled one.
        runtime, threads, exact_decode, resolution: see :class:`Scorer`.
        sha256: digest that the model must have; None is any.
    """

    model: str | None = None
    runtime: str | None = None
    threads: int = 1
    exact_decode: bool = False
    resolution: str | None = None
    sha256: str | None = None

    @classmethod
    def of(cls, scorer: Scorer) -> ScorerOptions:
        """Returns the options of a scorer; a bundled model is named, not by the path on this machine."""
        path = scorer.path
        is_bundled = path.is_relative_to(BUNDLED)
        return cls(
            path.relative_to(BUNDLED).parts[0] if is_bundled else os.path.abspath(path),
            scorer.runtime,
            scorer.threads,
            scorer.decode == "full",
            scorer.resolution,
            digest_of(path),
        )

    def open(self) -> Scorer:
        """Returns a scorer that is kept: the same one for the same options in the same process.

        Raises:
            ModelError: the model cannot be used, or is another one than `sha256` says.
        """
        return _open(self)


@lru_cache(maxsize=2)
def _open(options: ScorerOptions) -> Scorer:
    scorer = Scorer(
        options.model,
        runtime=options.runtime,
        threads=options.threads,
        exact_decode=options.exact_decode,
        resolution=options.resolution,
    )
    if options.sha256 is not None and digest_of(scorer.path) != options.sha256:
        raise ModelError(
            f"{scorer.path}: is another model than on the machine that asked; copy that one here"
        )
    return scorer


def answers_of(scorer: Scorer, result: Assessment | PhotoError) -> dict[str, Any]:
    """Returns the columns of one result that depend on the photo: score, band, faults, error and others.

    All but the errors are None where there is no score. For a model that names faults, there is ``reason``,
    and a ``fault_NAME`` for each; for one that answers it, ``photograph`` and ``is_photograph``.
    """
    row = result.to_dict()
    # An error that no scorer made, such as an empty folder's, has no faults.
    answers = {name: row.get(name) for name in answer_columns(scorer.contract)}
    answers["opinions"] = list(result.opinions) if isinstance(result, Assessment) else None
    return {**answers, "error_kind": row["error_kind"], "error": row["error"]}


@lru_cache(maxsize=2)  # it reads the model's file
def model_columns(scorer: Scorer) -> Mapping[str, Any]:
    """Returns the columns that all rows of a scorer share: what a score depends on, except the machine."""
    contract = scorer.contract
    return {
        "model": contract.model.name,
        "model_version": contract.model.version,
        "model_sha256": digest_of(scorer.path),
        "fit": contract.input.fit,
        "decode": scorer.decode,
        "resolution": scorer.resolution,
        "runtime": scorer.runtime,
        "threads": scorer.threads,
    }


def score_schema(scorer: Scorer) -> Any:
    """Returns the `pyarrow.Schema` of the columns of `answers_of` and `model_columns`.

    Raises:
        ExtraMissing: pyarrow is not installed.
    """
    pyarrow = import_extra("pyarrow", "columns")
    number, text = pyarrow.float64(), pyarrow.string()
    other_types = {"band": text, "reason": text, "is_photograph": pyarrow.bool_()}
    fields = [(name, other_types.get(name, number)) for name in answer_columns(scorer.contract)]
    fields += [("opinions", pyarrow.list_(number)), ("error_kind", text), ("error", text)]
    fields += [(name, text) for name in model_columns(scorer) if name != "threads"]
    return pyarrow.schema([*fields, ("threads", pyarrow.int32())])


class BatchScorer:
    """Scores batches of rows: for Ray Data's ``map_batches``, Spark's ``mapInPandas``, Daft, or by itself.

    A batch is a dictionary of columns, a `pyarrow.Table`, or a `pandas.DataFrame`. The answer is of the same
    kind, with the columns of the batch and those of `score_schema` behind them. A row whose photo cannot be
    scored has null scores and an ``error``; None is such a row.

    It can be pickled. The model is loaded at the first batch, once in a process.

    Args:
        model: a name or a path, as :class:`Scorer` takes it.
        runtime: by the artifact's suffix unless it is named.
        exact_decode: whether large JPEGs are decoded in full.
        resolution: a pixel budget of a model that takes photos of any size.
        threads: CPU threads of one inference; a score depends on it, in its last digits. The default suits
            engines, which run one task a CPU.
        column: that holds the photos: encoded bytes, paths, or structs with ``bytes`` (Hugging Face).
        keep_photos: whether the answer has that column too.
        prefix: of the names of the new columns, such as ``iqa_``.
        workers: photos of a batch at a time, on threads.

    >>> from PIL import Image
    >>> scored = BatchScorer(column="photo")({"photo": [Image.new("RGB", (640, 480), "grey"), None]})
    >>> scored["band"], scored["error"]
    (['poor', None], [None, 'is null'])
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        runtime: str | None = None,
        threads: int = 1,
        exact_decode: bool = False,
        resolution: str | None = None,
        column: str = "bytes",
        keep_photos: bool = False,
        prefix: str = "",
        workers: int = 1,
    ) -> None:
        name = None if model is None else os.fspath(model)
        self._options = ScorerOptions(name, runtime, threads, exact_decode, resolution)
        self._column = column
        self._keep_photos = keep_photos
        self._prefix = prefix
        self._workers = workers

    def __call__(self, batch: Any) -> Any:
        """Returns the batch with its scores.

        Raises:
            KeyError: the batch has no such column of photos.
            ValueError: the batch has a column of the same name as a new one; give a ``prefix``.
            ModelError: the model cannot be used.
        """
        kind = type(batch).__module__.partition(".")[0]
        names = list(batch.column_names if kind == "pyarrow" else batch)
        if self._column not in names:
            raise KeyError(f"the batch has no column {self._column!r}, but {', '.join(map(repr, names))}")
        scorer = self._options.open()
        photos = batch[self._column]
        scores = self._scores(scorer, photos.to_pylist() if kind == "pyarrow" else list(photos))
        kept = [name for name in names if name != self._column or self._keep_photos]
        if repeated := sorted(set(kept).intersection(scores)):
            raise ValueError(f"the batch has {', '.join(repeated)} already; give BatchScorer a prefix")
        if kind == "pyarrow":
            return _with_arrow_columns(batch.select(kept), scores, scorer, self._prefix)
        if kind == "pandas":
            return batch[kept].assign(**scores)
        return {**{name: batch[name] for name in kept}, **scores}

    def _scores(self, scorer: Scorer, photos: Sequence[Any]) -> Columns:
        shared = model_columns(scorer)
        results = scorer.score_many(map(_photo, photos), workers=self._workers)
        rows = [{**answers_of(scorer, result), **shared} for result in results]
        names = [*answers_of(scorer, _NULL), *shared]
        return {f"{self._prefix}{name}": [row[name] for row in rows] for name in names}


_NULL = PhotoUnreadable("<null>", "is null")


def _photo(value: Any) -> Photo | PhotoError:
    if isinstance(value, Mapping):
        value = value.get("bytes")
    return _NULL if value is None else value


def _with_arrow_columns(table: Any, scores: Columns, scorer: Scorer, prefix: str) -> Any:
    pyarrow = import_extra("pyarrow", "columns")
    for field in score_schema(scorer):
        name = f"{prefix}{field.name}"
        table = table.append_column(field.with_name(name), pyarrow.array(scores[name], field.type))
    return table


def score_columns(scorer: Scorer, photos: Iterable[Photo | PhotoError], *, workers: int | None = None) -> Any:
    """Returns a `pyarrow.Table` with one row per photo, in order: ``path`` and the columns of `score_schema`.

    Args:
        scorer: what scores them.
        photos: see :meth:`Scorer.score_many`, as is ``workers``.
        workers: photos at a time.

    Raises:
        ExtraMissing: pyarrow is not installed.
    """
    pyarrow = import_extra("pyarrow", "columns")
    schema = pyarrow.schema([("path", pyarrow.string()), *score_schema(scorer)])
    shared = model_columns(scorer)
    rows = [
        {"path": utf8(result.photo), **answers_of(scorer, result), **shared}
        for result in scorer.score_many(photos, workers=workers)
    ]
    return pyarrow.Table.from_pylist(rows, schema=schema)
