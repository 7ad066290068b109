"""A process in a home of its own, to see which files it leaves and whether it opens sockets."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FOLDERS = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
"""Variables that name the folders that programs write to."""

# Sockets of the process and of native code in it: what Python announces, and what the kernel lists.
COMMAND = """
import os, sys
seen = []
sys.addaudithook(lambda event, arguments: event.startswith("socket.") and seen.append((event, arguments)))
from mobileiqa_sdk.cli import main
sys.argv = ["mobileiqa", *sys.argv[1:]]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
assert seen == [], seen
if os.path.isdir("/proc/self/fd"):
    targets = []
    for name in os.listdir("/proc/self/fd"):
        try:
            targets.append(os.readlink(f"/proc/self/fd/{name}"))
        except OSError:
            pass  # the descriptor of the listing itself
    assert not [target for target in targets if target.startswith("socket:")], targets
"""
"""Python that runs the command ``mobileiqa`` with its arguments, and fails if that opens a socket."""


def environment(home: Path, **more: str) -> dict[str, str]:
    """One folder for everything that programs write, and nothing of the caller's environment."""
    return {
        **dict.fromkeys(FOLDERS, str(home)),
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONDONTWRITEBYTECODE": "1",
        **more,
    }


def files_in(folder: Path) -> list[str]:
    """Returns the paths of all files below a folder, relative to it."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())
