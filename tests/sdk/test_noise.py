"""Other libraries' noise is hidden, and only while it is asked for."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import warnings

import pytest

from mobileiqa_sdk._noise import logs_of_others_off, quiet


def make_noise() -> None:
    print("printed")
    print("printed to stderr", file=sys.stderr)
    os.write(1, b"native\n")
    os.write(2, b"native to stderr\n")
    logging.getLogger("a library").warning("logged")
    logging.warning("logged at the root")
    warnings.warn("a warning", UserWarning, stacklevel=2)


def test_quiet_hides_everything_and_restores_it(capfd: pytest.CaptureFixture[str]) -> None:
    root = logging.root
    before = (list(root.handlers), root.manager.disable, list(warnings.filters), sys.stdout, sys.stderr)
    with quiet():
        make_noise()
    assert capfd.readouterr() == ("", "")
    after = (list(root.handlers), root.manager.disable, list(warnings.filters), sys.stdout, sys.stderr)
    assert after == before
    print("printed", flush=True)
    os.write(1, b"native\n")
    os.write(2, b"native to stderr\n")
    assert capfd.readouterr() == ("printed\nnative\n", "native to stderr\n")


def test_an_error_ends_the_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), quiet():
        print(1 // 0)
    os.write(2, b"after\n")
    assert capfd.readouterr() == ("", "after\n")


def test_what_was_printed_before_is_not_lost() -> None:
    code = (
        "from mobileiqa_sdk._noise import quiet\n"
        "print('before')\nwith quiet(): print('inside')\nprint('after')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "before\nafter\n"


def test_quiet_leaves_the_root_logger_without_a_handler() -> None:
    code = (
        "import logging\nfrom mobileiqa_sdk._noise import quiet\n"
        "with quiet(): logging.info('installs a handler')\nassert not logging.root.handlers"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("silence", ["quiet", "native_stderr_off"])
def test_closed_streams(silence: str) -> None:
    code = f"import os\nfrom mobileiqa_sdk._noise import {silence}\nwith {silence}(): print('x')\n"
    code += "try: os.fstat(2)\nexcept OSError: raise SystemExit(3)"
    command = ["bash", "-c", '"$0" -c "$1" 1>&- 2>&-', sys.executable, code]
    assert subprocess.run(command, check=False).returncode == 3


def test_python_may_write_to_stderr_while_native_code_may_not() -> None:
    code = (
        "import os, sys\nfrom mobileiqa_sdk._noise import native_stderr_off\n"
        "with native_stderr_off():\n"
        "    os.write(2, b'native\\n'); print('python', file=sys.stderr)\n"
        "os.write(2, b'after\\n'); print('end', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "python\nafter\nend\n"


def test_errors_are_still_logged(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("a library")
    with logs_of_others_off():
        log.warning("hidden")
        log.error("shown")
    log.warning("shown again")
    assert caplog.messages == ["shown", "shown again"]
