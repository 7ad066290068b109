from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from mobileiqa_export.blocks.observation import Observation
from mobileiqa_export.checkpoint import LoadedStudent, LoadedTeacher, load_student, save_checkpoint
from mobileiqa_export.errors import StudentCheckpoint, TeacherCheckpoint
from mobileiqa_export.student import StudentConfig, build_student
from mobileiqa_export.teacher import TeacherConfig, build_teacher
from training.cli import commands, distill
from training.distill import Batches, Distillation, DistillSettings, errors, mirrored
from training.errors import TrainingError
from training.finetune import Rated

from .conftest import Recorder

TEACHER = TeacherConfig(stem=4, grid=12, width=8, hidden=8, views=2, input_size=(64, 64))
STUDENT = StudentConfig(grid=12, width=8, hidden=8, views=2, input_size=(64, 64))
SETTINGS = DistillSettings(input_size=(64, 64), epochs=3, batch=4, rate=1e-3, validation=4)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def teacher() -> LoadedTeacher:
    torch.manual_seed(7)
    network = build_teacher(TEACHER)
    with torch.no_grad():
        network.fc_score[3].bias.fill_(0.9)
    return LoadedTeacher(network, TEACHER, "")


def student(config: StudentConfig = STUDENT) -> LoadedStudent:
    torch.manual_seed(0)
    return LoadedStudent(build_student(config), config, "")


def started(scenes: list[Path], state: Path, **changes: Any) -> Distillation:
    mos = np.linspace(0.2, 0.8, len(scenes)).astype(np.float32)
    learn, validate = Rated(scenes[:8], mos[:8]), Rated(scenes[8:], mos[8:])
    return Distillation(teacher(), student(), learn, validate, replace(SETTINGS, **changes), state)


def test_the_student_comes_nearer_to_its_teacher_on_photos_it_has_not_seen(
    scenes: list[Path], tmp_path: Path
) -> None:
    run = started(scenes, tmp_path / "state.pt", epochs=8, rate=5e-3, imitation=1.0)
    before = {key: value.clone() for key, value in run.student.state_dict().items()}
    taught = {key: value.clone() for key, value in run.teacher.state_dict().items()}
    run.run()
    first, last = run.history[0], run.history[-1]
    assert [past["step"] for past in run.history] == [2.0 * epoch for epoch in range(9)]
    for name, share in (("views", 0.5), ("local", 0.7), ("score", 0.95)):
        assert last[name] < share * first[name], name
    after = run.student.state_dict()
    for key in ("local_cnn.conv_stem.weight", "LDA1.cnn2.weight", "MALs.1.channel_attention.c_v.weight"):
        assert not torch.equal(after[key], before[key])
    assert all(torch.equal(value, taught[key]) for key, value in run.teacher.state_dict().items())
    assert not run.finished().training


def test_a_stopped_run_goes_on_as_if_it_had_not_been_stopped(scenes: list[Path], tmp_path: Path) -> None:
    whole = started(scenes, tmp_path / "whole.pt")
    whole.run()

    class Stopped(Exception):
        pass

    class StopAtFour(Recorder):
        def step(self, text: str) -> None:
            if text.startswith("step 4:"):
                raise Stopped

    state = tmp_path / "state.pt"
    with pytest.raises(Stopped):
        started(scenes, state).run(StopAtFour(), save_seconds=0)
    resumed = started(scenes, state)
    recorder = Recorder()
    resumed.run(recorder, save_seconds=0)
    assert "step 3 of 6" in recorder.steps[0]
    for key, value in whole.finished().state_dict().items():
        torch.testing.assert_close(resumed.finished().state_dict()[key], value, rtol=0, atol=0)
    assert resumed.history == whole.history
    with pytest.raises(TrainingError, match="settings"):
        started(scenes, state, rate=7.0).run()


