"""The figures that documents state about the bundled model are those of its files."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mobileiqa_export.checkpoint import load_student
from mobileiqa_sdk import Scorer
from mobileiqa_sdk.library import DEFAULT
from training.documents import DOCUMENTS, with_tables
from training.errors import TrainingError
from training.facts import FACTS, ModelFacts, derived, read_facts, write_facts

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIGURES = (ROOT / "docs" / "precision.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def facts() -> ModelFacts:
    return read_facts()


def test_facts_are_those_of_the_files(facts: ModelFacts) -> None:
    assert derived(facts) == facts, "out of date; run `make facts`"


def test_the_artifact_is_the_bundled_one(facts: ModelFacts, run: Callable[..., Any]) -> None:
    row = next(row for row in json.loads(run("models", "--json").out)["models"] if row["name"] == DEFAULT)
    assert (row["name"], row["bytes"]) == (facts.name, facts.artifact.bytes)
    assert (ROOT / facts.artifact.path).samefile(Scorer().path)


def test_accuracy_was_measured_with_this_checkpoint(facts: ModelFacts) -> None:
    assert facts.accuracy.checkpoint_sha256 == facts.checkpoint.sha256
    assert facts.checkpoint.path in facts.accuracy.command
    for agreement in (facts.accuracy.all, facts.accuracy.without_near_duplicates):
        for name in ("srcc", "plcc", "plcc_fitted", "krcc", "rmse"):
            figure = getattr(agreement, name)
            assert 0 < figure.low < figure.value < figure.high < 1, name


def test_the_training_data_is_what_the_checkpoint_says(facts: ModelFacts) -> None:
    info = load_student(ROOT / facts.checkpoint.path).info
    head = info["training"]["before"]
    rated = [dataset for dataset in facts.training_data if dataset.opinions]
    assert [dataset.name.split(",")[0] for dataset in rated] == [head["data"].split(",")[0]]
    assert rated[0].photos == 10_000 - head["settings"]["validation"]
    assert (info["name"], info["version"]) == (facts.name, facts.version)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_tables_of_documents_are_up_to_date(path: Path, facts: ModelFacts) -> None:
    text = path.read_text(encoding="utf-8")
    assert with_tables(text, facts, path.name) == text, "out of date; run `make facts`"


def test_the_card_has_both_tables() -> None:
    card = (ROOT / "training" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "<!-- facts: model -->" in card
    assert "<!-- facts: accuracy -->" in card


def test_the_card_states_the_subsets(facts: ModelFacts) -> None:
    card = (ROOT / "training" / "MODEL_CARD.md").read_text(encoding="utf-8")
    for subset, value in facts.accuracy.srcc_by_subset.items():
        assert f"({subset})" in card
        assert f"{value:.3f}" in card


def test_readme_states_the_same_figures(facts: ModelFacts) -> None:
    _, max_pixels = next(iter(facts.input.settings.items()))
    for text in (
        f"`{facts.name}` ({facts.artifact.bytes / 1e6:.1f} MB)",
        f"at most {max_pixels:,} pixels",
        f"SRCC {facts.accuracy.all.srcc.value:.3f} on {facts.accuracy.dataset}'s {facts.accuracy.split}",
        facts.license,
    ):
        assert text in README, text
    for text in (f"SRCC of {facts.accuracy.all.srcc.value:.4f}", facts.checkpoint.path):
        assert text in FIGURES, text


def test_the_license_is_the_packages(facts: ModelFacts) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["license"] == facts.license
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    folder = Path(facts.artifact.path).parent.as_posix()
    assert wheel[FACTS.relative_to(ROOT).as_posix()] == f"{folder}/facts.json"


def test_the_larger_models_card_states_its_files() -> None:
    card = (ROOT / "training" / "BASE_CARD.md").read_text(encoding="utf-8")
    checkpoint = ROOT / "training" / "checkpoints" / "mobileiqa-base.safetensors"
    artifact = ROOT / "mobileiqa_sdk" / "models" / "mobileiqa-base" / "model.onnx"
    loaded = load_student(checkpoint)
    contract = Scorer(artifact, threads=1).contract
    assert contract.model.checkpoint_sha256 == loaded.sha256
    assert (contract.model.name, contract.model.version) == (loaded.info["name"], loaded.info["version"])
    parameters = sum(weights.numel() for weights in loaded.network.parameters())
    for figure in (
        loaded.sha256,
        contract.model.version,
        *(f"{size:,}" for size in (checkpoint.stat().st_size, artifact.stat().st_size, parameters)),
    ):
        assert figure in card


def test_facts_are_typed(facts: ModelFacts, tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    write_facts(facts, path)
    assert read_facts(path) == facts
    assert path.read_bytes() == FACTS.read_bytes()
    for part, key, value in (
        ("input", "decode", "half"),
        ("checkpoint", "sha256", "917f"),
        ("accuracy", "measured", "yesterday"),
        ("parameters", "backbone", "many"),
        ("artifact", "colour", "blue"),
    ):
        values = msgspec.to_builtins(facts)
        values[part][key] = value
        path.write_text(json.dumps(values))
        with pytest.raises(TrainingError, match=part):
            read_facts(path)


def test_facts_of_another_checkpoint_are_refused(facts: ModelFacts, tmp_path: Path) -> None:
    """A model file and a checkpoint that do not belong together."""
    checkpoint = tmp_path / facts.checkpoint.path
    checkpoint.parent.mkdir(parents=True)
    content = (ROOT / facts.checkpoint.path).read_bytes()
    assert content.count(b"mobileiqa-small") == 1
    checkpoint.write_bytes(content.replace(b"mobileiqa-small", b"mobileiqa-small".upper()))
    artifact = tmp_path / facts.artifact.path
    artifact.parent.mkdir(parents=True)
    artifact.write_bytes((ROOT / facts.artifact.path).read_bytes())
    with pytest.raises(TrainingError, match="make model"):
        derived(facts, tmp_path)


def test_a_document_cannot_ask_for_an_unknown_table(facts: ModelFacts) -> None:
    with pytest.raises(TrainingError, match="sizes"):
        with_tables("<!-- facts: sizes -->\n<!-- end of facts -->", facts, "README.md")
