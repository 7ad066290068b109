"""Networks of other forms all the way to artifacts, and where they fail."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from mobileiqa_bench.fidelity.images import verification_set
from mobileiqa_bench.fidelity.scoring import open_artifact
from mobileiqa_export.errors import ConversionFailed, ExportMismatch, NetworkUnfit
from mobileiqa_export.exporter import export, export_matrix
from mobileiqa_export.formats import onnx as onnx_format
from mobileiqa_export.networks import Description, NetworkSource
from mobileiqa_export.networks.pixels import PixelNetwork
from mobileiqa_export.options import Options
from mobileiqa_export.output import report_folder
from mobileiqa_export.prepare import prepare
from mobileiqa_sdk import Scorer
from mobileiqa_sdk.contract import InputSpec, ModelContract
from mobileiqa_sdk.progress import SILENT

from .. import standins

SIZE = (65, 97)
IMAGENET = {"input__mean": [0.485, 0.456, 0.406], "input__std": [0.229, 0.224, 0.225]}
FORMS: dict[str, dict[str, Any]] = {
    "nima": {**IMAGENET, "output__bins": list(range(1, 11))},
    "cnniqa": {"input__channels": "L"},
    "dbcnn": {**IMAGENET},
    "hyperiqa": {**IMAGENET},
    "hyper_products": {**IMAGENET, "output__select": "score"},
}
# What a converter makes of one network is the slow part, and its precisions share it.
PRECISIONS = {
    "onnx": ["fp32", "fp16"],
    "tflite": ["fp32", "fp16", "int8-dynamic"],
    "coreml": ["fp32", "fp16"],
}
REPLACED: dict[str, set[str]] = {
    "nima": {"adaptive_avg_pool2d"},
    "cnniqa": {"adaptive_max_pool2d", "max_pool2d", "unfold"},
    "dbcnn": {"normalize"},
    "hyperiqa": {"adaptive_avg_pool2d", "conv2d"},
    "hyper_products": {"adaptive_avg_pool2d"},
}
OPTIONS = Options(timing=False, calibration_images=4)
Describe = Callable[..., Description]


def recorder(lines: list[str]) -> Any:
    """Progress that keeps its lines."""
    return SimpleNamespace(step=lines.append, warn=lines.append)


def spread(description: Description) -> Description:
    """With ends between which random weights put the test images, as a trained network's would."""
    network = getattr(standins, description.factory.rpartition(":")[2])()
    wide = PixelNetwork(
        network, replace(description, output=replace(description.output, worst=-1e3, best=1e3))
    )
    with torch.inference_mode():
        # In float64: ends so far apart would cost float32 most of its digits.
        raw = [
            2e3 * float(wide.double()(torch.from_numpy(pixels)[None])) - 1e3
            for pixels in verification_set(InputSpec(*SIZE)).pixels
        ]
    margin = 0.2 * (max(raw) - min(raw))
    return replace(
        description, output=replace(description.output, worst=min(raw) - margin, best=max(raw) + margin)
    )


