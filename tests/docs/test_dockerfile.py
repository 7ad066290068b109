"""The Dockerfile's steps, as far as they can be tried without Docker."""

from __future__ import annotations

import fnmatch
import re
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
STEPS = re.findall(r"^([A-Z]+) (.*)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)


def step(name: str) -> list[str]:
    return [text for instruction, text in STEPS if instruction == name]


def test_it_runs_as_a_user_without_rights() -> None:
    (user,) = step("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)  # a number: Kubernetes' runAsNonRoot cannot check a name
    names = [instruction for instruction, _ in STEPS]
    assert names.index("USER") > max(number for number, name in enumerate(names) if name == "RUN")


def test_its_command_is_the_packages() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert step("ENTRYPOINT") == ['["mobileiqa"]']
    assert "mobileiqa" in scripts
    assert all("slim" in image for image in step("FROM"))


def test_its_context_has_what_the_wheel_needs() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert lines[0] == "*"
    kept = [line[1:] for line in lines if line.startswith("!")]
    assert all((ROOT / path).exists() for path in kept)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = [
        *wheel["packages"],
        *wheel["force-include"],
        project["project"]["readme"],
        *project["project"]["license-files"],
        "pyproject.toml",
    ]
    for path in needed:
        assert any(path == one or fnmatch.fnmatch(path, f"{one}/*") for one in kept), path
