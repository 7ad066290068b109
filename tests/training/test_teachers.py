from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mobileiqa_export.checkpoint import load_student, save_checkpoint
from mobileiqa_export.student import StudentConfig, build_student
from training.errors import TrainingError
from training.teachers import Teacher, distillation_loss, soup

SMALL = StudentConfig(grid=6, width=8, hidden=8, views=2, input_size=(64, 64))
WIDE = StudentConfig(grid=6, width=16, hidden=8, views=2, input_size=(64, 64))


def saved(path: Path, seed: int, config: StudentConfig = SMALL) -> Path:
    torch.manual_seed(seed)
    save_checkpoint(path, build_student(config), config, name="some")
    return path


def test_observation_agrees_with_the_score() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 64, 64)
    student = build_student(SMALL)
    observation = student.observe(x)
    torch.testing.assert_close(observation.score, student(x))
    assert (tuple(observation.local.shape), tuple(observation.views.shape)) == (
        (2, 5, 8, 6, 6),
        (2, 2, 8, 6, 6),
    )


def test_a_student_equal_to_its_teacher_has_nothing_to_learn() -> None:
    torch.manual_seed(0)
    x = torch.randn(1, 3, 64, 64)
    student, other = build_student(SMALL), build_student(SMALL)
    assert distillation_loss(student.observe(x), Teacher([student]).observe(x)).item() == 0
    assert distillation_loss(other.observe(x), Teacher([student]).observe(x)).item() > 0


def test_features_of_another_width_are_not_compared() -> None:
    torch.manual_seed(0)
    x = torch.randn(1, 3, 64, 64)
    student, wide = build_student(SMALL), build_student(WIDE)
    loss = distillation_loss(student.observe(x), Teacher([wide]).observe(x)).item()
    assert loss == pytest.approx((student(x) - wide(x)).square().mean().item())


def test_several_teachers_average_their_scores() -> None:
    torch.manual_seed(0)
    x = torch.randn(1, 3, 64, 64)
    networks = [build_student(SMALL), build_student(WIDE)]
    expected = torch.stack([network(x) for network in networks]).mean(0)
    torch.testing.assert_close(Teacher(networks).observe(x).score, expected)
    assert not any(p.requires_grad for p in Teacher(networks).parameters())
    with pytest.raises(TrainingError, match="at least one"):
        Teacher([])


def test_soup_is_the_mean_of_the_weights(tmp_path: Path) -> None:
    paths = [saved(tmp_path / f"{seed}.safetensors", seed) for seed in (1, 2)]
    mixed = soup(paths).network.state_dict()
    first, second = (load_student(path).network.state_dict() for path in paths)
    weights = [key for key, value in mixed.items() if value.is_floating_point()]
    assert len(weights) > 100
    for key in weights:
        torch.testing.assert_close(mixed[key], torch.stack([first[key], second[key]]).mean(0))
    ingredients = soup(paths).info["training"]["soup"]
    assert [one["sha256"] for one in ingredients] == [load_student(path).sha256 for path in paths]


def test_shares_say_how_much_of_each(tmp_path: Path) -> None:
    paths = [saved(tmp_path / f"{seed}.safetensors", seed) for seed in (1, 2)]
    key = "fc_score.0.weight"
    first, second = (load_student(path).network.state_dict()[key] for path in paths)
    torch.testing.assert_close(
        soup(paths, (0.25, 0.75)).network.state_dict()[key], 0.25 * first + 0.75 * second
    )


@pytest.mark.parametrize("shares", [(1.0,), (0.5, 0.6), (-0.5, 1.5)])
def test_shares_must_fit(tmp_path: Path, shares: tuple[float, ...]) -> None:
    with pytest.raises(TrainingError, match="shares"):
        soup([saved(tmp_path / f"{seed}.safetensors", seed) for seed in (1, 2)], shares)


def test_students_of_other_sizes_make_no_soup(tmp_path: Path) -> None:
    paths = [saved(tmp_path / "a.safetensors", 1), saved(tmp_path / "b.safetensors", 2, WIDE)]
    with pytest.raises(TrainingError, match="same sizes"):
        soup(paths)
    with pytest.raises(TrainingError, match="at least one"):
        soup([])
