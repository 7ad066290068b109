from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mobileiqa_export.student import StudentConfig, build_student
from training.errors import TrainingError
from training.features import read_resized
from training.finetune import Batches, FinetuneSettings, Finetuning, Rated, cropped, opinions_in
from training.head import ladder_loss, view_loss
from training.teachers import Teacher

from .conftest import Recorder

MOMENTS = StudentConfig(
    arch="moments", backbone="mobilenetv3-large-minimalistic", hidden=4, views=2, input_size=(64, 64)
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
    photographs = [read_resized(path, (64, 64)) for path in scenes[:3]]
    return Finetuning(
        build_student(config), config, learn, validate, photographs, SETTINGS, state, teacher=teacher
    )


@pytest.mark.parametrize("config", [MOMENTS, ATTENTION], ids=["moments", "attention"])
def test_every_stage_runs_and_the_student_changes(
    scenes: list[Path], tmp_path: Path, config: StudentConfig
) -> None:
    run = started(scenes, tmp_path / "state.pt", config)
    before = {key: value.clone() for key, value in run.student.state_dict().items()}
    run.run()
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
    for key, value in whole.student.state_dict().items():
        torch.testing.assert_close(resumed.student.state_dict()[key], value, rtol=0, atol=0)
    assert resumed.history == whole.history


def test_a_state_of_other_settings_is_refused(scenes: list[Path], tmp_path: Path) -> None:
    state = tmp_path / "state.pt"
    run = started(scenes, state)
    run.run()
    saved = torch.load(state, weights_only=True)
    saved["settings"]["rate"] = 7.0
    torch.save(saved, state)
    with pytest.raises(TrainingError, match="settings"):
        started(scenes, state).run()


def test_a_teacher_pulls_the_student_towards_its_own_answers(scenes: list[Path], tmp_path: Path) -> None:
    torch.manual_seed(7)
    teacher = build_student(MOMENTS)
    pixels = torch.from_numpy(np.stack([read_resized(path, (64, 64)) for path in scenes[:4]])).permute(
        0, 3, 1, 2
    )
    run = started(scenes, tmp_path / "state.pt", teacher=Teacher([teacher]))
    inputs = run._inputs(pixels)
    target = teacher(inputs).detach()
    before = (run.student(inputs) - target).abs().mean().item()
    object.__setattr__(run.settings, "distillation", 1000.0)
    for _ in range(30):
        run._learn(pixels, torch.arange(4), pixels[:0])
    assert (run.student(inputs) - target).abs().mean().item() < 0.5 * before


def test_photos_of_a_ladder_are_cropped_and_mirrored_together() -> None:
    """Their order must not depend on which of them was mirrored."""
    photo = np.arange(40 * 50 * 3).reshape(40, 50, 3).astype(np.uint8)
    orientations = set()
    for seed in range(20):
        first, second, third = cropped([photo, photo, photo], 16, np.random.default_rng(seed))
        assert first.shape == (16, 16, 3)
        assert np.array_equal(first, second)
        assert np.array_equal(first, third)
        orientations.add(bool(first[0, 0, 0] != min(first[0, 0, 0], first[0, -1, 0])))
    assert orientations == {True, False}


def test_a_crop_reaches_every_edge_and_keeps_short_sides_whole() -> None:
    photo = np.stack(np.broadcast_arrays(*np.mgrid[0:6, 0:40], 0), axis=-1).astype(np.uint8)
    crops = [cropped([photo], 38, np.random.default_rng(seed))[0] for seed in range(60)]
    assert {crop.shape for crop in crops} == {(6, 38, 3)}
    assert {int(crop[..., 1].min()) for crop in crops} == {0, 1, 2}


def test_biases_and_the_backbone_do_not_decay(scenes: list[Path], tmp_path: Path) -> None:
    run = started(scenes, tmp_path / "state.pt")
    group_of = {id(parameter): group for group in run.optimizer.param_groups for parameter in group["params"]}
    for name, parameter in run.student.named_parameters():
        if not parameter.requires_grad:
            assert id(parameter) not in group_of, name
            continue
        group = group_of[id(parameter)]
        backbone = name.startswith("local_cnn.")
        decays = not backbone and name.endswith("weight")
        assert group["weight_decay"] == (SETTINGS.decay if decays else 0.0), name
        if backbone:
            scale = parameter.detach().square().mean().sqrt().item()
            assert group["initial_lr"] == pytest.approx(SETTINGS.rate * scale), name
        else:
            assert group["initial_lr"] == SETTINGS.head_rate, name


def test_an_epoch_sees_every_photo_once_in_an_order_of_its_own(scenes: list[Path]) -> None:
    settings = FinetuneSettings(stages=((2, 48), (1, 64)), batch=4, ladders=1)
    rated = Rated(scenes, np.linspace(0, 1, 12).astype(np.float32))
    batches = Batches(rated, [], (64, 64), settings)
    assert len(batches) == 9
    items = [batches[step] for step in range(9)]
    orders = [torch.cat([rows for _, rows, _ in items[3 * epoch : 3 * epoch + 3]]) for epoch in range(3)]
    assert all(sorted(order.tolist()) == list(range(12)) for order in orders)
    assert len({tuple(order.tolist()) for order in orders}) == 3
    assert [pixels.shape[-1] for pixels, _, _ in items] == [48] * 6 + [64] * 3
    again = batches[4]
    assert all(torch.equal(a, b) for a, b in zip(again, items[4], strict=True))


def test_a_photo_is_trained_on_its_own_opinion(scenes: list[Path], tmp_path: Path) -> None:
    """The one photo of a batch is the worst of all, so its score falls."""
    run = started(scenes, tmp_path / "state.pt")
    object.__setattr__(run.settings, "correlation", 0.0)
    run.mos[:] = 1.0
    run.mos[6] = 0.0
    run.weights[:] = 1.0
    pixels = torch.from_numpy(read_resized(scenes[6], (64, 64))).permute(2, 0, 1).unsqueeze(0)

    def score() -> float:
        with torch.no_grad():
            return run.student.observe(run._inputs(pixels)).score.item()

    before = score()
    for _ in range(20):
        run._learn(pixels, torch.tensor([6]), pixels[:0])
    assert score() < before - 0.001


def test_a_step_tells_rated_photos_from_rungs(scenes: list[Path], tmp_path: Path) -> None:
    run = started(scenes, tmp_path / "state.pt")
    photos = torch.from_numpy(np.stack([read_resized(path, (64, 64)) for path in scenes])).permute(0, 3, 1, 2)
    rated, rows, rungs = photos[:5], torch.arange(5), photos[5:8]
    with torch.no_grad():
        opinions = opinions_in(run._observe(run.student, run._inputs(torch.cat([rated, rungs]))))
    expected = view_loss(opinions[:5], run.mos[rows], run.weights[rows], SETTINGS.correlation)
    ranked = ladder_loss(opinions[5:], SETTINGS.margin)
    assert run._learn(rated, rows, rungs) == pytest.approx((expected.item(), ranked.item()), rel=1e-3)
