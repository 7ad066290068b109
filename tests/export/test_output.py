"""Folders that appear complete or not at all, and never at the cost of somebody's files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mobileiqa_export.errors import ExportError
from mobileiqa_export.output import (
    check_output,
    check_report_folder,
    put_in_place,
    remove_report_folder,
    report_folder,
    resolve,
    scratch_beside,
)


def artifact(folder: Path, text: str = "new") -> Path:
    folder.mkdir(parents=True)
    for name in ("contract.json", "model.onnx", "report.md"):
        (folder / name).write_text(text)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("name", [".mobileiqa-notes", ".mobileiqa-export-notes", ".mobileiqa-home"])
def test_what_others_made_survives(name: str, tmp_path: Path) -> None:
    """Whatever it is called, however old it is, and nobody holds a lock on it."""
    foreign = tmp_path / name
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("years of work")
    os.utime(foreign, (0, 0))
    with scratch_beside(tmp_path / "out") as scratch:
        assert scratch.parent == tmp_path
    assert names(tmp_path) == [name, f"{name}/thesis.txt"]


def test_scratch_is_gone_afterwards_with_the_parents_made_for_it(tmp_path: Path) -> None:
    def interrupted() -> None:
        with scratch_beside(tmp_path / "a" / "b" / "out") as scratch:
            (scratch / "half").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert names(tmp_path) == []


def test_errors_inside_keep_their_class(tmp_path: Path) -> None:
    """A converter's missing file is not an output that cannot be written."""
    with pytest.raises(FileNotFoundError), scratch_beside(tmp_path / "out"):
        Path("/nonexistent/weights.bin").read_bytes()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ExportError, match="out"), scratch_beside(tmp_path / "file" / "sub" / "out"):
        raise AssertionError("entered")
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("length", [249, 300])
def test_a_name_too_long_for_the_disk_is_found_before_any_work(length: int, tmp_path: Path) -> None:
    """Also the report's beside it."""
    with pytest.raises(ExportError):
        check_output(tmp_path / ("x" * length), overwrite=False)
    check_output(tmp_path / ("x" * 200), overwrite=False)


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "disk" / "empty").mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "disk" / "empty")
    output = resolve(link)
    with scratch_beside(output) as scratch:
        assert scratch.parent == tmp_path / "disk"
        put_in_place(artifact(scratch / "made"), output, scratch)
    assert link.is_symlink()
    assert names(link) == ["contract.json", "model.onnx", "report.md"]


def test_the_working_folder_is_filled_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    output = resolve(".")
    check_output(output, overwrite=False)
    before = tmp_path.stat().st_ino
    with scratch_beside(output) as scratch:
        assert scratch.parent == tmp_path.parent
        put_in_place(artifact(scratch / "made"), output, scratch)
    assert tmp_path.stat().st_ino == before
    assert names(Path.cwd()) == ["contract.json", "model.onnx", "report.md"]


def test_a_folder_that_is_filled_is_an_artifact_only_once_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    moved: list[str] = []
    replace = os.replace
    monkeypatch.setattr(
        os, "replace", lambda source, target: moved.append(source.name) or replace(source, target)
    )
    with scratch_beside(tmp_path / "out") as scratch:
        put_in_place(artifact(scratch / "made"), tmp_path / "out", scratch)
    assert (len(moved), moved[-1]) == (3, "contract.json")


def test_an_old_artifact_goes_or_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = artifact(tmp_path / "out", "old")
    real = os.replace

    def failing(source: Path, target: Path) -> None:
        if Path(source).name == "made":
            raise PermissionError(13, "Permission denied")
        real(source, target)

    with monkeypatch.context() as patch, scratch_beside(output) as scratch:
        patch.setattr(os, "replace", failing)
        with pytest.raises(ExportError, match="Permission denied"):
            put_in_place(artifact(scratch / "made"), output, scratch)
    assert (output / "model.onnx").read_text() == "old"
    with scratch_beside(output) as scratch:
        put_in_place(artifact(scratch / "made"), output, scratch)
    assert (output / "model.onnx").read_text() == "new"
    assert names(tmp_path) == ["out", "out/contract.json", "out/model.onnx", "out/report.md"]


@pytest.mark.parametrize("foreign", ["photo.jpg", "notes", "model.pkl"])
def test_an_artifact_with_foreign_files_is_not_replaced(foreign: str, tmp_path: Path) -> None:
    output = artifact(tmp_path / "out")
    (output / foreign).write_text("years of work")
    with pytest.raises(ExportError, match=foreign):
        check_output(output, overwrite=True)


def test_only_an_artifact_is_replaced_and_only_on_demand(tmp_path: Path) -> None:
    output = artifact(tmp_path / "out")
    with pytest.raises(ExportError, match="--force"):
        check_output(output, overwrite=False)
    check_output(output, overwrite=True)
    (output / "contract.json").unlink()
    with pytest.raises(ExportError):
        check_output(output, overwrite=True)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ExportError):
        resolve(tmp_path / "dangling")


def test_a_report_folder_goes_only_if_it_is_one(tmp_path: Path) -> None:
    folder = report_folder(tmp_path / "out")
    assert folder == tmp_path / "out.report"
    folder.mkdir()
    (folder / "report.json").write_text("{}")
    check_report_folder(folder)
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(ExportError, match=r"thesis\.txt"):
        check_report_folder(folder)
    remove_report_folder(folder)
    assert names(folder) == ["report.json", "thesis.txt"]
    (folder / "thesis.txt").unlink()
    remove_report_folder(folder)
    assert not folder.exists()
