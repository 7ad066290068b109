"""Photo in, number out: the one place that joins reading, resizing and inference.

Scoring opens no connection and writes no file.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import library, runtimes
from ._refusal import named_errors, out_of_memory
from ._text import one_line
from .bands import Band, band
from .contract import Decode, ModelContract
from .errors import ModelError, PhotoError, VerificationWarning
from .fit import Setting
from .parallel import check_count, default_threads, default_workers, in_order
from .photo import Photo, describe, open_photo
from .reason import Advice, faults_to_name, first_advice, is_photograph, joined_words, worst_first
from .resample import resize
from .runtimes.runtime import Prediction, Runtime

if TYPE_CHECKING:
    from .where import QualityMap


class Seconds(NamedTuple):
    """Wall-clock seconds of the three steps.

    >>> seconds = Scorer(threads=1).assess(Image.new("RGB", (640, 480), "grey")).seconds
    >>> sum(seconds) > seconds.inference > 0
    True
    """

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
        faults: severity in [0, 1] by the name of the fault, the worst first; 0 means that the photo does not
            have it. Empty for a model that names none.
        photograph: how much this is a photograph at all, in [0, 1]; None for a model that does not say.

    >>> result = Scorer(threads=1).assess(Image.new("RGB", (640, 480), "grey"))
    >>> result.photo, result.band, result.input_size
    ('<PIL image>', 'poor', (443, 591))
    >>> result.score == sum(result.opinions) / len(result.opinions)
    True
    """

    photo: str
    score: float
    model: str
    input_size: tuple[int, int]
    seconds: Seconds
    opinions: tuple[float, ...] = ()
    faults: Mapping[str, float] = field(default_factory=dict, hash=False)
    photograph: float | None = None

    @property
    def spread(self) -> float | None:
        """Standard deviation of the opinions; None for a model with fewer than two.

        A weak hint of doubt: for version 0.3 of the bundled model, Spearman's correlation of the spread with
        the score's absolute error was 0.303 on BIQ2021's test split.
        """
        return float(np.std(self.opinions)) if len(self.opinions) > 1 else None

    @property
    def band(self) -> Band:
        """The score in words: bad below 0.2, poor below 0.4, fair below 0.6, good below 0.8, else excellent.

        The five grades of ITU-R BT.500 and P.910 on equal intervals; see :func:`mobileiqa_sdk.band`.
        """
        return band(self.score)

    @property
    def named_faults(self) -> tuple[str, ...]:
        """The faults that explain the score, the worst first; at most two.

        Those with a severity of at least 0.5. Empty for a picture that is not a photograph, and for a score
        above :data:`mobileiqa_sdk.reason.EXPLAINED_UP_TO`.
        """
        return faults_to_name(self.faults, self.score, self.photograph)

    @property
    def reason(self) -> str | None:
        """The named faults in words, such as ``too dark and noisy``; None without any."""
        return joined_words(self.named_faults)

    @property
    def advice(self) -> Advice | None:
        """What helps against the worst named fault, such as ``hold_still``; None if that is not known."""
        return first_advice(self.named_faults)

    @property
    def is_photograph(self) -> bool | None:
        """Whether this is a photograph, not a screenshot or a drawing; None for a model that does not say."""
        return is_photograph(self.photograph)

    def to_dict(self) -> dict[str, Any]:
        """Returns a flat row for a table: numbers and texts only, and None for what the model does not say.

        The keys are path, score, band, reason, spread, ``fault_NAME`` for each fault that the model names, by
        name, photograph, is_photograph, decode_seconds, resize_seconds, inference_seconds, error_kind and
        error. The last two are None.
        :meth:`PhotoError.to_dict` gives a row of the same shape: a batch with bad files is one table::

            pandas.DataFrame(result.to_dict() for result in scorer.score_many(photos))

        >>> result = Scorer(threads=1).assess(Image.new("RGB", (640, 480), "grey"))
        >>> row = result.to_dict()
        >>> row["path"], row["score"] == result.score, row["error"]
        ('<PIL image>', True, None)
        """
        faults = {f"fault_{name}": severity for name, severity in sorted(self.faults.items())}
        times = {f"{step}_seconds": round(value, 6) for step, value in self.seconds._asdict().items()}
        answers = {"score": self.score, "band": self.band, "reason": self.reason, "spread": self.spread}
        return {
            "path": self.photo,
            **answers,
            **faults,
            "photograph": self.photograph,
            "is_photograph": self.is_photograph,
            **times,
            "error_kind": None,
            "error": None,
        }


