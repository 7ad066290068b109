"""An ``adb`` with a phone behind it that has the demo app: as much of both as docs/android-benchmark.md uses.

The folder in ``FAKE_ADB`` holds ``scenario.json`` (what is special about this phone), ``phone/`` (its files)
and ``calls.jsonl`` (every command line). Words after ``shell`` are joined and split again, as a phone does.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any, NoReturn

HOME = Path(os.environ["FAKE_ADB"])
PHONE = HOME / "phone"
APP = PHONE / "data/data/ai.mobileiqa.demo"
PACKAGE = "ai.mobileiqa.demo"
SCENARIO: dict[str, Any] = json.loads((HOME / "scenario.json").read_text())
STATE = HOME / "state.json"


def fail(text: str, code: int = 1) -> NoReturn:
    print(text, file=sys.stderr)
    sys.exit(code)


def state(**changes: Any) -> dict[str, Any]:
    actual = json.loads(STATE.read_text()) if STATE.exists() else {"running": False, "polls": 0, "extras": {}}
    actual.update(changes)
    STATE.write_text(json.dumps(actual))
    return dict(actual)


def main(words: list[str]) -> None:
    with open(HOME / "calls.jsonl", "a") as file:
        file.write(json.dumps(words) + "\n")
    if words == ["devices"]:
        print("List of devices attached")
        for serial, kind in SCENARIO["devices"]:
            print(f"{serial}\t{kind}")
        print()
        return
    assert words[0] == "-s"
    attached = dict(SCENARIO["devices"])
    if attached.get(words[1]) != "device" or (SCENARIO["app"] == "unplugged" and state()["running"]):
        fail(f"adb: device '{words[1]}' not found")
    command, rest = words[2], words[3:]
    if command == "push":
        target = PHONE / rest[1].lstrip("/")
        if not target.parent.is_dir():
            fail(f"adb: error: failed to copy: {rest[1]}: No such file or directory")
        shutil.copy(rest[0], target)
        print(f"{rest[0]}: 1 file pushed")
    elif command == "logcat":
        assert rest == ["-d", "-b", "main,system,crash", "-T", "1732170000.0"]
        print(SCENARIO["log"])
    elif command == "shell":
        shell(shlex.split(" ".join(rest)))
    else:
        fail(f"adb: unknown command {command}")


def shell(words: list[str]) -> None:
    match words:
        case ["run-as", package, *rest]:
            run_as(package, rest)
        case ["am", "start", *rest]:
            start(rest)
        case ["am", "force-stop", _]:
            state(running=False)
        case ["pidof", package]:
            assert package == PACKAGE
            if not state()["running"]:
                sys.exit(1)
            print(4711)
        case ["input", "keyevent", "KEYCODE_WAKEUP"]:
            pass
        case ["date", "+%s"]:
            print(1732170000)
        case _:
            tool(words, PHONE)


def run_as(package: str, words: list[str]) -> None:
    if SCENARIO["app"] == "missing":
        fail(f"run-as: unknown package: {package}")
    if SCENARIO["app"] == "release":
        fail(f"run-as: package not debuggable: {package}")
    if words[0] == "cat" and state()["running"]:
        work(words[1])
    tool(words, APP)


def tool(words: list[str], folder: Path) -> None:
    """The phone's mkdir, chmod, rm, cp and cat."""

    def place(name: str) -> Path:
        return PHONE / name.lstrip("/") if name.startswith("/") else folder / name

    match words:
        case ["mkdir", "-p", name]:
            place(name).mkdir(parents=True, exist_ok=True)
        case ["chmod", mode, name]:
            place(name).chmod(int(mode, 8))
        case ["rm", "-f", *names]:
            for name in names:
                place(name).unlink(missing_ok=True)
        case ["cp", source, target]:
            if not place(source).stat().st_mode & 0o004:
                fail(f"cp: {source}: Permission denied")
            shutil.copy(place(source), place(target))
        case ["cat", name]:
            if not place(name).exists():
                fail(f"cat: {name}: No such file or directory")
            sys.stdout.write(place(name).read_text())
        case _:
            fail(f"/system/bin/sh: {words[0]}: inaccessible or not found", 127)


def start(words: list[str]) -> None:
    assert words[:6] == ["-S", "-W", "-n", f"{PACKAGE}/.BenchmarkActivity", "-a", f"{PACKAGE}.BENCHMARK"]
    print("Starting: Intent { act=... }")
    if SCENARIO["app"] == "old":
        print("Error type 3\nError: Activity class {x} does not exist.", file=sys.stderr)
        return  # with status 0, as am does
    kinds: dict[str, Any] = {"--es": str, "--ei": int, "--ez": lambda text: text == "true"}
    triples = zip(words[6::3], words[7::3], words[8::3], strict=True)
    extras = {name: kinds[kind](value) for kind, name, value in triples}
    state(running=True, polls=SCENARIO["polls"], extras=extras)
    print("Status: ok\nComplete")


def work(output: str) -> None:
    """The app's progress, a step for each look at its output."""
    now = state()
    if now["polls"]:
        state(polls=now["polls"] - 1)
        return
    if SCENARIO["app"] == "crashes":
        state(running=False)
    if SCENARIO["app"] in ("crashes", "hangs"):
        return
    extras = now["extras"]
    files = {
        name: hashlib.sha256((APP / "files/benchmark" / extras[name]).read_bytes()).hexdigest()
        for name in ("model", "photo")
        if name in extras
    }
    document = SCENARIO["document"]
    if isinstance(document, dict) and document.get("results"):
        document["results"][0].update(threads=extras["threads"])
        if extras["accuracy"]:
            pictures = {"pictures": "waves-1", "scores": [0.25, 0.5], "reference": None, "tolerance": 1e-4}
            document["results"][0].update(accuracy=pictures, cool_down_seconds=extras["cool_down"])
        if isinstance(document["environment"], dict):
            document["environment"]["received"] = files
    assert output == f"files/benchmark/{extras['output']}"
    (APP / output).write_text(document if isinstance(document, str) else json.dumps(document))
    if SCENARIO["app"] == "ends":
        state(running=False)


main(sys.argv[1:])