def test_a_stop_costs_a_minute_at_most(
    scenes: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StopAtFour(Recorder):
        def step(self, text: str) -> None:
            if text.startswith("step 4:"):
                raise InterruptedError

    seconds = itertools.count(0, 30)  # from one look at the clock to the next
    monkeypatch.setattr("training.resuming.monotonic", lambda: next(seconds))
    state = tmp_path / "state.pt"
    with pytest.raises(InterruptedError):
        started(scenes, state).run(StopAtFour())
    recorder = Recorder()
    started(scenes, state).run(recorder)
    assert "step 2 of 6" in recorder.steps[0]


@pytest.mark.parametrize("name", ["set of photos", "student", "teacher"])
def test_a_state_with_another_beginning_is_refused(name: str, scenes: list[Path], tmp_path: Path) -> None:
    state = tmp_path / "state.pt"
    started(scenes, state, epochs=1).run()
    mos = np.linspace(0.2, 0.8, len(scenes)).astype(np.float32)
    if name == "set of photos":
        mos[7] += 0.01
    begins, by = student(), teacher()
    changed = {"student": begins.network, "teacher": by.network}.get(name)
    if changed is not None:
        with torch.no_grad():
            next(changed.parameters()).add_(0.01)
    photos = Rated(scenes[:8], mos[:8])
    run = Distillation(by, begins, photos, photos, replace(SETTINGS, epochs=1), state)
    with pytest.raises(TrainingError, match=f"another {name};"):
        run.run()


def test_errors_are_those_of_the_parts() -> None:
    seen = Observation(torch.zeros(1, 5, 2, 2, 2), torch.zeros(1, 2, 2, 2, 2), torch.tensor([0.5]))
    target = Observation(torch.full_like(seen.local, 2), torch.full_like(seen.views, 3), torch.tensor([9.0]))
    assert [loss.item() for loss in errors(seen, target, torch.tensor([0.25]))] == [9, 4, 0.0625]


@pytest.mark.parametrize(("imitation", "share"), [(0.0, 0.0), (1.0, 1.0), (0.25, 0.25)])
def test_the_score_is_learned_from_people_or_from_the_teacher(
    scenes: list[Path], tmp_path: Path, imitation: float, share: float
) -> None:
    run = started(scenes, tmp_path / "state.pt", imitation=imitation)
    pixels, rows = run.batches[0]
    target = (1 - share) * run.mos[rows] + share * run._taught(pixels).score
    torch.manual_seed(0)
    score = run.student.observe(run._inputs(pixels, STUDENT)).score.detach()
    torch.manual_seed(0)
    run.settings = replace(run.settings, dropout=0.0)
    learned = run._learn(pixels, rows).score.item()
    assert learned == pytest.approx((score - target).square().mean().item(), rel=0.2)


@pytest.mark.parametrize("alone", ["views", "local", "score"])
def test_the_weights_of_the_losses_count(alone: str, scenes: list[Path], tmp_path: Path) -> None:
    """Local blocks feed the views, and the views the score: a loss reaches what lies before it."""
    reached = {"local": "LDA1", "views": "MALs.0", "score": "fc_score"}
    weights = {name: float(name == alone) for name in reached}
    run = started(scenes, tmp_path / "state.pt", **weights)
    run._learn(*run.batches[0])
    for name, module in reached.items():
        gradients = [value.grad for value in run.student.get_submodule(module).parameters()]
        moved = any(gradient is not None and bool(gradient.any()) for gradient in gradients)
        assert moved == (list(reached).index(name) <= list(reached).index(alone)), name


def test_every_epoch_has_every_photo_in_an_order_of_its_own(scenes: list[Path]) -> None:
    batches = Batches(Rated(scenes, np.zeros(12, np.float32)), replace(SETTINGS, epochs=2))
    rows = [batches[step][1].tolist() for step in range(len(batches))]
    epochs = [[row for batch in part for row in batch] for part in (rows[:3], rows[3:])]
    assert [sorted(epoch) for epoch in epochs] == [list(range(12))] * 2
    assert epochs[0] != epochs[1]
    assert torch.equal(batches[1][0], batches[1][0])


def test_photos_are_mirrored_in_all_four_ways() -> None:
    photo, generator = torch.arange(12).view(3, 2, 2), np.random.default_rng(0)
    seen = {tuple(mirrored(photo, generator)[0].flatten().tolist()) for _ in range(40)}
    assert seen == {(0, 1, 2, 3), (1, 0, 3, 2), (2, 3, 0, 1), (3, 2, 1, 0)}


def test_the_rate_falls_by_epochs_as_published(scenes: list[Path], tmp_path: Path) -> None:
    run = started(scenes, tmp_path / "state.pt", period=4)
    assert [run._share(step) for step in (0, 1, 2, 4, 8, 99)] == pytest.approx(
        [1, 1, 0.853553, 0.5, 0, 0], abs=1e-6
    )


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (replace(STUDENT, grid=14), "grid 14"),
        (replace(STUDENT, views=3), "views 3"),
        (StudentConfig("moments", "mobilenetv3-large-minimalistic", hidden=4, views=2), "moments"),
    ],
    ids=["grid", "views", "moments"],
)
def test_students_that_cannot_be_compared_with_the_teacher(
    config: StudentConfig, name: str, scenes: list[Path], tmp_path: Path
) -> None:
    rated = Rated(scenes, np.zeros(12, np.float32))
    with pytest.raises(TrainingError, match=name):
        Distillation(teacher(), student(config), rated, rated, SETTINGS, tmp_path / "state.pt")


