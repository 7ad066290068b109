from __future__ import annotations

from pathlib import Path

import click
import pytest
import torch
from click.testing import CliRunner

from mobileiqa_export.checkpoint import load_student, save_checkpoint
from mobileiqa_export.student import StudentConfig, build_student
from training.cli import commands, main
from training.cli.options import backbone_weights_of
from training.features import fingerprint

CONFIG = StudentConfig(arch="moments", backbone="mobilenetv3-large-minimalistic", hidden=4, views=2)


def test_a_students_backbone_can_be_taken(tmp_path: Path) -> None:
    torch.manual_seed(0)
    student = build_student(CONFIG)
    save_checkpoint(tmp_path / "a.safetensors", student, CONFIG)
    weights = backbone_weights_of(None, tmp_path / "a.safetensors")
    assert fingerprint(weights) == fingerprint(dict(student.local_cnn.state_dict()))


def test_one_backbone_is_needed_not_two(tmp_path: Path) -> None:
    for files in ((None, None), (tmp_path, tmp_path)):
        with pytest.raises(click.UsageError, match="--checkpoint"):
            backbone_weights_of(*files)


def test_control_c_is_status_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "callback", interrupted)
    monkeypatch.setattr("sys.argv", ["training", "soup", "--out", "a"])
    with pytest.raises(SystemExit) as raised:
        main()
    assert raised.value.code == 130
    assert "kept" in capsys.readouterr().err


@pytest.mark.parametrize("name", list(commands.commands))
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(commands, [name, "--help"])
    assert result.exit_code == 0
    assert name in result.output
    assert commands.commands[name].help


def test_a_soup_keeps_what_the_last_checkpoint_says_of_itself(tmp_path: Path) -> None:
    student = build_student(CONFIG)
    for name in ("a", "b"):
        save_checkpoint(tmp_path / f"{name}.safetensors", student, CONFIG, name=name, version="7")
    out = tmp_path / "soup.safetensors"
    result = CliRunner().invoke(
        commands, ["soup", *(str(tmp_path / f"{name}.safetensors") for name in "ab"), "--out", str(out)]
    )
    assert result.exit_code == 0, result.output
    loaded = load_student(out)
    assert (loaded.config, loaded.info["name"], loaded.info["version"]) == (CONFIG, "b", "7")