@pytest.fixture(autouse=True)
def _one_conversion(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network of one export is traced for ONNX once, and for TFLite."""
    import litert_torch

    made: dict[int, tuple[nn.Module, Any]] = {}  # networks are kept, so that ids stay theirs
    to_onnx, to_tflite = onnx_format._to_onnx, litert_torch.convert

    def onnx_once(network: nn.Module, contract: ModelContract) -> onnx.ModelProto:
        if id(network) not in made:
            made[id(network)] = (network, to_onnx(network, contract))
        copy = onnx.ModelProto()
        copy.CopyFrom(made[id(network)][1])
        return copy

    def tflite_once(network: nn.Module, example: tuple[Tensor, ...]) -> Any:
        # Formats give it a copy of the network, which shares the weights.
        shared = next(network.parameters(), network)
        if id(shared) not in made:
            made[id(shared)] = (network, to_tflite(network, example))
        return made[id(shared)][1]

    monkeypatch.setattr(onnx_format, "_to_onnx", onnx_once)
    monkeypatch.setattr(litert_torch, "convert", tflite_once)


CELLS = [
    (name, file_format)
    for name in FORMS
    for file_format in PRECISIONS
    if (name, file_format) != ("hyper_products", "tflite")
]


@pytest.mark.parametrize(("name", "file_format"), CELLS)
def test_every_format(name: str, file_format: str, describe: Describe, tmp_path: Path) -> None:
    description = spread(describe(arch__factory=f"{standins.FILE}:{name}", model__name=name, **FORMS[name]))
    outcomes = export_matrix(
        NetworkSource(description),
        tmp_path,
        file_formats=[file_format],
        precisions=PRECISIONS[file_format],
        options=OPTIONS,
    )
    assert [outcome.error for outcome in outcomes] == [None] * len(PRECISIONS[file_format])
    for outcome in outcomes:
        assert outcome.report is not None
        assert outcome.report.verdict.drift.spread > 0.5, (
            "a network that answers the same to all shows nothing"
        )
        runner = open_artifact(outcome.folder)
        assert runner.contract.model.name == name
        assert runner.contract.model.family == type(getattr(standins, name)()).__name__
        assert (runner.contract.input.height, runner.contract.input.width) == SIZE
    first = outcomes[0].report
    assert first is not None
    assert (first.verdict.drift.max_difference or 0) <= 1e-4
    steps = [step.name for step in first.steps if not step.reason]
    assert steps[0] == "as trained"
    assert ("fold_batchnorm" in steps) == (name != "cnniqa")
    assert {step for step in steps if step.startswith("replace")} == {
        f"replace_{function}" for function in REPLACED[name]
    }


@pytest.mark.parametrize(("width", "kept"), [(96, True), (24, False)])
def test_what_bears_the_name_of_integers_has_some(
    width: int, kept: bool, describe: Describe, tmp_path: Path
) -> None:
    """ONNX stores small layers as floats: of narrow networks all, which no option makes an int8 artifact."""
    factory = {"arch__factory": f"{standins.FILE}:NIMA", "arch__kwargs": {"width": width}}
    outcomes = export_matrix(
        NetworkSource(describe(**factory, **FORMS["nima"])),
        tmp_path,
        file_formats=["onnx"],
        precisions=["int8-weights", "int4-weights"],
        options=replace(OPTIONS, allow_drift=True),
    )
    for outcome in outcomes:
        is_int8 = outcome.cell.precision.name == "int8-weights"
        assert outcome.folder.is_dir() == (outcome.error is None) == (kept and is_int8)
        if outcome.error is not None:
            assert isinstance(outcome.error, ExportMismatch)
            assert "32,768" in str(outcome.error)
            assert "--allow-drift" not in str(outcome.error)
            assert report_folder(outcome.folder).is_dir()


def test_the_command(run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As people type it, with a checkpoint and a TOML in their folder, and options that win over it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_nets.py").write_text(standins.FILE.read_text())
    torch.save({"state_dict": standins.seeded("NIMA", width=16).state_dict()}, tmp_path / "best.pth")
    (tmp_path / "nima.toml").write_text(
        '[arch]\nfactory = "my_nets:NIMA"\nkwargs.width = 16\ncheckpoint = "best.pth"\n'
        '[model]\nname = "ours"\nlicence = "MIT"\n'
        "[input]\nsize = [224, 224]\nmean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]\n"
        "[output]\nbins = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n"
    )
    more = ("--input-size", "65x97", "--model-version", "3", "--config", "output.best = 8")
    result = run("export", "--config", "nima.toml", *more, "--verification-images", 20)
    assert result.code == 0, result.err
    assert "state_dict" in result.err  # which of the file's entries was taken
    contract = Scorer("ours-onnx").contract
    assert (contract.model.name, contract.model.version, contract.model.license) == ("ours", "3", "MIT")
    assert (contract.input.height, contract.input.width) == SIZE
    assert run("verify", "ours-onnx").code == 0
    photo = Path(np.__file__)  # no photo, so a row with an error
    assert run("score", "--model", "ours-onnx", photo).code == 1


def test_without_a_checkpoint(describe: Describe, tmp_path: Path) -> None:
    """The weights the factory gives; their digest tells one export from another."""
    description = spread(describe(**FORMS["nima"]))
    report = export(NetworkSource(description), tmp_path / "out", options=OPTIONS)
    model = report.contract.model
    assert (model.name, model.version, model.license) == ("standins", "0", "unknown")
    assert len(model.checkpoint_sha256) == 64
    again = export(NetworkSource(description), tmp_path / "again", options=OPTIONS)
    same = [(tmp_path / folder / "model.onnx").read_bytes() for folder in ("out", "again")]
    assert same[0] == same[1]
    assert again.contract == report.contract


OUTSIDE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, place, value):
        super().__init__()
        weights = torch.full((3, 1, 1), value)
        self.net = nn.Conv2d(3, 1, 3)
        nn.init.constant_(self.net.weight, 0.1)
        nn.init.zeros_(self.net.bias)
        if place == "module in a list":
            part = nn.Conv2d(3, 3, 1, bias=False)
            nn.init.constant_(part.weight, value)
            self.parts = [part]
        elif place == "buffer":
            self.register_buffer("weights", weights, persistent=False)
        else:
            self.weights = weights.bfloat16() if place == "half" else weights

    def forward(self, x):
        x = self.parts[0](x) if hasattr(self, "parts") else x * self.weights
        return torch.sigmoid(self.net(x).mean((1, 2, 3)))
"""


@pytest.mark.parametrize("place", ["module in a list", "attribute", "half", "buffer"])
def test_the_digest_covers_what_no_state_dict_has(place: str, describe: Describe, tmp_path: Path) -> None:
    (tmp_path / "nets.py").write_text(OUTSIDE)

    def digest(value: float) -> str:
        kwargs = {"place": place, "value": value}
        description = describe(arch__factory=f"{tmp_path / 'nets.py'}:Net", arch__kwargs=kwargs)
        return NetworkSource(description).load(SILENT).model.checkpoint_sha256

    assert digest(0.5) == digest(0.5) != digest(0.25)


@pytest.mark.parametrize("trains", [True, False])
def test_a_hidden_module_in_training_mode(trains: bool, describe: Describe, tmp_path: Path) -> None:
    """A network's eval() does not reach what it keeps in a list."""
    (tmp_path / "nets.py").write_text(
        "import torch\n"
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self, trains):\n"
        "        super().__init__()\n"
        "        self.conv = nn.Conv2d(3, 3, 3)\n"
        "        self.parts = [nn.BatchNorm2d(3).train(trains)]\n"
        "    def forward(self, x):\n"
        "        return torch.sigmoid(self.parts[0](self.conv(x)).square().mean((1, 2, 3)))\n"
    )
    factory = f"{tmp_path / 'nets.py'}:Net"
    source = NetworkSource(describe(arch__factory=factory, arch__kwargs={"trains": trains}))
    with pytest.raises(NetworkUnfit, match="training mode") if trains else nullcontext():
        source.load(SILENT)


