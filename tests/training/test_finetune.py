from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mobileiqa_export.student import StudentConfig, build_student
from training.errors import TrainingError
from training.features import sized
from training.finetune import FinetuneSettings, Finetuning, Rated
from training.teachers import Teacher

MOMENTS = StudentConfig(
    form="moments", backbone="mobilenetv3-large-minimalistic", hidden=4, views=2, input_size=(64, 64)
)
ATTENTION = StudentConfig(
    backbone="mobilenetv3-large", grid=6, width=8, hidden=8, views=2, input_size=(64, 64)
)
SETTINGS = FinetuneSettings(
    stages=((2, 48), (1, 64)), batch=4, ladders=1, rate=1e-3, head_rate=1e-3, dropout=0.0, average=0.5
)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def started(
    scenes: list[Path], state: Path, config: StudentConfig = MOMENTS, teacher: Teacher | None = None
) -> Finetuning:
    torch.manual_seed(0)
    mos = np.linspace(0.2, 0.8, len(scenes)).astype(np.float32)
    learn, validate = Rated(scenes[:8], mos[:8]), Rated(scenes[8:], mos[8:])
    photographs = [sized(path, (64, 64)) for path in scenes[:3]]
    return Finetuning(
        build_student(config), config, learn, validate, photographs, SETTINGS, state, teacher=teacher
    )


@pytest.mark.parametrize("config", [MOMENTS, ATTENTION], ids=["moments", "attention"])
def test_every_stage_runs_and_the_student_changes(
    scenes: list[Path], tmp_path: Path, config: StudentConfig
) -> None:
    run = started(scenes, tmp_path / "state.pt", config)
    before = {key: value.clone() for key, value in run.student.state_dict().items()}
    run.run(lambda _: None)
    assert run.step == 6
    assert [past["step"] for past in run.history] == [0, 2, 4, 6]
    changed = {key for key, value in run.student.state_dict().items() if not torch.equal(value, before[key])}
    assert any(key.startswith("local_cnn.blocks.1.") for key in changed)
    frozen = ("local_cnn.conv_stem", "local_cnn.bn1", "local_cnn.blocks.0.")
    assert not any(key.startswith(frozen) for key in changed)
    finished = run.finished()
    assert not finished.training
    assert set(finished.state_dict()) == set(build_student(config).state_dict())


def test_a_stopped_run_goes_on_as_if_it_had_not_been_stopped(scenes: list[Path], tmp_path: Path) -> None:
    whole = started(scenes, tmp_path / "whole.pt")
    whole.run(lambda _: None)

    class Stopped(Exception):
        pass

    def stop(line: str) -> None:
        if line.startswith("step 4:"):
            raise Stopped

    state = tmp_path / "state.pt"
    with pytest.raises(Stopped):
        started(scenes, state).run(stop, save_every=3)
    resumed = started(scenes, state)
    told: list[str] = []
    resumed.run(told.append, save_every=3)
    assert "goes on from step 3 of 6" in told[0]
    for key, value in whole.student.state_dict().items():
        torch.testing.assert_close(resumed.student.state_dict()[key], value, rtol=0, atol=0)
    assert resumed.history == whole.history


def test_a_state_of_other_settings_is_refused(scenes: list[Path], tmp_path: Path) -> None:
    state = tmp_path / "state.pt"
    run = started(scenes, state)
    run.run(lambda _: None)
    kept = torch.load(state, weights_only=True)
    kept["settings"]["rate"] = 7.0
    torch.save(kept, state)
    with pytest.raises(TrainingError, match="other settings"):
        started(scenes, state).run(lambda _: None)


def test_a_teacher_pulls_the_student_towards_its_own_answers(scenes: list[Path], tmp_path: Path) -> None:
    torch.manual_seed(7)
    teacher = build_student(MOMENTS)
    pixels = torch.from_numpy(np.stack([sized(path, (64, 64)) for path in scenes[:4]])).permute(0, 3, 1, 2)
    run = started(scenes, tmp_path / "state.pt", teacher=Teacher([teacher]))
    inputs = run._inputs(pixels)
    wanted = teacher(inputs).detach()
    before = (run.student(inputs) - wanted).abs().mean().item()
    object.__setattr__(run.settings, "distillation", 1000.0)
    for _ in range(30):
        run._learn(pixels, torch.arange(4), pixels[:0])
    assert (run.student(inputs) - wanted).abs().mean().item() < 0.5 * before
