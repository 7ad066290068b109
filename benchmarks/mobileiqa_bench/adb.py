"""Measures an artifact on a phone by the demo app: pushes it, starts the app by intent, and pulls the result.

docs/android-benchmark.md describes the protocol.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import msgspec

from mobileiqa_sdk import library
from mobileiqa_sdk._text import one_line
from mobileiqa_sdk.errors import PhotoNotFound

from .errors import (
    AdbError,
    AppCrashed,
    AppResultInvalid,
    ArtifactUnsuitable,
    BenchmarkFileInvalid,
    PhoneTimeout,
)
from .phone import PACKAGE, Phone
from .rounds import reference_scores
from .schema import Document, Result, parse
from .units import count
from .verdict import FEWEST_RUNS, FEWEST_SECONDS, judge

ACTION = f"{PACKAGE}.BENCHMARK"
ACTIVITY = f"{PACKAGE}/.BenchmarkActivity"
STAGING = "/data/local/tmp/mobileiqa"
"""Folder that adb may write to and the app may read."""
FOLDER = "files/benchmark"
"""Folder that the app reads and writes, relative to its data folder."""
TRANSFER_SECONDS = 600.0
_LOG_LINES = 20
_LOG_WORDS = (PACKAGE, "AndroidRuntime", "DEBUG", "libc", "lowmemorykiller", "lmkd")


def measure(
    artifact: str | os.PathLike[str] | None,
    photo: str | os.PathLike[str] | None = None,
    *,
    serial: str | None = None,
    threads: int,
    warmup: int = 3,
    runs: int = 20,
    official: bool = False,
    cool_down: float = 0.0,
    minutes: float = 0.0,
    accelerator: str = "cpu",
    timeout: float = 600.0,
    poll: float = 2.0,
) -> Result:
    """Measures an artifact on a phone.

    Args:
        artifact: name, folder or file of an .onnx artifact; None for the model bundled with the app.
        photo: what is scored; None for the contract's golden image.
        serial: of the phone; None takes ``ANDROID_SERIAL``, else the only one attached.
        threads: of one inference.
        warmup: inferences after the first that do not count.
        runs: inferences that do.
        official: measure by the rules of :mod:`mobileiqa_bench.verdict` instead of `runs` times, and compare
            the scores of the set of pictures with those that this computer gives the same file.
        cool_down: seconds without work before the runs.
        minutes: of a sustained run after them.
        accelerator: one of :data:`mobileiqa_bench.phone.ACCELERATORS`.
        timeout: seconds that the app may take from its start to its result, `cool_down` and `minutes` apart.
        poll: seconds between two looks at the phone; each look costs it some milliseconds.

    Returns:
        A result of benchmark JSON, schema 1, whose ``environment`` is the phone's, with the verdict. If the
        app could not measure, its ``error`` says why.

    Raises:
        AdbError: one of its subclasses, here and in `mobileiqa_bench.phone`; the message says what to do.
        ModelNotFound, ArtifactInvalid, PhotoNotFound: a file is missing.
        ProcessFailed: this computer cannot score the set of pictures.
    """
    model = None if artifact is None else _onnx_file(artifact)
    picture = None if photo is None else Path(photo)
    if picture is not None and not picture.is_file():
        raise PhotoNotFound(str(picture), "no such file")
    phone = Phone.attached(serial)
    name = secrets.token_hex(4)
    output = f"{name}.json"
    reference = reference_scores(model) if official and model is not None else None
    numbers = {
        "threads": threads,
        "warmup": warmup,
        "runs": FEWEST_RUNS if official else runs,
        "seconds": round(FEWEST_SECONDS) if official else 0,
        "cool_down": round(cool_down),
        "sustained": round(60 * minutes),
    }
    extras = [word for key, number in numbers.items() for word in ("--ei", key, str(number))]
    extras += ["--es", "accelerator", accelerator, "--ez", "accuracy", "true" if official else "false"]
    timeout += cool_down + 60 * minutes
    sent = []
    try:
        phone.run_as("mkdir", "-p", FOLDER)
        for extra, file, suffix in (("model", model, ".onnx"), ("photo", picture, ".photo")):
            if file is not None:
                sent.append(name + suffix)
                _send(phone, file, name + suffix)
                extras += ["--es", extra, name + suffix]
        started = _start(phone, [*extras, "--es", "output", output])
        text = _wait(phone, f"{FOLDER}/{output}", timeout, poll, started)
    finally:
        # An error from above matters more than a phone that can no longer be cleaned up.
        with suppress(AdbError):
            _clean_up(phone, sent, output)
    return _with_verdict(_result(text, model), reference)


def _onnx_file(artifact: str | os.PathLike[str]) -> Path:
    file = library.find(artifact)
    if file.suffix != ".onnx":
        raise ArtifactUnsuitable(f"{file}: the demo app runs .onnx artifacts; export it with --format onnx")
    return file


def _send(phone: Phone, file: Path, name: str) -> None:
    staged = f"{STAGING}/{name}"
    phone.shell("mkdir", "-p", STAGING)
    phone.adb("push", str(file), staged, seconds=TRANSFER_SECONDS)
    phone.shell("chmod", "644", staged)  # adb keeps the mode of the local file, which may exclude other users
    phone.run_as("cp", staged, f"{FOLDER}/{name}", seconds=TRANSFER_SECONDS)


def _start(phone: Phone, extras: list[str]) -> str:
    """Starts the app in a fresh process and returns the phone's time before, in seconds since 1970."""
    phone.shell("input", "keyevent", "KEYCODE_WAKEUP")
    now = phone.shell("date", "+%s").strip()
    phone.start(ACTIVITY, "-a", ACTION, *extras)
    return now