def test_without_rewrites(describe: Describe, tmp_path: Path) -> None:
    source = NetworkSource(spread(describe(**FORMS["nima"])), rewrites=False)
    lines: list[str] = []
    report = export(
        source,
        tmp_path / "out",
        options=OPTIONS,
        progress=recorder(lines),
    )
    assert [step.name for step in report.steps if not step.reason] == ["as trained"]
    assert "wrapping, without rewrites" in lines


def test_small_terms_are_kept(describe: Describe, tmp_path: Path) -> None:
    """Torch's exporter takes x + 1e-8 for x, which under a root is not the same."""
    description = spread(describe(arch__factory=f"{standins.FILE}:dbcnn", **FORMS["dbcnn"]))
    export(NetworkSource(description), tmp_path / "out", options=OPTIONS)
    graph = onnx.load(tmp_path / "out" / "model.onnx").graph
    roots = {node.input[0] for node in graph.node if node.op_type == "Sqrt"}
    assert any(node.op_type == "Add" and node.output[0] in roots for node in graph.node)


def test_clamped_scores_are_mentioned(describe: Describe, tmp_path: Path) -> None:
    lines: list[str] = []
    whole = spread(describe(**FORMS["nima"]))
    middle = (whole.output.worst + whole.output.best) / 2
    upper = replace(whole, output=replace(whole.output, worst=middle))
    export(
        NetworkSource(upper),
        tmp_path / "out",
        options=OPTIONS,
        progress=recorder(lines),
    )
    assert re.search(r"^\d+ of 20 test images get the worst or the best", "\n".join(lines), re.MULTILINE)


@pytest.mark.parametrize(("scale", "warned"), [(0.0, True), (0.02, True), (0.04, False)])
def test_scores_that_hardly_differ_are_mentioned(
    scale: float, warned: bool, describe: Describe, tmp_path: Path
) -> None:
    """A dead network, or ends far too wide: the file is right, and no use to anyone."""
    lines: list[str] = []
    whole = spread(describe(**FORMS["nima"]))
    middle, half = (whole.output.worst + whole.output.best) / 2, (whole.output.best - whole.output.worst) / 2
    half = half / scale if scale else 1e9
    ends = replace(whole.output, worst=middle - half, best=middle + half)
    prepare(NetworkSource(replace(whole, output=ends)), OPTIONS, recorder(lines))
    assert any("hardly differ" in line for line in lines) == warned


def test_ends_that_do_not_fit(describe: Describe, tmp_path: Path) -> None:
    worst = describe(**FORMS["nima"], output__worst=9, output__best=10)
    with pytest.raises(NetworkUnfit, match=r"output\.worst and output\.best"):
        export(NetworkSource(worst), tmp_path / "out", options=OPTIONS)
    assert not list(tmp_path.iterdir())


class _Bad(nn.Module):
    """One step of code that is no good, behind a convolution that is."""

    def __init__(self, code: Callable[[Tensor], Any]) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.backbone = nn.Sequential(nn.Conv2d(3, 3, 3))
        self.head = _Head(code)

    def forward(self, x: Tensor) -> Any:
        return torch.sigmoid(self.head(self.backbone(x)))


