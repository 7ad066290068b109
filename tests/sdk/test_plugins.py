"""Another package adds a runtime, a command and an engine without a change to the SDK."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from . import artifacts

PACKAGE = Path(__file__).parents[1] / "plugin_package"
ENTRY_POINTS = """
[mobileiqa.runtimes]
grey = mobileiqa_grey:RUNTIME
broken = mobileiqa_grey:NO_SUCH_NAME
wrong = mobileiqa_grey:ENGINE

[mobileiqa.commands]
grey = mobileiqa_grey.command:command
lost = mobileiqa_grey.no_such_module:command

[mobileiqa.engines]
grey = mobileiqa_grey:ENGINE
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which the package is installed as pip would leave it."""
    folder = tmp_path / "site" / "mobileiqa_grey-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: mobileiqa-grey\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(ENTRY_POINTS)
    paths = [str(folder.parent), str(PACKAGE), *(path for path in sys.path if path)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "MOBILEIQA_HOME": str(tmp_path / "home")}


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    path = tmp_path / "artifact" / "model.grey"
    path.parent.mkdir()
    path.write_text(json.dumps(artifacts.contract()))
    return path


def mobileiqa(environment: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mobileiqa_sdk", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
    )


def test_a_runtime_of_another_package(environment: dict[str, str], artifact: Path, photos: list[str]) -> None:
    for model in (artifact, artifact.parent):
        done = mobileiqa(environment, "score", "-m", model, photos[2])
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("0.50")
    assert mobileiqa(environment, "score", "-m", artifact, "--runtime", "grey", photos[2]).returncode == 0
    done = mobileiqa(environment, "verify", artifact)
    assert done.stdout.splitlines()[-1] == "passed", done.stderr
    answer = json.loads(mobileiqa(environment, "doctor", "--json").stdout)
    assert answer["runtimes"]["grey"] != "not installed"
    assert not {"broken", "wrong"} & answer["runtimes"].keys()
    assert "grey" in mobileiqa(environment, "score", "--help").stdout


def test_a_command_of_another_package(environment: dict[str, str]) -> None:
    done = mobileiqa(environment, "grey", "day")
    assert (done.returncode, done.stdout) == (0, "grey day\n")
    lines = [line.split(maxsplit=1) for line in mobileiqa(environment, "--help").stdout.splitlines()]
    assert ["grey", "Added by mobileiqa-grey."] in lines
    done = mobileiqa(environment, "lost")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no_such_module" in done.stderr


def test_an_engine_of_another_package(environment: dict[str, str]) -> None:
    code = "from mobileiqa_sdk import plugins; print(plugins.registered(plugins.ENGINES)['grey'].load())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, env=environment
    )
    assert done.stdout.strip() == "mobileiqa_grey.engine"


def test_scoring_with_the_sdks_own_runtimes_looks_for_no_other(
    environment: dict[str, str], tiny: Path, photos: list[str]
) -> None:
    code = """
import sys
from mobileiqa_sdk import plugins
def refuse(group): raise AssertionError(group)
plugins.registered = refuse
from mobileiqa_sdk.cli import main
sys.argv = ["mobileiqa", *sys.argv[1:]]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
assert "importlib.metadata" not in sys.modules
assert "mobileiqa_grey" not in sys.modules
"""
    for arguments in (
        ["score", photos[0]],
        ["score", "-m", tiny, *photos],
        ["score", "-m", tiny.parent, "--runtime", "onnx", photos[0]],
        ["models"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=environment,
        )
        assert done.returncode == 0, done.stderr