class _Fitted(NamedTuple):
    """A photo as the model takes it: its name, (height, width) before, pixels, seconds of two steps."""

    name: str
    size: tuple[int, int]
    pixels: NDArray[np.uint8]
    decode: float
    resize: float


class Scorer:
    """A loaded model. May be used from any number of threads, and as a context manager.

    A scorer can be pickled, as process pools, Ray, Dask and Spark do: its path and options travel, and it is
    loaded again where it is unpickled.

    >>> with Scorer(threads=1) as scorer:
    ...     scorer.assess(Image.new("RGB", (640, 480), "grey")).band
    'poor'

    Args:
        model: a name from ``mobileiqa models``, the path of an artifact (folder or model file),
            or None for the bundled model.
        runtime: a key of ``mobileiqa_sdk.runtimes.available()``; None picks it by the file's suffix.
        threads: CPU threads for one inference; None takes ``OMP_NUM_THREADS`` if set, else the
            CPUs this process may run on.
        exact_decode: decode every pixel of a JPEG, even if the contract's rule is to decode large
            ones smaller. Slower; scores differ in the second or third digit.
        resolution: name of one of the contract's ``input.settings``, the pixel budgets of a model that takes
            photos of any size, such as ``fast`` or ``high``; None is the first. Models of one size have none.

    Raises:
        ModelNotFound, ArtifactInvalid, ContractUnsupported, ContractMismatch, RuntimeUnavailable:
            see :mod:`mobileiqa_sdk.errors`.
        ValueError: threads below 1 or above ``mobileiqa_sdk.parallel.MAX_THREADS``, or an unknown resolution.

    Warns:
        VerificationWarning: the artifact failed verification when it was made.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        runtime: str | None = None,
        threads: int | None = None,
        exact_decode: bool = False,
        resolution: str | None = None,
    ) -> None:
        self._threads = default_threads() if threads is None else check_count("threads", threads)
        self._path = library.find(model)
        self._runtime_name = runtimes.default_for(self._path) if runtime is None else runtime
        self._exact_decode = exact_decode
        self._runtime: Runtime | None = runtimes.load(self._path, self._runtime_name, self._threads)
        self._contract = self._runtime.contract
        self._setting = _setting_named(resolution, self._contract)
        self._decode: Decode = "full" if exact_decode else self._contract.input.decode
        verification = self._contract.verification
        if not verification.passed:
            failures = "; ".join(verification.failures)
            message = f"{self._path}: kept although it failed verification: {failures}"
            warnings.warn(VerificationWarning(one_line(message)), stacklevel=2)

    def __repr__(self) -> str:
        return f"<Scorer {self._contract.model.name!r} {str(self._path)!r}, threads={self._threads}>"

    def __enter__(self) -> Scorer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        options = {
            "runtime": self._runtime_name,
            "threads": self._threads,
            "exact_decode": self._exact_decode,
            "resolution": self.resolution,
        }
        return _reopen, (self._path, options, self._contract.to_json())

    def close(self) -> None:
        """Releases the model. Scoring afterwards raises ValueError; closing again does nothing."""
        self._runtime = None

    @property
    def contract(self) -> ModelContract:
        """What the artifact expects and promises."""
        return self._contract

    @property
    def path(self) -> Path:
        """The model file, or the folder of a format whose models are folders."""
        return self._path

    @property
    def runtime(self) -> str:
        """Name of the runtime in use, a key of ``mobileiqa_sdk.runtimes.available()``."""
        return self._runtime_name

    @property
    def threads(self) -> int:
        """CPU threads for one inference."""
        return self._threads

    @property
    def decode(self) -> Decode:
        """The decode rule in use: the contract's, or ``full`` with ``exact_decode``."""
        return self._decode

    @property
    def resolution(self) -> str | None:
        """Name of the pixel budget in use; None for a model of one size."""
        return self._setting.name if self._setting else None

    def score(self, photo: Photo) -> float:
        """Returns the predicted quality in [0, 1], higher is better.

        For what a photo may be see :func:`mobileiqa_sdk.score`; arrays are RGB.

        Raises:
            PhotoError: the photo cannot be scored.
            ContractMismatch: the model misbehaves.
        """
        return self.assess(photo).score

    def assess(self, photo: Photo) -> Assessment:
        """Returns the score of a photo with the model's opinions, the size it was scored at and the times.

        For what a photo may be see :func:`mobileiqa_sdk.score`; arrays are RGB.

        Raises:
            PhotoError: the photo cannot be scored.
            ContractMismatch: the model misbehaves.
        """
        runtime = self._loaded()
        try:
            fitted = self._fitted(photo, self._setting)
        except PhotoError as error:
            error.fault_names = self._contract.faults
            raise
        started = perf_counter()
        answer = runtime.predict(fitted.pixels)
        height, width, _ = fitted.pixels.shape
        return Assessment(
            photo=fitted.name,
            score=answer.score,
            model=self._contract.model.name,
            input_size=(height, width),
            seconds=Seconds(fitted.decode, fitted.resize, perf_counter() - started),
            opinions=answer.opinions,
            faults=worst_first(answer.faults),
            photograph=answer.photo,
        )

    def map(self, photo: Photo) -> QualityMap:
        """Returns the quality over a photo: what the model answers for overlapping windows of it.

        The photo is read once, as by :meth:`score`, and fitted to the largest of the contract's pixel
        budgets, whatever the scorer's resolution is. Windows have 256 x 256 pixels of that and overlap by
        half; those in which there is nothing to judge are left out. Their number is bounded by the pixel
        budget: about a hundred for the bundled model.

        For what a photo may be see :func:`mobileiqa_sdk.score`; arrays are RGB.

        Raises:
            PhotoError: the photo cannot be scored.
            ContractUnsupported: the model takes photos at fixed sizes only.
            ContractMismatch: the model misbehaves.
        """
        from .where.measure import finest_setting, map_windows

        runtime = self._loaded()
        fitted = self._fitted(photo, finest_setting(self._contract))
        return map_windows(fitted.name, fitted.pixels, fitted.size, self._contract, runtime.predict)

    def _fitted(self, photo: Photo, setting: Setting | None) -> _Fitted:
        """Returns a photo resized to what the model takes.

        A function of its own, so that the photo's pixels are freed before the model runs.
        """
        size: tuple[int, int] | None = None

        def fit(height: int, width: int) -> tuple[int, int]:
            nonlocal size
            size = height, width
            return self._contract.input.size_for(height, width, setting)

        started = perf_counter()
        with open_photo(photo, fit=None if self._decode == "full" else fit) as (name, image):
            decoded = perf_counter()
            if size is None:  # not reduced, so it has its full size
                size = image.height, image.width
            with named_errors(name):
                pixels = resize(image, *self._contract.input.size_for(*size, setting))
        return _Fitted(name, size, pixels, decoded - started, perf_counter() - decoded)

    def input_size(self, height: int, width: int, resolution: str | None = None) -> tuple[int, int]:
        """Returns the (height, width) in pixels that an upright photo of height x width is resized to.

        Args:
            height: of the photo, in pixels.
            width: of the photo, in pixels.
            resolution: name of a pixel budget instead of the scorer's own.

        Raises:
            ValueError: an unknown resolution.
        """
        chosen = self._setting if resolution is None else _setting_named(resolution, self._contract)
        return self._contract.input.size_for(height, width, chosen)

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """Returns the model's answer for pixels already resized to `input_size`, uint8 RGB [h, w, 3].

        Raises:
            ContractMismatch: the model misbehaves.
        """
        return self._loaded().predict(pixels)

    def _loaded(self) -> Runtime:
        if self._runtime is None:
            raise ValueError("the scorer is closed")
        return self._runtime

    def score_many(
        self, photos: Iterable[Photo | PhotoError], *, workers: int | None = None
    ) -> Iterator[Assessment | PhotoError]:
        """Assesses photos, several at a time, and yields the results in the order of the photos.

        A photo that cannot be scored yields its :class:`PhotoError` instead of raising it, so that
        one bad file never loses a batch; an error among the photos, such as :func:`find_photos` yields for an
        empty folder, is passed on. Leaving early, by ``close()`` or Ctrl-C, waits for the photos that are
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
            TypeError: photos is one photo, or one path; at once, not at the first photo.
            ValueError: workers below 1 or above ``MAX_THREADS``; at once.

        >>> photos = [Image.new("RGB", (640, 480), "grey"), "missing.jpg"]
        >>> for result in Scorer(threads=1).score_many(photos):
        ...     print(result.reason if isinstance(result, PhotoError) else result.band)
        poor
        no such file
        """
        _check_is_many(photos)
        count = default_workers(self._threads) if workers is None else check_count("workers", workers)
        return in_order(self._attempt, photos, count)

    def _attempt(self, photo: Photo | PhotoError) -> Assessment | PhotoError:
        if isinstance(photo, PhotoError):
            return self._with_fault_names(photo)
        try:
            return self.assess(photo)
        except PhotoError as error:
            return error
        except MemoryError:  # of the model's; a later photo may fit
            return self._with_fault_names(out_of_memory(describe(photo)))

    def _with_fault_names(self, error: PhotoError) -> PhotoError:
        """Returns the error with the faults that the model names, so that its row has their keys."""
        error.fault_names = self._contract.faults
        return error


