"""A phone connected by ``adb``."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass

from .errors import (
    AdbError,
    AdbFailed,
    AdbMissing,
    AppMissing,
    NoPhone,
    PhoneTimeout,
    PhoneUnauthorized,
    SeveralPhones,
)

PACKAGE = "ai.mobileiqa.demo"
ACCELERATORS = ("cpu", "xnnpack", "nnapi")
"""What the app can be asked to compute on."""
SECONDS = 60.0
"""Seconds that an ordinary command may take."""
_INSTALL = "build and install it as android_demo/README.md says"


@dataclass(frozen=True)
class Phone:
    """A phone, identified by its serial number; :meth:`attached` returns one that is ready."""

    serial: str

    @classmethod
    def attached(cls, serial: str | None = None) -> Phone:
        """Returns the phone with this serial, else that of ``ANDROID_SERIAL``, else the only one that is
        ready.

        Raises:
            AdbMissing: adb is not installed.
            NoPhone, SeveralPhones, PhoneUnauthorized: no phone is ready, or several are and none is named.
        """
        states = _states()
        serial = serial or os.environ.get("ANDROID_SERIAL")
        ready = [name for name, state in states.items() if state == "device"]
        listed = ", ".join(f"{name} ({state})" for name, state in states.items()) or "nothing"
        if serial is None and len(ready) > 1:
            raise SeveralPhones(f"several phones are attached ({listed}); name one: --adb SERIAL")
        if serial is None:
            serial = next(iter(ready or states), "")
        if serial not in states:
            raise NoPhone(
                f"no phone{serial and f' {serial}'} is attached, but {listed}; connect it by USB, switch on "
                "USB debugging in its developer options, and see `adb devices`"
            )
        if states[serial] == "unauthorized":
            raise _unauthorized(serial)
        if states[serial] != "device":
            raise NoPhone(f"{serial}: is not ready ({states[serial]}); reconnect it, and see `adb devices`")
        return cls(serial)

    def adb(self, *arguments: str, seconds: float = SECONDS) -> str:
        """Returns what an adb command wrote to stdout. Raises AdbError."""
        done = _adb("-s", self.serial, *arguments, seconds=seconds)
        if done.returncode:
            raise self._named_error(arguments, done)
        return done.stdout

    def shell(self, *command: str, seconds: float = SECONDS) -> str:
        """Runs a command on the phone; its words must not need quoting. Raises AdbError."""
        return self.adb("shell", *command, seconds=seconds)

    def run_as(self, *command: str, seconds: float = SECONDS) -> str:
        """Runs a command as the app, in its data folder. Raises AdbError."""
        return self.shell("run-as", PACKAGE, *command, seconds=seconds)

    def start(self, activity: str, *arguments: str) -> None:
        """Starts an activity in a fresh process of its app. Raises AdbError."""
        command = ("shell", "am", "start", "-S", "-W", "-n", activity, *arguments)
        done = _adb("-s", self.serial, *command)
        # In many versions, am exits with 0 whatever happened.
        if done.returncode or re.search("^(Error|Exception)", done.stdout + done.stderr, re.MULTILINE):
            raise self._named_error(command, done)

    def read(self, file: str) -> str | None:
        """Returns the text of one of the app's files; None if it does not exist. Raises AdbError."""
        try:
            return self.run_as("cat", file)
        except AdbFailed as error:
            if "No such file" in str(error):
                return None
            raise

    def is_running(self) -> bool:
        """Returns whether the app has a process. Raises AdbError."""
        done = _adb("-s", self.serial, "shell", "pidof", PACKAGE)
        if done.returncode and done.stderr.strip():
            raise self._named_error(("shell", "pidof", PACKAGE), done)
        return bool(done.stdout.strip())

    def _named_error(self, arguments: tuple[str, ...], done: subprocess.CompletedProcess[str]) -> AdbError:
        output = f"{done.stdout}\n{done.stderr}"
        if "unauthorized" in output:
            return _unauthorized(self.serial)
        # Only adb's own messages: the phone itself may also say that a file is not found.
        if re.search(r"^(adb|error): .*(not found|offline|no devices|closed)", output, re.MULTILINE):
            return NoPhone(
                f"{self.serial}: was disconnected ({_last_line(output)}); reconnect it, and measure again"
            )
        if re.search(r"run-as: .*(unknown|not found|not installed)", output):
            return AppMissing(f"{self.serial}: the demo app is not installed; {_INSTALL}")
        if re.search(r"run-as: .*not debuggable", output):
            return AppMissing(f"{self.serial}: the demo app on it is not a debug build; {_INSTALL}")
        if re.search(r"Activity class .* does not exist", output):
            return AppMissing(f"{self.serial}: the demo app on it has no benchmark screen; {_INSTALL}")
        command = " ".join(arguments[:5])
        return AdbFailed(f"{self.serial}: adb {command}: exit status {done.returncode}: {_last_line(output)}")


def _states() -> dict[str, str]:
    """Returns state by serial, as ``adb devices`` lists them."""
    done = _adb("devices")
    if done.returncode:
        raise AdbFailed(f"adb devices: exit status {done.returncode}: {_last_line(done.stderr)}")
    lines = (line.split("\t", 1) for line in done.stdout.splitlines() if "\t" in line)
    return {serial: state.strip() for serial, state in lines}


def _adb(*arguments: str, seconds: float = SECONDS) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - no shell here; for the phone's see `Phone.shell`
            ["adb", *arguments],  # noqa: S607 - whichever adb the user has
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except FileNotFoundError as error:
        raise AdbMissing("adb is not installed or not in PATH; install Android's platform-tools") from error
    except OSError as error:
        raise AdbMissing(f"adb cannot be run ({error}); install Android's platform-tools again") from error
    except subprocess.TimeoutExpired as error:
        command = " ".join(arguments[:6])
        raise PhoneTimeout(f"adb {command}: no answer in {seconds:.0f} s; reconnect the phone") from error


def _unauthorized(serial: str) -> PhoneUnauthorized:
    return PhoneUnauthorized(f"{serial}: does not trust this computer; accept the dialog on its screen")


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]
