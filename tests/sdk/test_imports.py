"""What is imported when, and that scoring stays on this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEAVY = (
    "torch",
    "torchvision",
    "timm",
    "onnx",
    "onnxscript",
    "scipy",
    "mobileiqa_export",
    "mobileiqa_bench",
    "pillow_heif",
    "pyarrow",
    "fsspec",
    "ray",
)


def python(code: str, *arguments: str, **options: Any) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def modules_after(code: str, *arguments: str) -> set[str]:
    ending = "\nimport sys, json; sys.stderr.flush(); print('\\n' + json.dumps(sorted(sys.modules)))"
    return set(json.loads(python(code + ending, *arguments).splitlines()[-1]))


CALL = """
from mobileiqa_sdk.cli import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
"""


def test_the_package_imports_nothing_heavy() -> None:
    assert not modules_after("import mobileiqa_sdk").intersection(HEAVY)


def test_the_package_alone_imports_next_to_nothing() -> None:
    """What it imports is imported before the command can notice Ctrl-C."""
    assert not modules_after("import mobileiqa_sdk").intersection({"logging", "typing", "click"})


def test_no_module_of_the_package_imports_the_others() -> None:
    code = """
import importlib, pkgutil, mobileiqa_sdk
for module in pkgutil.walk_packages(mobileiqa_sdk.__path__, "mobileiqa_sdk."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
    loaded = modules_after(code)
    assert "mobileiqa_sdk.cli.doctor" in loaded
    assert "mobileiqa_sdk.runtimes.onnx" in loaded
    assert not loaded.intersection(HEAVY)


def test_the_command_score_imports_nothing_heavy(tiny: Path, photos: list[str]) -> None:
    loaded = modules_after(CALL, "score", "-m", str(tiny), *photos)
    assert "onnxruntime" in loaded
    assert not loaded.intersection(HEAVY)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]])
def test_version_and_help_import_no_runtime(arguments: list[str]) -> None:
    loaded = modules_after(CALL, *arguments)
    assert "click" in loaded
    assert not loaded.intersection(("onnxruntime", *HEAVY))


def test_version_is_fast() -> None:
    assert not modules_after(CALL, "--version").intersection(("numpy", "PIL"))


def test_the_package_alone_imports_neither_numpy_nor_pillow() -> None:
    assert not modules_after("import mobileiqa_sdk").intersection(("numpy", "PIL"))


def test_its_names_import_nothing_that_scoring_may_not_need() -> None:
    added = modules_after("from mobileiqa_sdk import Scorer, score") - modules_after(
        "import numpy, PIL.Image"
    )
    assert "mobileiqa_sdk.scorer" in added
    for module in (
        "onnxruntime",
        "click",
        "hashlib",
        "concurrent.futures",
        "PIL.ImageCms",
        "PIL.JpegImagePlugin",
    ):
        assert module not in added


def test_importing_twice_from_threads_is_fine(tiny: Path, photos: list[str]) -> None:
    code = """
import sys
from concurrent.futures import ThreadPoolExecutor
def work(_):
    import mobileiqa_sdk
    return mobileiqa_sdk.Scorer(sys.argv[1]).score(sys.argv[2])
with ThreadPoolExecutor(4) as pool:
    assert len(set(pool.map(work, range(8)))) == 1
"""
    python(code, str(tiny), photos[0])


OFFLINE = """
import os, sys
seen = []
def hook(event, arguments):
    network = ("socket.", "urllib.", "http.", "ftplib.", "smtplib.")
    if event.startswith((*network, "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork")):
        seen.append((event, str(arguments)))
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        seen.append((event, str(arguments)))
sys.dont_write_bytecode = True
sys.addaudithook(hook)
import mobileiqa_sdk
scorer = mobileiqa_sdk.Scorer(sys.argv[1] or None)
scorer.score(sys.argv[2])
assert all(isinstance(one, mobileiqa_sdk.Assessment) for one in scorer.score_many(sys.argv[2:]))
for url in ("http://example.org/a.jpg", "https://example.org/a.jpg", "ftp://example.org/a.jpg"):
    (error,) = scorer.score_many([url])
    assert isinstance(error, mobileiqa_sdk.PhotoError)
assert seen == [], seen
import socket
socket.socket().close()
assert seen, "the hook sees nothing"
"""


@pytest.mark.parametrize("which", ["tiny", "bundled"])
def test_scoring_opens_no_connection_and_writes_no_file(tiny: Path, photos: list[str], which: str) -> None:
    python(OFFLINE, str(tiny) if which == "tiny" else "", *photos)


def test_scoring_works_where_nothing_can_be_written(tiny: Path, photos: list[str]) -> None:
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nonexistent"}
    code = "import sys, mobileiqa_sdk; print(mobileiqa_sdk.Scorer(sys.argv[1]).score(sys.argv[2]))"
    assert float(python(code, str(tiny), photos[2], env=environment, cwd="/")) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("package", "command"), [("mobileiqa_bench", "benchmark"), ("mobileiqa_export", "export")]
)
def test_packages_with_a_command_run_it(package: str, command: str) -> None:
    pytest.importorskip(package)
    code = (
        f"import runpy, sys; sys.argv = ['x', '--help']; runpy.run_module({package!r}, run_name='__main__')"
    )
    assert python(code).startswith(f"Usage: mobileiqa {command} [OPTIONS]")