def _check_is_many(photos: object) -> None:
    """Raises TypeError for one photo: a string, for example, is a sequence of letters."""
    one = isinstance(photos, (str, bytes, bytearray, memoryview, os.PathLike, Image.Image, PhotoError))
    if one or hasattr(photos, "read") or (isinstance(photos, np.ndarray) and photos.ndim < 4):
        raise TypeError(
            f"score_many takes several photos, and {describe(photos)} is one: pass [photo]. "
            "For all photos of a folder pass mobileiqa_sdk.find_photos(folder)"
        )


def _setting_named(name: str | None, contract: ModelContract) -> Setting | None:
    settings = contract.input.settings
    if name is None:
        return settings[0] if settings else None
    for setting in settings:
        if setting.name == name:
            return setting
    if not settings:
        raise ValueError(f"unknown resolution {name!r}: this model takes photos at one size")
    names = ", ".join(setting.name for setting in settings)
    raise ValueError(f"unknown resolution {name!r}; choose from {names}")


def _reopen(path: Path, options: dict[str, Any], contract: str) -> Scorer:
    scorer = Scorer(path, **options)
    if scorer.contract.to_json() != contract:
        raise ModelError(f"{path}: holds another model than the one that was pickled")
    return scorer


_default: Scorer | None = None
_default_lock = threading.Lock()