def _wait(phone: Phone, output: str, timeout: float, poll: float, started: str) -> str:
    """Waits for the output and returns its text. Raises AppCrashed or PhoneTimeout."""
    deadline = monotonic() + timeout
    while True:
        alive = phone.is_running()
        # In this order: an app that wrote its result and then ended has not crashed.
        text = phone.read(output)
        if text is not None:
            return text
        if not alive:
            raise AppCrashed(
                f"{phone.serial}: the demo app ended without a result; it crashed, or Android stopped it, "
                "for example because memory ran out",
                _log(phone, started),
            )
        if monotonic() > deadline:
            raise PhoneTimeout(
                f"{phone.serial}: no result after {timeout:.0f} s; ask for fewer runs, allow more time, "
                "and keep the phone's screen on"
            )
        sleep(poll)


def _log(phone: Phone, since: str) -> list[str]:
    """Returns the last lines of the phone's log that concern the app."""
    since_then = ["-T", f"{since}.0"] if since.isdecimal() else []
    text = phone.adb("logcat", "-d", "-b", "main,system,crash", *since_then)
    lines = [line for line in text.splitlines() if any(word in line for word in _LOG_WORDS)]
    return [one_line(line) for line in lines[-_LOG_LINES:]]


def _clean_up(phone: Phone, sent: list[str], output: str) -> None:
    phone.shell("am", "force-stop", PACKAGE)
    if sent:
        phone.shell("rm", "-f", *(f"{STAGING}/{name}" for name in sent))
    phone.run_as("rm", "-f", *(f"{FOLDER}/{name}" for name in (*sent, output, f"{output}.part")))


def _result(text: str, model: Path | None) -> Result:
    """Returns the one result that the app wrote, labelled with the local artifact's name."""
    document = _document(text)
    if len(document.results) != 1:
        raise AppResultInvalid("the demo app's result does not hold exactly one measurement")
    result, environment = document.results[0], document.environment
    name = "bundled" if model is None else model.name
    threads = count(result.threads, "thread")
    return msgspec.structs.replace(
        result,
        label=f"{name} on {environment.get('machine', 'a phone')}, {threads}",
        artifact="bundled" if model is None else str(model),
        environment=environment,
    )


def _with_verdict(result: Result, reference: list[float] | None) -> Result:
    """Returns the result with Python's scores of the pictures, which the phone does not have, and judged."""
    if result.accuracy is not None and reference is not None:
        accuracy = msgspec.structs.replace(result.accuracy, reference=tuple(reference))
        result = msgspec.structs.replace(result, accuracy=accuracy)
    return msgspec.structs.replace(result, verdict=judge(result))


def _document(text: str) -> Document:
    try:
        return parse(text, "the demo app's result")
    except BenchmarkFileInvalid as error:
        raise AppResultInvalid(f"{error}; install an app of the same version as mobileiqa-sdk") from error
