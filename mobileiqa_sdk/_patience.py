"""Runs long work so that Ctrl-C takes effect at once and the work ends in time.

Decoders are C code, which no signal interrupts. So large pictures are decoded on a thread of their own, and
the thread that needs the picture waits. Work that nobody is waiting for any more ends by itself or with the
process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from ._refusal import Refusal
from .errors import PhotoTooLarge

MAX_SECONDS = 120
"""Seconds that a large photo may take from the start of decoding to the picture in sRGB."""

_STEP = 0.1  # seconds between two looks at the clock

_Result = TypeVar("_Result")

interrupted = threading.Event()
"""Set while a batch that Ctrl-C has ended stops its workers: signals interrupt only the main thread."""


def run(work: Callable[[], _Result]) -> _Result:
    """Returns what ``work`` returns, or raises what it raises.

    Raises:
        Refusal: it takes more than `MAX_SECONDS`.
        KeyboardInterrupt: Ctrl-C, or `interrupted`.
    """
    results: list[_Result] = []
    errors: list[BaseException] = []

    def keep_result() -> None:
        try:
            results.append(work())
        except BaseException as error:  # raised below, on the thread that waits
            errors.append(error)

    thread = threading.Thread(target=keep_result, name="mobileiqa-decode", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # no memory for another thread
        return work()
    end = time.monotonic() + MAX_SECONDS
    while thread.is_alive():
        thread.join(_STEP)
        if interrupted.is_set():
            raise KeyboardInterrupt
        if time.monotonic() > end:
            reason = f"takes more than {MAX_SECONDS} seconds to decode; pass a smaller copy"
            raise Refusal(PhotoTooLarge, reason)
    if errors:
        raise errors[0]
    return results[0]
