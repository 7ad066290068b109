"""The examples of docs/public-networks.md: CNNIQA has the patches of the published script, and its layers."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d
from torch import nn

from mobileiqa_export.networks import Description, read_toml
from mobileiqa_export.networks.factory import build
from mobileiqa_export.networks.weights import load_weights

EXAMPLES = Path(__file__).parents[2] / "export" / "examples"


@pytest.fixture(scope="module")
def cnniqa() -> ModuleType:
    module = ModuleType("cnniqa")
    exec((EXAMPLES / "cnniqa.py").read_text(encoding="utf-8"), module.__dict__)  # noqa: S102 - our own file
    return module


def test_local_normalisation_mirrors_the_edge(cnniqa: ModuleType) -> None:
    image = np.random.default_rng(0).random((12, 9))
    box = np.full((3, 3), 1 / 9)
    mean = convolve2d(image, box, boundary="symm", mode="same")
    variance = convolve2d(image**2, box, boundary="symm", mode="same") - mean**2
    expected = (image - mean) / (np.sqrt(np.maximum(variance, 0)) + 1)
    actual = cnniqa.normalised_locally(torch.from_numpy(image)[None, None])
    np.testing.assert_allclose(actual[0, 0], expected, atol=1e-12)


@pytest.mark.parametrize(("height", "width", "count"), [(64, 96, 2), (65, 97, 6), (480, 640, 14 * 19)])
def test_patches_are_those_of_the_published_script(
    height: int, width: int, count: int, cnniqa: ModuleType
) -> None:
    photo = torch.arange(height * width).view(1, 1, height, width)
    starts = [(y, x) for y in range(0, height - 32, 32) for x in range(0, width - 32, 32)]
    expected = [photo[0, :, y : y + 32, x : x + 32] for y, x in starts]
    assert torch.equal(cnniqa.patches(photo), torch.stack(expected))
    assert len(starts) == count


def test_the_description_makes_what_the_weights_fit(tmp_path: Path) -> None:
    path = EXAMPLES / "cnniqa.toml"
    description = Description.of(read_toml(str(path)), str(path))
    layers = {"conv1": nn.Conv2d(1, 50, 7), "fc1": nn.Linear(100, 800), "fc2": nn.Linear(800, 800)}
    published = nn.ModuleDict({**layers, "fc3": nn.Linear(800, 1)})
    torch.save(published.state_dict(), tmp_path / "CNNIQA-LIVE", _use_new_zipfile_serialization=False)
    network = build(description.factory, description.kwargs)
    load_weights(network, tmp_path / "CNNIQA-LIVE")
    assert torch.equal(network.get_parameter("fc3.bias"), published.get_parameter("fc3.bias"))
    assert network(torch.rand(1, 1, *description.size)).shape == (1, 1)
    assert description.output.worst > description.output.best


def test_the_table_holds_the_cells_that_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = importlib.util.spec_from_file_location("table_of_networks", EXAMPLES / "table_of_networks.py")
    assert spec is not None
    assert spec.loader is not None
    table = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(table)
    artifact = {"file_format": "coreml", "precision": "fp32", "drift": {"max_difference": 0.002}}
    failed = {"file_format": "coreml", "precision": "fp16", "error": "it has no fft"}
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        commands.append(command)
        answer = [0, 1] if "--range" in command else {"artifacts": [artifact], "failed": [failed]}
        return SimpleNamespace(returncode=0, stdout=json.dumps(answer))

    monkeypatch.setattr(table.subprocess, "run", run)
    monkeypatch.setattr("sys.argv", ["", "n.py:net=8x9", "--format", "coreml", "--precision", "fp32,fp16"])
    table.main()
    title, _, row, _, reason = capsys.readouterr().out.splitlines()
    assert [cell.strip() for cell in title.split("|")[1:-1]] == ["network", "coreml fp32", "coreml fp16"]
    assert [cell.strip() for cell in row.split("|")[1:-1]] == ["net, 8 x 9", "2.0e-03", "no (1)"]
    assert "no fft" in reason
    export = dict(zip(commands[1], commands[1][1:], strict=False))
    assert (export["--format"], export["--precision"]) == ("coreml", "fp32,fp16")