class _Head(nn.Module):
    def __init__(self, code: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.code = code

    def forward(self, x: Tensor) -> Any:
        return self.code(x)


BAD: dict[str, tuple[Callable[[Tensor], Any], str]] = {
    "branches": (
        lambda x: x.mean() if x.mean() > 0 else x.amax(),
        r"torch.Tensor.__bool__ in head \(_Head\)",
    ),
    "numbers": (lambda x: x.mean() * float(x.amax()), r"torch.Tensor.__float__ in head \(_Head\)"),
    "numpy": (lambda x: torch.from_numpy(x.numpy()).mean(), r"torch.Tensor.numpy in head \(_Head\)"),
    "shapes": (
        lambda x: nn.functional.linear(x, torch.ones(1, 5)).mean(),
        r"65 x 97 .*torch.nn.functional.linear in head \(_Head\): RuntimeError: ",
    ),
    "Python": (lambda x: {}["score"], r"65 x 97 .*head \(_Head\): KeyError: 'score'"),
    "chance": (
        lambda x: nn.functional.dropout(x).mean() + 0.5,
        r"0\.\d+ and 0\.\d+.*F.dropout",
    ),
    "no number": (lambda x: x.mean() * torch.nan, "nan"),
    "answers": (lambda x: x.mean((2, 3)), "3 values"),
}


def bad(code: Callable[[Tensor], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standins, "nima", partial(_Bad, code))
    monkeypatch.setattr(
        "mobileiqa_export.networks.source.build",
        lambda *_: _Bad(code).eval().requires_grad_(False),
    )


@pytest.mark.parametrize("kind", BAD)
def test_networks_that_cannot_be_traced(
    kind: str, describe: Describe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = BAD[kind]
    bad(code, monkeypatch)
    with pytest.raises(NetworkUnfit, match=said):
        export(NetworkSource(describe()), tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("file_format", "named"),
    [
        (
            "onnx",
            r"onnx fp32 .*linalg_svd in head \(_Head\) \(DispatchError: ",
        ),
        (
            "tflite",
            r"tflite fp32 .*linalg_svd in head \(_Head\) \(RuntimeError: ",
        ),
        (
            "coreml",
            r"Core ML .*'linalg_svdvals'.* head",
        ),
    ],
)
def test_operators_that_a_format_has_not(
    file_format: str, named: str, describe: Describe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad(lambda x: torch.linalg.svdvals(x[0, 0, :8, :8]).sum(), monkeypatch)
    with pytest.raises(ConversionFailed, match=named):
        export(NetworkSource(describe()), tmp_path / "out", file_format=file_format)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("file_format", "named", "code"),
    [
        ("onnx", r"Mul in head \(_Head\)", lambda x: x.bfloat16().mul(1.1).float().mean()),
        ("tflite", r"STABLEHLO_SCATTER in head \(_Head\)", lambda x: _folded(x[:, :, :16, :16]).amax()),
        ("tflite", r"STABLEHLO_SORT in head \(_Head\)", lambda x: x.flatten(2).quantile(0.3, 2).mean()),
    ],
)
def test_operators_that_a_runtime_refuses(
    file_format: str,
    named: str,
    code: Any,
    describe: Describe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad(code, monkeypatch)
    with pytest.raises(ConversionFailed, match=f"{file_format} fp32 was written, .* because of {named}"):
        export(NetworkSource(describe()), tmp_path / "out", file_format=file_format)
    assert not list(tmp_path.iterdir())


def _folded(x: Tensor) -> Tensor:
    patches = nn.functional.unfold(x, 4, stride=2)
    return nn.functional.fold(patches, (16, 16), 4, stride=2)


def test_what_only_a_mac_runs_is_not_kept(
    describe: Describe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad(lambda x: nn.functional.conv_transpose2d(x, torch.ones(3, 1, 2, 2)).mean(), monkeypatch)
    with pytest.raises(ConversionFailed, match="conv_transpose"):
        export(NetworkSource(describe()), tmp_path / "out", file_format="coreml")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--checkpoint"),
        (("--arch", "nima"), "input.size"),
        (("--arch", "nima", "--input-size", "64x64"), "output.worst"),
        (("--config", "none.toml"), "none.toml"),
        (("--config", "input.size"), "'input.size'"),
        (("--config", "input.sise=[64,64]"), "input.size"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], said: str, run: Callable[..., Any]) -> None:
    result = run("export", *arguments)
    assert result.code == 2
    assert said in " ".join(result.err.split())
    assert "Traceback" not in result.err


def test_json(run: Callable[..., Any], tmp_path: Path) -> None:
    """Options alone, no TOML file."""
    result = run(
        "export",
        *("--arch", f"{standins.FILE}:nima", "--input-size", "65x97", "--json", "-o", tmp_path / "out"),
        *("--config", "output.bins=[1,2,3,4,5,6,7,8,9,10]"),
    )
    assert result.code == 0, result.err
    assert json.loads(result.out)["contract"]["model"]["family"] == "NIMA"
