"""What documents refer to exists: files, headings, commands, options and make's targets."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import click
import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
HIDDEN = {"build", "dist", "shared"}
"""Folders at the root that are not part of the repository."""


def documents() -> list[Path]:
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    return sorted(
        path
        for path in paths
        if path.parts[0] not in HIDDEN
        and not any(part.startswith(".") or part == "node_modules" for part in path.parts)
    )


DOCUMENTS = documents()


@cache
def text_of(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$|`[^`\n]*`", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    result: set[str] = set()
    fenced = re.sub(r"^```.*?^```$", "", text_of(path), flags=re.DOTALL | re.MULTILINE)
    for heading in re.findall(r"^#+ +(.*?) *$", fenced, flags=re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = 0
        while (unique := f"{anchor}-{number}" if number else anchor) in result:
            number += 1
        result.add(unique)
    return result


def links() -> Iterator[tuple[Path, str]]:
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)\s]+)(?: \"[^\"]*\")?\)", without_code(text_of(path))):
            if not re.match(r"[a-z]+:", target):
                yield path, target


@pytest.mark.parametrize(("path", "target"), list(links()), ids=str)
def test_links_and_anchors_resolve(path: Path, target: str) -> None:
    file, _, anchor = target.partition("#")
    linked = (ROOT / path.parent / file).resolve() if file else ROOT / path
    assert linked.exists()
    if anchor:
        assert anchor in anchors(linked.relative_to(ROOT))


def shell_lines(text: str) -> Iterator[str]:
    """Lines of shell code blocks, joined where they end in a backslash, and inline code."""
    for block in re.findall(r"^```(?:sh|bash|console)?\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE):
        yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE))


def commands_in(line: str) -> Iterator[list[str]]:
    """The words of each command of a line."""
    code = re.sub(r"(^|\s)#.*$", "", line.strip().removeprefix("$ "))
    for part in re.split(r"\s*(?:&&|\|\||[;|]|>)\s*", code):
        try:
            words = shlex.split(part)
        except ValueError:  # an apostrophe in prose
            continue
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            words = words[1:]
        if words:
            yield words


@cache
def mobileiqa_command(name: str) -> click.Command:
    """A command of ``mobileiqa``, whether or not this checkout is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    points = project["entry-points"]["mobileiqa.commands"]
    module, _, attribute = points.get(name, f"mobileiqa_sdk.cli.{name}:command").partition(":")
    command: click.Command = getattr(import_module(module), attribute)
    return command


def resolved(words: list[str]) -> tuple[click.Command, list[str]] | None:
    """The click command that these words call, and its arguments; None for other programs."""
    if words[0] == "mobileiqa" and len(words) > 1:
        if re.fullmatch(r"[a-z]+", words[1]) is None:
            return None
        return mobileiqa_command(words[1]), words[2:]
    if words[:3] == ["python", "-m", "training"] and len(words) > 3:
        return import_module("training.cli").commands.commands[words[3]], words[4:]
    if words[:2] == ["python", "-m"] and words[2].startswith("mobileiqa_"):
        module = import_module(words[2])
        commands = [value for value in vars(module).values() if isinstance(value, click.Command)]
        return (commands[0], words[3:]) if len(commands) == 1 else None
    return None


def quoted_commands() -> Iterator[tuple[Path, str]]:
    for path in DOCUMENTS:
        if path.name == "CHANGELOG.md":  # it names what was removed, too
            continue
        for line in shell_lines(text_of(path)):
            for words in commands_in(line):
                if words[0] == "mobileiqa" or words[:2] == ["python", "-m"]:
                    yield path, shlex.join(words)


@pytest.mark.parametrize(("path", "line"), sorted(set(quoted_commands())), ids=str)
def test_commands_have_the_options_that_are_shown(path: Path, line: str) -> None:
    words = [word.strip("[]") for word in shlex.split(line)]
    if words[:2] == ["python", "-m"] and resolved(words) is None:
        module = ROOT / words[2].replace(".", "/")
        sources = [ROOT, ROOT / "export", ROOT / "benchmarks"]
        names = [source / module.relative_to(ROOT) for source in sources]
        external = {"venv", "pytest", "pip", "json.tool", "build", "http.server"}
        assert words[2] in external or any(n.is_dir() or n.with_suffix(".py").is_file() for n in names)
        return
    call = resolved(words)
    if call is None:
        return
    command, arguments = call
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    options |= {"--help", "-h"}
    for word in arguments:
        if re.match(r"--?[a-z]", word):
            assert word.partition("=")[0] in options, f"{path}: {line}"


