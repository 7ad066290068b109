"""Private parts of other libraries: each is where it was tested, and says so where it is not."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from mobileiqa_export import _vendor
from mobileiqa_export._vendor import Library, Part
from mobileiqa_export.errors import InternalError, UnsupportedVersion

PARTS = {name: part for name, part in vars(_vendor).items() if isinstance(part, Part)}
LIBRARIES = {library.name: library for library in vars(_vendor).values() if isinstance(library, Library)}
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.mark.parametrize("name", PARTS)
def test_each_part_is_where_it_was(name: str) -> None:
    part = PARTS[name]
    pytest.importorskip(part.module.partition(".")[0])
    assert part.load() is not None


@pytest.mark.parametrize("module", ["onnxscript.rewriter.rules.moved", "onnxscript.rewriter"])
def test_a_part_that_moved_is_an_unsupported_version(module: str) -> None:
    with pytest.raises(UnsupportedVersion) as caught:
        Part(_vendor.ONNXSCRIPT, module, "_gone").load()
    assert caught.value.library == "onnxscript"
    assert not isinstance(caught.value, InternalError)


@pytest.mark.parametrize(
    ("installed", "supported"),
    [
        ("0.4.9", False),
        ("0.5.0.dev20250101", True),
        ("0.7", True),
        ("0.7.12", True),
        ("0.8.0", False),
        ("0.10.1", False),
        ("1.5.0", False),
    ],
)
def test_versions(monkeypatch: pytest.MonkeyPatch, installed: str, supported: bool) -> None:
    monkeypatch.setattr("onnxscript.__version__", installed)
    library = Library("onnxscript", (0, 5), (0, 7))
    if supported:
        library.check()
        return
    with pytest.raises(UnsupportedVersion) as caught:
        library.check()
    assert (caught.value.installed, caught.value.supported) == (installed, "0.5 to 0.7")
    assert pickle.loads(pickle.dumps(caught.value)).library == "onnxscript"  # noqa: S301 - our own bytes


def test_another_version_is_refused_before_its_parts_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnxscript.__version__", "0.8.0")
    with pytest.raises(UnsupportedVersion):
        _vendor.NO_OP_RULES.load()


def test_a_library_that_is_not_installed_is_a_missing_package() -> None:
    missing = Part(
        Library("mobileiqa-no-such-package", (1, 0), (1, 0)), "mobileiqa_no_such_package.part", "x"
    )
    with pytest.raises(ModuleNotFoundError) as caught:
        missing.load()
    assert caught.value.name == "mobileiqa_no_such_package"


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_versions_are_those_of_the_package(name: str) -> None:
    """Every requirement of the extra that brings the library admits no other minor version."""
    library = LIBRARIES[name]
    requirements = re.findall(rf'"{name}([<>=][^";]*)', PYPROJECT.read_text(encoding="utf-8"))
    major, minor = library.first
    span = f">={major}.{minor},<{library.last[0]}.{library.last[1] + 1}"
    exact = [each for each in requirements if each.startswith(f"=={major}.{minor}.")]
    assert span in requirements or (exact and library.first == library.last)


def test_a_missing_pass_is_an_unsupported_version(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("coremltools")
    assert _vendor.activation_passes() == _vendor.ACTIVATION_PASSES
    monkeypatch.setattr(_vendor, "PAIR_ELIMINATION", "common::renamed")
    with pytest.raises(UnsupportedVersion):
        _vendor.activation_passes()


def test_the_rules_of_the_rewriter_come_back() -> None:
    before = _vendor.DEFAULT_RULES.load()
    removed = len(list(_vendor.NO_OP_RULES.load()))

    def fail() -> None:
        with _vendor.without_no_op_rules():
            assert 0 < len(_vendor.DEFAULT_RULES.load()) == len(before) - removed
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert _vendor.DEFAULT_RULES.load() is before
