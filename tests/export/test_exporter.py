"""Checkpoint to artifact folder: all of it or nothing."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

import mobileiqa_sdk
from mobileiqa_export.checkpoint import save_checkpoint
from mobileiqa_export.errors import (
    CheckpointMismatch,
    CheckpointNotFound,
    ExportError,
    ExportMismatch,
    InternalError,
)
from mobileiqa_export.exporter import export
from mobileiqa_export.formats import Job
from mobileiqa_export.formats import onnx as onnx_format
from mobileiqa_export.options import Options
from mobileiqa_export.report import Report, versions
from mobileiqa_export.report_page import cost_table, page
from mobileiqa_export.student import Student, StudentConfig
from mobileiqa_export.subject import StudentSource
from mobileiqa_sdk import Scorer
from mobileiqa_sdk.contract import ModelContract
from mobileiqa_sdk.verification import replay_golden

from .conftest import TINY

FILES = ["SHA256SUMS", "contract.json", "model.onnx", "report.json", "report.md", "report.png"]
REPORT = ["report.json", "report.md", "report.png"]
Save = Callable[[Job], Path]


@pytest.fixture(scope="module")
def made(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report, list[str]]:
    """One export, with what it said."""
    folder = tmp_path_factory.mktemp("made") / "deep" / "er" / "tiny"
    lines: list[str] = []
    return folder, export(str(tiny_checkpoint), str(folder), progress=Recorder(lines)), lines


@pytest.fixture
def artifact(made: tuple[Path, Report, list[str]], tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    folder = tmp_path / "artifact"
    folder.mkdir()
    for file in made[0].iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


@pytest.fixture
def stub(made: tuple[Path, Report, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of torch's exporter: the model that it made, with the contract that is asked for."""

    def save(job: Job) -> Path:
        model = onnx.load(made[0] / "model.onnx")
        onnx.helper.set_model_props(model, {"mobileiqa.contract": job.contract.to_json()})
        onnx.save(model, job.folder / "model.onnx")
        return job.folder / "model.onnx"

    monkeypatch.setattr(onnx_format, "save", save)