def test_the_commands_of_the_readme_are_all_checked() -> None:
    """The extraction itself: were it to find nothing, the test above would say nothing."""
    names = {shlex.split(line)[1] for path, line in quoted_commands() if line.startswith("mobileiqa ")}
    assert names >= {"score", "export", "verify", "evaluate", "benchmark", "models", "doctor"}


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_make_has_the_targets_that_documents_name(path: Path) -> None:
    for line in shell_lines(text_of(path)):
        for words in commands_in(line):
            if words[0] == "make" and len(words) > 1:
                assert words[1] in make_targets(), line


def test_the_list_of_slow_tests_is_true() -> None:
    listed = (ROOT / "tests" / "slow.txt").read_text(encoding="utf-8").split()
    assert listed == sorted(set(listed))
    assert [name for name in listed if not (ROOT / name).exists()] == []


ARCHITECTURE = text_of(Path("ARCHITECTURE.md"))
SOURCES = (
    "",
    "mobileiqa_sdk",
    "benchmarks/mobileiqa_bench",
    "export/mobileiqa_export",
    "export/mobileiqa_mil",
    "web",
)
"""Folders from which ARCHITECTURE names a file."""


def exists(name: str) -> bool:
    """Whether a path stands at the root or in a package; ``a/b`` may also be the module ``a/b.py``."""
    places = [ROOT / source / name for source in SOURCES]
    places += [
        *((ROOT / "android_demo" / module / "src/main" / name) for module in ("app", "mobileiqa")),
        *(
            (ROOT / "android_demo" / module / "src/main/java/ai/mobileiqa" / name)
            for module in ("app", "mobileiqa")
        ),
    ]
    return any(place.exists() or place.with_suffix(".py").is_file() for place in places)


def named_in_architecture() -> list[str]:
    tree = ARCHITECTURE.partition("```\n")[2].partition("```")[0]
    prose = ARCHITECTURE.partition("```\n")[2].partition("```")[2]
    paths = re.findall(r"[\w/]+/(?= |\n|$)|[\w/]+\.py\b", tree, re.MULTILINE)
    quoted = re.findall(r"`([\w/.]+)`", prose)
    modules = [name for name in quoted if "/" in name or name.endswith(".py") or name in STEPS]
    return sorted({*paths, *modules})


STEPS = {"prepare", "candidate", "search", "recipes", "measurements", "artifact", "report", "output"}


@pytest.mark.parametrize("name", named_in_architecture())
def test_what_the_architecture_names_exists(name: str) -> None:
    assert exists(name.rstrip("/"))


def test_the_architecture_names_every_folder() -> None:
    folders = {
        path.parent.relative_to(ROOT)
        for package in (*SOURCES[1:], "benchmarks/device", "training")
        for path in (ROOT / package).rglob("*.py")
    }
    unnamed = [
        folder.as_posix()
        for folder in folders
        if not re.search(rf"(^|[ /]){re.escape(folder.name)}/", ARCHITECTURE, re.MULTILINE)
    ]
    assert sorted(unnamed) == []


def test_every_key_of_a_report_is_explained() -> None:
    report = json.loads((ROOT / "mobileiqa_sdk" / "models" / "mobileiqa-small" / "report.json").read_bytes())
    section = text_of(Path("docs/precision.md")).partition("## What a report says")[2].partition("\n## ")[0]
    explained = {
        key
        for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
        for key in re.findall(r"`(\w+)`", row)
    }
    assert explained == set(report)


def test_the_outputs_that_swift_reads_are_the_contract_s() -> None:
    report = json.loads((ROOT / "mobileiqa_sdk" / "models" / "mobileiqa-small" / "report.json").read_bytes())
    read = re.findall(r'featureValue\(for: "(\w+)"\)', text_of(Path("docs/ios.md")))
    assert read == [output["name"] for output in report["contract"]["outputs"]][:1]
