"""Fresh processes that measure: started, read until a deadline, and always ended.

A process is started so that a module in the working folder cannot take the place of an installed one, and in
a group of its own, so that it is ended together with everything it has started.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from time import monotonic
from types import TracebackType
from typing import IO, Any, Final

from mobileiqa_sdk._text import one_line

from .child import ProcessJob
from .errors import ProcessFailed, ProcessTimeout

TIMEOUT: Final = 900.0
"""Seconds for one process. Loading, compiling and all runs of the slowest baseline take a fraction of it."""
PREPARATION_TIMEOUT: Final = 6 * 3600.0
"""Seconds for a process that exports or converts a network."""
MAX_OUTPUT: Final = 256 << 20
"""Bytes of a process's output that are kept, counted from its end."""
_GRACE: Final = 5.0
"""Seconds that a killed process gets to disappear."""
_LOOK: Final = 1.0
"""Seconds between two looks at whether a process that keeps silent still runs."""

# `python -m` and `python -c` put the working folder first on the path; only `sys` is imported before it goes.
_BOOTSTRAP: Final = """\
import sys
if not getattr(sys.flags, "safe_path", False):
    del sys.path[0]
import runpy
del sys.argv[0]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def measure(job: ProcessJob, timeout: float = TIMEOUT) -> dict[str, Any]:
    """Runs a job in a process of its own and returns what it measured. Raises ProcessFailed."""
    return ask("mobileiqa_bench.child", job.to_json(), threads=job.threads, timeout=timeout)


def ask(module: str, *arguments: str, threads: int | None = None, timeout: float = TIMEOUT) -> dict[str, Any]:
    """Runs a module that prints a JSON object as its last line, and returns that. Raises ProcessFailed."""
    with Child(module, *arguments, threads=threads, timeout=timeout) as child:
        return child.answer()


def run(module: str, *arguments: str, timeout: float = PREPARATION_TIMEOUT) -> None:
    """Runs a module for what it leaves on disk. Raises ProcessFailed with the last line of its errors."""
    with Child(module, *arguments, timeout=timeout) as child:
        child.finish()


def photos_per_second(job: ProcessJob, processes: int, timeout: float = TIMEOUT) -> float:
    """Runs a counting job in several processes at once, which begin when all have loaded.

    Raises:
        ProcessFailed: one of them failed; the others are ended.
    """
    with ExitStack() as stack:
        children = [
            stack.enter_context(
                Child("mobileiqa_bench.child", job.to_json(), threads=job.threads, timeout=timeout)
            )
            for _ in range(processes)
        ]
        for child in children:
            child.wait_for("ready")
        for child in children:
            child.tell("go")
        counted = [child.answer() for child in children]
    return float(sum(values["photos"] / values["seconds"] for values in counted))


class Child:
    """A module that runs as ``__main__`` in a fresh Python process, which the ``with`` statement ends.

    Args:
        module: to run.
        arguments: its ``sys.argv[1:]``.
        threads: OpenMP's number of threads; None leaves it as it is.
        timeout: seconds from the start until the process must have ended, whatever it is waiting for.

    Raises:
        ProcessFailed: the process cannot be started.
    """

    def __init__(
        self, module: str, *arguments: str, threads: int | None = None, timeout: float = TIMEOUT
    ) -> None:
        self._timeout = timeout
        self._deadline = monotonic() + timeout
        try:
            self._process = subprocess.Popen(  # noqa: S603 - one of our modules
                [sys.executable, "-c", _BOOTSTRAP, module, *arguments],
                env=_environment(threads),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Windows ignores it
            )
        except (OSError, ValueError) as error:
            raise ProcessFailed(f"a process cannot be started ({error})") from error
        self._out = _Output(_opened(self._process.stdout))
        self._err = _Output(_opened(self._process.stderr))

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        running = self._process.poll() is None
        if running or not (self._out.has_ended and self._err.has_ended):
            self._kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        self._close_stdin()
        self._out.close(_GRACE)
        self._err.close(_GRACE)

    def line(self) -> str:
        """Returns the next line of its output, stripped. Raises ProcessFailed if it ends without one."""
        while True:
            line = self._out.take_line(self._next_look())
            if line is not None:
                return line.strip()
            if self._out.has_ended or self._has_ended():
                self.finish()
                raise ProcessFailed("it ended before it was ready")

    def wait_for(self, text: str) -> None:
        """Reads its output up to a line with this text. Raises ProcessFailed if it ends without it."""
        while self.line() != text:
            pass

    def tell(self, text: str) -> None:
        """Writes a line to its input. A process that has ended says why when it is read from."""
        with suppress(OSError):
            stdin = _opened(self._process.stdin)
            stdin.write(f"{text}\n".encode())
            stdin.flush()

    def finish(self) -> str:
        """Returns the rest of its output once it has ended with exit status 0.

        Raises:
            ProcessFailed: it ended otherwise; the message is the last line of its errors.
            ProcessTimeout: it did not end in time.
        """
        self._close_stdin()
        while not (self._out.wait(self._next_look()) or self._has_ended()):
            pass
        try:
            status = self._process.wait(max(self._deadline - monotonic(), 0))
        except subprocess.TimeoutExpired:
            raise self._late() from None
        # Its own child processes may still hold its output open.
        if not (self._out.wait(_LOOK) and self._err.wait(_LOOK)):
            self._kill()
        if status:
            raise ProcessFailed(_reason(status, self._err.text(_GRACE)))
        return self._out.text(_GRACE)

    def answer(self) -> dict[str, Any]:
        """Returns the JSON object in the last line of its output. Raises ProcessFailed."""
        lines = self.finish().splitlines()
        try:
            values = json.loads(lines[-1] if lines else "", parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise ProcessFailed("it printed no result") from error
        if not isinstance(values, dict):
            raise ProcessFailed("it printed no result")
        return values

    def _next_look(self) -> float:
        """Returns how long to wait before the next look at the process. Raises ProcessTimeout."""
        remaining = self._deadline - monotonic()
        if remaining <= 0:
            raise self._late()
        return min(remaining, _LOOK)

    def _has_ended(self) -> bool:
        return self._process.poll() is not None

    def _late(self) -> ProcessTimeout:
        return ProcessTimeout(
            f"not done after {self._timeout:g} s; allow it more time, or ask for fewer runs"
        )

    def _close_stdin(self) -> None:
        with suppress(OSError):
            _opened(self._process.stdin).close()

    def _kill(self) -> None:
        """Ends the process and what it has started; on Windows the process alone."""
        if sys.platform == "win32":
            self._process.kill()
        else:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


class _Output:
    """A stream that a thread empties, so that its writer never waits. Keeps the last `MAX_OUTPUT` bytes."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._kept = bytearray()
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._empty, daemon=True)
        self._thread.start()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more can come."""
        return self._ended

    def take_line(self, seconds: float) -> str | None:
        """Removes and returns a line with its newline; None if none has come within these seconds."""
        with self._changed:
            self._changed.wait_for(lambda: b"\n" in self._kept or self._ended, seconds)
            end = self._kept.find(b"\n") + 1
            if not end:
                return None
            line = bytes(self._kept[:end])
            del self._kept[:end]
        return line.decode(errors="replace")

    def wait(self, seconds: float) -> bool:
        """Waits for the end of the stream, and returns whether it has come."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, seconds)

    def text(self, seconds: float) -> str:
        """Returns what is left, after at most these seconds of waiting for the stream's end."""
        self.wait(seconds)
        with self._changed:
            return self._kept.decode(errors="replace")

    def close(self, seconds: float) -> None:
        """Closes the stream, unless something holds its other end open still."""
        self._thread.join(seconds)
        if not self._thread.is_alive():
            self._stream.close()

    def _empty(self) -> None:
        # Returns what is there, and nothing at the end of the pipe.
        while chunk := os.read(self._stream.fileno(), 1 << 16):
            with self._changed:
                self._kept += chunk
                if len(self._kept) > MAX_OUTPUT:
                    del self._kept[: len(self._kept) - MAX_OUTPUT]
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def _opened(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - every stream of a Child is a pipe
    return stream


def _environment(threads: int | None) -> dict[str, str]:
    ours = {
        "PYTHONIOENCODING": "utf-8:backslashreplace",
        "PYTHONSAFEPATH": "1",  # for the processes that it starts; Python 3.10 ignores it
        "ORT_DISABLE_TELEMETRY": os.environ.get("ORT_DISABLE_TELEMETRY", "1"),
    }
    if threads is not None:
        # Not every library has an option for it: those built on OpenMP read this variable.
        ours["OMP_NUM_THREADS"] = str(threads)
    return {**os.environ, **ours}


def _reason(status: int, errors: str) -> str:
    """Returns why a process failed, in one line."""
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return f"ended by {name}" + (": most likely out of memory" if name == "SIGKILL" else "")
    lines = errors.strip().splitlines()
    return one_line(lines[-1]) if lines else f"exit status {status}"


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not a number")