class Recorder:
    """Progress as lines, warnings marked."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def step(self, text: str) -> None:
        self.lines.append(text)

    def warn(self, text: str) -> None:
        self.lines.append(f"warning: {text}")


def contents(folder: Path) -> dict[str, bytes | None]:
    """Everything below, hidden or not."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def test_the_folder(made: tuple[Path, Report, list[str]], tiny_checkpoint: Path) -> None:
    folder, report, _ = made
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert list(folder.parent.iterdir()) == [folder]
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    assert (folder / "SHA256SUMS").read_text() == f"{digest}  model.onnx\n"
    contract = ModelContract.from_json((folder / "contract.json").read_text(), "contract.json")
    assert contract == report.contract == Scorer(folder).contract
    assert (contract.model.name, contract.model.version, contract.model.license) == (
        "tiny",
        "1.2",
        "Apache-2.0",
    )
    assert contract.model.family == "moments student, mobilenetv3-large-minimalistic"
    assert contract.model.checkpoint_sha256 == hashlib.sha256(tiny_checkpoint.read_bytes()).hexdigest()
    assert (contract.input.height, contract.input.width) == TINY.input_size
    assert contract.golden.tolerance == 1e-4


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_others_may_read_it(made: tuple[Path, Report, list[str]], tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    folder = made[0]
    assert folder.stat().st_mode == (tmp_path / "folder").stat().st_mode
    for file in folder.iterdir():
        assert file.stat().st_mode == (tmp_path / "file").stat().st_mode, file.name


def test_it_verifies(made: tuple[Path, Report, list[str]]) -> None:
    replay = replay_golden(Scorer(made[0], threads=1))
    assert replay.passed
    assert replay.difference <= 1e-5


def test_progress(made: tuple[Path, Report, list[str]]) -> None:
    steps = ["loading", "making", "scoring", "rewriting", "proving", "writing", "verifying", "finished"]
    lines = [line for line in made[2] if not line.startswith("warning: ")]
    assert [line.split()[0] for line in lines] == steps
    assert all("onnx fp32" in line for line in lines[5:])


def test_the_report_for_programs(made: tuple[Path, Report, list[str]]) -> None:
    folder, report, _ = made
    text = (folder / "report.json").read_text(encoding="utf-8")
    assert text == report.to_json() + "\n"
    values = json.loads(text)
    assert (values["schema"], values["passed"], values["failures"], values["kept"]) == (2, True, [], True)
    assert (values["file_format"], values["precision"]) == ("onnx", "fp32")
    assert values["contract"] == json.loads((folder / "contract.json").read_text())
    assert (values["file"], values["bytes"]) == ("model.onnx", (folder / "model.onnx").stat().st_size)
    assert values["steps"][0]["name"] == "as trained"
    assert len(values["steps"]) > 1
    for step in values["steps"]:
        assert set(step) == {"name", "changed", "reason", "cost"}
        assert set(step["cost"]) == {"parameters", "macs", "largest_activation"}
        assert all(isinstance(count, int) and count > 0 for count in step["cost"].values())
    assert [set(entry) for entry in values["scores"]] == [{"image", "reference", "artifact"}] * 20
    assert values["drift"]["images"] == 20
    differences = [abs(entry["artifact"] - entry["reference"]) for entry in values["scores"]]
    assert values["drift"]["max_difference"] == max(differences) <= 1e-5
    assert values["contract"]["golden"]["cases"][0]["score"] == round(values["scores"][0]["reference"], 6)
    assert values["versions"]["mobileiqa-sdk"] == mobileiqa_sdk.__version__
    assert values["versions"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert {"onnx", "onnxscript", "onnxruntime", "numpy", "pillow"} <= set(values["versions"])


def test_the_report_for_people(made: tuple[Path, Report, list[str]]) -> None:
    folder, report, _ = made
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert text == page(report, drawn=True)
    assert text.startswith("# tiny 1.2\n\nmodel.onnx, ")
    assert "**Passed verification" in text
    assert ("could not be judged" in text) is bool(report.verdict.drift.not_judged)
    assert "](report.png)" in text
    assert "input 97 x 130 uint8 RGB" in text
    assert report.contract.model.checkpoint_sha256 in text
    assert cost_table(report.steps) in text
    worst = max(report.verdict.scores, key=lambda row: row.difference or 0)
    assert f"{worst.reference:.6f}" in text
    assert worst.image in text
    assert text.endswith(".\n")


def test_the_cost_table_is_aligned(made: tuple[Path, Report, list[str]]) -> None:
    lines = cost_table(made[1].steps).splitlines()
    assert len(lines) == sum(not step.reason for step in made[1].steps) + 2
    assert len({len(line) for line in lines}) == 1
    bars = [[i for i, c in enumerate(line) if c == "|"] for line in lines]
    assert all(places == bars[0] for places in bars)
    assert set(lines[1]) == {"|", "-", ":"}
    assert [cell.strip() for cell in lines[0].split("|")[1:-1]] == [
        "network",
        "parameters",
        "MACs",
        "largest activation",
    ]
    assert not any("_" in line for line in lines)


def test_a_package_that_is_not_there_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "onnxruntime":
            raise metadata.PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(metadata, "version", version)
    assert "onnxruntime" not in versions()
    assert versions()["mobileiqa-sdk"] == mobileiqa_sdk.__version__


@pytest.mark.usefixtures("stub")
def test_names_can_be_chosen(tiny_checkpoint: Path, tmp_path: Path) -> None:
    report = export(StudentSource(tiny_checkpoint, name="ours", version="9", licence="MIT"), tmp_path / "out")
    model = Scorer(tmp_path / "out").contract.model
    assert model == report.contract.model
    assert (model.name, model.version, model.license) == ("ours", "9", "MIT")


@pytest.mark.usefixtures("stub")
def test_the_decode_rule_can_be_chosen(
    run: Callable[..., Any], tiny_checkpoint: Path, tmp_path: Path
) -> None:
    export(tiny_checkpoint, tmp_path / "a")
    assert Scorer(tmp_path / "a").decode == "full"
    out = tmp_path / "b"
    done = run("export", "--checkpoint", tiny_checkpoint, "--output", out, "--decode", "jpeg-reduced")
    assert done.code == 0, done.err
    assert Scorer(out).decode == Scorer(out).contract.input.decode == "jpeg-reduced"
    assert Scorer(out, exact_decode=True).decode == "full"


@pytest.mark.usefixtures("stub")
def test_a_checkpoint_that_does_not_say(tiny: tuple[Student, StudentConfig], tmp_path: Path) -> None:
    torch.save(tiny[0].state_dict(), tmp_path / "best.pth")
    model = export(
        StudentSource(tmp_path / "best.pth", input_size=TINY.input_size), tmp_path / "out"
    ).contract.model
    assert (model.name, model.version, model.license) == ("best", "0", "unknown")


def test_the_input_size_can_be_chosen(tiny_checkpoint: Path, tmp_path: Path) -> None:
    report = export(StudentSource(tiny_checkpoint, input_size=(64, 80), rewrites=False), tmp_path / "out")
    assert (report.contract.input.height, report.contract.input.width) == (64, 80)
    assert [step.name for step in report.steps if not step.reason] == ["as trained", "normalise_input"]
    assert replay_golden(Scorer(tmp_path / "out", threads=1)).passed
    (entry,) = onnx.load(tmp_path / "out" / "model.onnx").graph.input
    assert [side.dim_value for side in entry.type.tensor_type.shape.dim] == [1, 64, 80, 3]


@pytest.mark.usefixtures("stub")
def test_an_artifact_is_replaced_only_on_demand(artifact: Path, tiny_checkpoint: Path) -> None:
    before = contents(artifact.parent)
    with pytest.raises(ExportError, match="already there"):
        export(tiny_checkpoint, artifact)
    assert contents(artifact.parent) == before
    export(StudentSource(tiny_checkpoint, name="new"), artifact, overwrite=True)
    assert sorted(contents(artifact.parent)) == sorted(before)
    assert Scorer(artifact).contract.model.name == "new"


@pytest.mark.usefixtures("stub")
def test_an_empty_folder_is_filled(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    export(tiny_checkpoint, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("kind", ["folder", "file", "dangling link", "photo beside", "folder beside"])
def test_what_is_no_artifact_stays(
    kind: str, overwrite: bool, artifact: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    if kind == "folder":
        output.mkdir()
        (output / "thesis.txt").write_text("years of work")
    elif kind == "file":
        output.write_text("years of work")
    elif kind == "dangling link":
        output.symlink_to(tmp_path / "nowhere")
    else:
        artifact.rename(output)
        if kind == "photo beside":
            (output / "photo.jpg").write_bytes(b"a photo")
        else:
            (output / "photos").mkdir()
    before = contents(tmp_path)
    with pytest.raises(ExportError, match="choose another output folder") as caught:
        export(tiny_checkpoint, output, overwrite=overwrite)
    assert str(caught.value).startswith(str(output))
    assert contents(tmp_path) == before


def test_a_file_where_a_folder_should_be(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ExportError, match="sub"):
        export(tiny_checkpoint, tmp_path / "file" / "sub" / "out")
    assert contents(tmp_path) == {"file": b"in the way"}


def test_an_unknown_format(tiny_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="mp3"):
        export(tiny_checkpoint, tmp_path / "out", file_format="mp3")
    assert not contents(tmp_path)


def test_a_checkpoint_that_cannot_be_loaded(tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(1)}, tmp_path / "other.pth")
    before = contents(tmp_path)
    with pytest.raises(CheckpointMismatch):
        export(tmp_path / "other.pth", tmp_path / "parent" / "out")
    with pytest.raises(CheckpointNotFound):
        export(tmp_path / "none.pth", tmp_path / "parent" / "out")
    assert contents(tmp_path) == before


@pytest.mark.parametrize("wrong", [{"name": "a\nb"}, {"version": "\x1b[2J"}, {"licence": "\ud800"}])
def test_names_that_no_contract_may_have(
    wrong: dict[str, str], tiny_checkpoint: Path, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match=r"unprintable|encode"):
        export(StudentSource(tiny_checkpoint, **wrong), tmp_path / "out")  # type: ignore[arg-type]
    assert not contents(tmp_path)


def test_a_name_of_the_checkpoint_that_no_contract_may_have(
    tiny: tuple[Student, StudentConfig], tmp_path: Path
) -> None:
    save_checkpoint(tmp_path / "s.safetensors", *tiny, name="\x1b]0;gone\x07")
    with pytest.raises(ExportError, match="unprintable"):
        export(tmp_path / "s.safetensors", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def _wrong_bias(real: Save) -> Save:
    def save(job: Job) -> Path:
        path = real(job)
        model = onnx.load(path)
        (bias,) = (entry for entry in model.graph.initializer if entry.name.endswith("opinion.bias"))
        bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + np.float32(1e-3), bias.name))
        onnx.save(model, path)
        return path

    return save


def _raising(error: BaseException) -> Callable[[Save], Save]:
    def wrap(_: Save) -> Save:
        def save(job: Job) -> Path:
            (job.folder / "model.onnx").write_bytes(b"half of it")
            raise error

        return save

    return wrap


FAILURES: dict[str, tuple[Callable[[Save], Save], type[BaseException], str | None]] = {
    "wrong bias": (
        _wrong_bias,
        ExportMismatch,
        "not kept: the onnx fp32 file fails verification: a score is",
    ),
    "failure": (
        _raising(RuntimeError("no such operator")),
        InternalError,
        "onnx fp32 .*RuntimeError: no such op",
    ),
    "full disk": (
        _raising(OSError(28, "No space left on device")),
        ExportError,
        "No space",
    ),
    "interrupt": (_raising(KeyboardInterrupt()), KeyboardInterrupt, None),
}


@pytest.mark.usefixtures("stub")
@pytest.mark.parametrize("there", [False, True], ids=["new", "replacing"])
@pytest.mark.parametrize("kind", FAILURES)
def test_failure_leaves_nothing_behind(
    kind: str,
    there: bool,
    artifact: Path,
    tiny_checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrap, error, message = FAILURES[kind]
    monkeypatch.setattr(onnx_format, "save", wrap(onnx_format.save))
    output = artifact if there else tmp_path / "new" / "parents" / "out"
    before = contents(tmp_path)
    with pytest.raises(error, match=message):
        export(tiny_checkpoint, output, overwrite=there)
    if error is ExportMismatch:
        report = output.parent / f"{output.name}.report"
        assert sorted(path.name for path in report.iterdir()) == REPORT
        assert json.loads((report / "report.json").read_text())["failures"]
        assert "FAILED verification, not kept" in (report / "report.md").read_text()
        assert not any("model.onnx" in name for name in contents(tmp_path).keys() - before.keys())
        shutil.rmtree(report if there else tmp_path / "new")
    assert contents(tmp_path) == before


@pytest.mark.usefixtures("stub")
def test_drift_can_be_allowed(tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_format, "save", _wrong_bias(onnx_format.save))
    with pytest.raises(ExportMismatch):
        export(tiny_checkpoint, tmp_path / "out")
    report = export(tiny_checkpoint, tmp_path / "out", options=Options(allow_drift=True))
    assert report.verdict.failures
    assert report.kept
    assert [path.name for path in tmp_path.iterdir()] == ["out"], "the report of the failed export is gone"
    scorer = Scorer(tmp_path / "out", threads=1)
    assert scorer.contract == report.contract
    assert not scorer.contract.verification.passed
    assert list(scorer.contract.verification.failures) == list(report.verdict.failures)
    assert scorer.contract.golden.tolerance == 1e-4
    assert not replay_golden(scorer).passed
    assert "kept all the same" in (tmp_path / "out" / "report.md").read_text()


def test_a_report_folder_that_holds_more_stays(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "out.report").mkdir()
    (tmp_path / "out.report" / "thesis.txt").write_text("years of work")
    before = contents(tmp_path)
    with pytest.raises(ExportError, match=r"thesis\.txt"):
        export(tiny_checkpoint, tmp_path / "out")
    assert contents(tmp_path) == before


@pytest.mark.usefixtures("stub")
def test_a_failing_last_step_brings_the_old_artifact_back(
    artifact: Path, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(tmp_path)
    real: Callable[..., Any] = os.replace

    def replace(source: Path, target: Path) -> None:
        if Path(source).name == "plain" and Path(target) == artifact:
            raise PermissionError(13, "Permission denied")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(ExportError, match="Permission denied"):
        export(tiny_checkpoint, artifact, overwrite=True)
    assert contents(tmp_path) == before


@pytest.mark.usefixtures("stub")
def test_without_matplotlib(tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as Python marks what cannot be imported
    lines: list[str] = []
    export(tiny_checkpoint, tmp_path / "out", progress=Recorder(lines))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        name for name in FILES if name != "report.png"
    ]
    assert any(line.startswith("warning: ") and "matplotlib" in line for line in lines)
    page = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "No picture" in page
    assert "report.png" not in page
