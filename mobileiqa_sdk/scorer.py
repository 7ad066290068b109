"""Photo in, number out: the one place that joins reading, resizing and inference."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np

from . import library, runtimes
from .bands import Band, band
from .contract import ModelContract
from .errors import PhotoError
from .parallel import check_count, default_threads, default_workers, in_order
from .photo import Photo, describe, read_photo
from .resample import resize
from .runtimes.runtime import mean


class Seconds(NamedTuple):
    """Wall-clock seconds of the three steps."""

    decode: float
    resize: float
    inference: float


@dataclass(frozen=True)
class Assessment:
    """What a model thinks of a photo.

    Attributes:
        photo: the path, or a short description such as ``<array>``.
        score: predicted quality in [0, 1], higher is better. The model was trained on mean
            opinion scores scaled to that range: 0 is the worst and 1 the best that people said.
        model: name of the model.
        input_size: (height, width) in pixels that the photo was resized to.
        seconds: time taken by decode, resize and inference.
        opinions: of the model's views, in [0, 1]; the score is their mean. One for a model without views.
    """

    photo: str
    score: float
    model: str
    input_size: tuple[int, int]
    seconds: Seconds
    opinions: tuple[float, ...] = ()

    @property
    def spread(self) -> float | None:
        """Standard deviation of the opinions; None for a model with fewer than two.

        The larger, the less the score is to be trusted: for the bundled model, Spearman's correlation of the
        spread with the absolute error is 0.27 on BIQ2021's test split.
        """
        return float(np.std(self.opinions)) if len(self.opinions) > 1 else None

    @property
    def band(self) -> Band:
        """The score in words: bad below 0.2, poor below 0.4, fair below 0.6, good below 0.8, else excellent.

        The five grades of ITU-R BT.500 and P.910 on equal intervals; see :func:`mobileiqa_sdk.band`.
        """
        return band(self.score)


class Scorer:
    """A loaded model. Give it photos from as many threads as you like.

    Args:
        model: a name from ``mobileiqa models``, the path of an artifact (folder or model file),
            or None for the bundled model.
        runtime: a key of ``mobileiqa_sdk.runtimes.available()``; None picks it by the file's suffix.
        threads: CPU threads for one inference; None takes ``OMP_NUM_THREADS`` if set, else the
            CPUs this process may run on.
        exact_decode: decode every pixel of a JPEG, also where the contract's rule is to decode large
            ones smaller. Slower; scores differ in the second or third digit.

    Raises:
        ModelNotFound, ArtifactInvalid, ContractUnsupported, ContractMismatch, RuntimeUnavailable:
            see :mod:`mobileiqa_sdk.errors`.
        ValueError: threads below 1 or above ``mobileiqa_sdk.parallel.MAX_THREADS``.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        runtime: str | None = None,
        threads: int | None = None,
        exact_decode: bool = False,
    ) -> None:
        self.threads: int = default_threads() if threads is None else check_count("threads", threads)
        self.path: Path = library.find(model)
        self._runtime = runtimes.load(self.path, runtime, self.threads)
        spec = self._runtime.contract.input
        self._size = spec.size
        self.decode: str = "full" if exact_decode else spec.decode
        self._fit = None if self.decode == "full" else self._size

    @property
    def contract(self) -> ModelContract:
        """What the artifact expects and promises."""
        return self._runtime.contract

    def score(self, photo: Photo) -> float:
        """Predicted quality in [0, 1], higher is better. Raises PhotoError."""
        return self.assess(photo).score

    def assess(self, photo: Photo) -> Assessment:
        """Score a photo and say how. Raises PhotoError, or ContractMismatch where the model misbehaves."""
        started = perf_counter()
        image = read_photo(photo, fit=self._fit)
        decoded = perf_counter()
        pixels = resize(image, *self._size)
        resized = perf_counter()
        opinions = self._runtime.opinions(pixels)
        seconds = Seconds(decoded - started, resized - decoded, perf_counter() - resized)
        model = self.contract.model.name
        return Assessment(describe(photo), mean(opinions), model, self._size, seconds, opinions)

    def score_many(
        self, photos: Iterable[Photo | PhotoError], *, workers: int | None = None
    ) -> Iterator[Assessment | PhotoError]:
        """Assess photos, several at a time, and yield what comes out in the order of the photos.

        A photo that cannot be scored yields its :class:`PhotoError` instead of raising it, so that
        one bad file never loses a batch; an error among the photos, such as ``gallery.find_photos``
        yields, is passed on. Leaving early, by ``close()`` or Ctrl-C, waits for the photos that are
        being worked on and begins no other.

        ``Scorer(threads=1)`` gets through the most photos: it decodes side by side too. A score depends
        on ``threads``, in its last digits, and not on ``workers``.

        Args:
            photos: may be endless; at most ``2 * workers`` are taken before their results are.
            workers: photos at a time, on threads that share the model, each with the scorer's
                ``threads`` for its inference. None is as many as the CPUs have room for
                (``OMP_NUM_THREADS``, if set, counts as the CPUs). With one worker, which is what a
                scorer on all CPUs gets, a photo is read when its result is asked for.

        Raises:
            ValueError: workers below 1 or above ``MAX_THREADS``; at once, not at the first photo.
        """
        count = default_workers(self.threads) if workers is None else check_count("workers", workers)
        return in_order(self._attempt, photos, count)

    def _attempt(self, photo: Photo | PhotoError) -> Assessment | PhotoError:
        if isinstance(photo, PhotoError):
            return photo
        try:
            return self.assess(photo)
        except PhotoError as error:
            return error


_default: Scorer | None = None
_default_lock = threading.Lock()


def score(photo: Photo) -> float:
    """Predicted quality of a photo in [0, 1] by the bundled model, higher is better.

    The model is loaded at the first call and kept. Raises PhotoError.
    """
    global _default
    if _default is None:
        with _default_lock:
            if _default is None:
                _default = Scorer()
    return _default.score(photo)