def score(photo: Photo) -> float:
    """Returns the predicted quality of a photo in [0, 1] by the bundled model, higher is better.

    The model is loaded at the first call and kept.

    Args:
        photo: a path (str or Path), the bytes of an image file, a file open in mode "rb", a PIL image, or a
            numpy array [height, width, 3]. The channels of an array are red, green, blue, in this order:
            turn what OpenCV reads, which is BGR, by ``pixels[..., ::-1]``. Arrays of grey [height, width] or
            with alpha [height, width, 4] are photos too; uint8 in 0..255, or float in [0, 1].

    A path, its bytes and its open file give the same score. A PIL image or an array of a large JPEG gives
    another one, which differs in the second or third digit: files of large JPEGs are decoded at a half, a
    quarter or an eighth of their size, which is faster. ``Scorer(exact_decode=True)`` gives one score for
    all of them.

    Raises:
        PhotoError: the photo cannot be scored; also a FileNotFoundError or a ValueError, see
            :mod:`mobileiqa_sdk.errors`.

    >>> pixels = np.full((480, 640, 3), 128, np.uint8)
    >>> score(pixels) == score(Image.fromarray(pixels))
    True
    >>> score("missing.jpg")
    Traceback (most recent call last):
        ...
    mobileiqa_sdk.errors.PhotoNotFound: missing.jpg: no such file
    """
    global _default
    if _default is None:
        with _default_lock:
            if _default is None:
                _default = Scorer()
    return _default.score(photo)