def _arguments(tmp_path: Path, **changes: Path) -> list[str]:
    files = {"teacher": tmp_path / "teacher.safetensors", "student": tmp_path / "student.safetensors"}
    save_checkpoint(files["teacher"], teacher().network, TEACHER)
    save_checkpoint(files["student"], student().network, STUDENT)
    files |= {"state": tmp_path / "state.pt", "out": tmp_path / "out.safetensors", "root": tmp_path}
    return ["distill", *(str(v) for k, v in (files | changes).items() for v in (f"--{k}", v))]


def test_the_command_writes_a_student_that_says_how_it_was_made(
    scenes: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mos = np.linspace(0.2, 0.8, 8).astype(np.float32)
    photos = Rated(scenes[:8], mos), Rated(scenes[8:], mos[:4])
    monkeypatch.setattr(distill, "rated_photos", lambda *_: photos)
    monkeypatch.setattr("training.cli.THREADS", 1)
    sizes = ["input_size=[64,96]", "epochs=1", "batch=4"]
    changes = [part for size in sizes for part in ("--set", size)]
    result = CliRunner().invoke(commands, [*_arguments(tmp_path), *changes])
    assert result.exit_code == 0, result.output
    loaded = load_student(tmp_path / "out.safetensors")
    assert loaded.config == replace(STUDENT, input_size=(64, 96))
    assert loaded.info["training"]["distillation"]["epochs"] == 1
    history = loaded.info["training"]["validation"]
    assert len(history) == 2
    figures = [float(text) for text in re.findall(r"\d\.\d{4}", result.output.splitlines()[-1])]
    expected = [history[place][name] for name in ("views", "local", "score") for place in (1, 0)]
    assert figures == pytest.approx(expected, abs=6e-5)


def test_teacher_and_student_are_not_exchanged(tmp_path: Path) -> None:
    files = {"teacher": tmp_path / "student.safetensors"}
    result = CliRunner().invoke(commands, _arguments(tmp_path, **files))
    assert isinstance(result.exception, StudentCheckpoint)
    files = {"student": tmp_path / "teacher.safetensors"}
    result = CliRunner().invoke(commands, _arguments(tmp_path, **files))
    assert isinstance(result.exception, TeacherCheckpoint)
