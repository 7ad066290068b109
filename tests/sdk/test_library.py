"""Names, folders and files of models."""

import hashlib
import os
import sys
from pathlib import Path

import pytest

from mobileiqa_sdk import ArtifactInvalid, ModelNotFound, Scorer, library
from mobileiqa_sdk.library import DEFAULT, find, home, models

from . import artifacts


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny model in place of the bundled one."""
    root = tmp_path / "package" / "models"
    monkeypatch.setattr(library, "BUNDLED", root)
    return artifacts.save(root / DEFAULT)


@pytest.fixture
def cached(cache: Path) -> Path:
    return artifacts.save(cache / "models" / "mine")


def test_none_is_the_bundled_default(bundled: Path) -> None:
    assert find(None) == find(DEFAULT) == bundled


def test_a_name_a_folder_and_a_file(cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find("mine") == cached
    assert find(cached.parent) == find(str(cached.parent)) == find(f"{cached.parent}/") == cached
    assert find(cached) == find(str(cached)) == cached
    monkeypatch.chdir(cached.parent)
    assert find("model.onnx").resolve() == find("./model.onnx").resolve() == cached.resolve()
    assert find(".").resolve() == cached.resolve()


def test_a_scorer_by_name(cached: Path) -> None:
    assert Scorer("mine").path == cached
    assert Scorer("mine").contract.model.name == "tiny"


def test_a_folder_here_does_not_hide_a_model(
    bundled: Path, cached: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    for name in (DEFAULT, "mine"):
        artifacts.save(here / name, b"another")
    (here / "only-a-folder").mkdir()
    monkeypatch.chdir(here)
    assert find(None) == find(DEFAULT) == bundled
    assert find("mine") == cached
    assert find(f"./{DEFAULT}").resolve() == (here / DEFAULT / "model.onnx").resolve()


def test_a_cached_model_does_not_hide_a_bundled_one(bundled: Path, cache: Path) -> None:
    artifacts.save(cache / "models" / DEFAULT, b"another")
    assert find(DEFAULT) == bundled
    assert [(model.name, model.bundled) for model in models()] == [(DEFAULT, True)]


def test_a_folder_of_two_models(cached: Path) -> None:
    (cached.parent / "other.onnx").write_bytes(b"x")
    for name in ("mine", cached.parent):
        with pytest.raises(ArtifactInvalid, match=r"model\.onnx, other\.onnx"):
            find(name)
    assert find(cached) == cached
    assert "mine" not in [model.name for model in models()]


def test_a_folder_of_no_model(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "folder.onnx").mkdir()
    (tmp_path / "lost.onnx").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ArtifactInvalid, match="none"):
        find(tmp_path)


def test_a_folder_that_may_not_be_listed(cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Path) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", denied)
    with pytest.raises(ArtifactInvalid):
        find(cached.parent)
    assert models() == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        "nope",
        "a\0b",
        "..\0",
        "no/such/file",
        "/no/such/file",
        "\ud800",
        os.fsdecode(b"caf\xe9"),
        "x" * 300,
        "x" * 5000,
        "/" + "x" * 5000,
        "mine\n",
        "*",
        "con",
        "~",
        "-",
        "http://example.org/model.onnx",
        os.devnull,
    ],
    ids=ascii,
)
def test_names_of_nothing(name: str, cached: Path) -> None:
    with pytest.raises(ModelNotFound, match="model"):
        find(name)


def test_the_error_lists_the_names_without_reading_the_models(
    bundled: Path, cached: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "_intact", None)
    with pytest.raises(ModelNotFound, match=r"nope.*mobileiqa-small, mine"):
        find("nope")


def test_models_are_listed_default_first(bundled: Path, cache: Path) -> None:
    artifacts.save(bundled.parent.parent / "another")
    for name in ("zebra", "ant", ".hidden"):
        artifacts.save(cache / "models" / name)
    (cache / "models" / "file").write_text("no folder")
    (cache / "models" / "empty").mkdir()
    assert [model.name for model in models()] == [DEFAULT, "another", "ant", "zebra"]
    assert [model.bundled for model in models()] == [True, True, False, False]
    assert all(model.intact and model.size == model.path.stat().st_size for model in models())


def test_a_cache_that_is_a_file(cache: Path, bundled: Path) -> None:
    cache.write_text("not a folder")
    assert [model.name for model in models()] == [DEFAULT]
    assert find(None) == bundled


def test_checksums(cached: Path) -> None:
    sums = cached.parent / "SHA256SUMS"
    line = sums.read_text()
    digest = line.split()[0]

    def intact() -> bool | None:
        return next(model.intact for model in models() if model.name == "mine")

    assert intact() is True
    for same in (f"{digest} *model.onnx\n", f"{digest.upper()}  model.onnx\r\n", f"0  other\n\n{line}"):
        sums.write_text(same)
        assert intact() is True
    for damaged in (f"{digest[:-1]}x  model.onnx", f"  model.onnx\n{line}", "0" * 64 + "  model.onnx\n"):
        sums.write_text(damaged)
        assert intact() is False
    for unsaid in (b"", b"\xff\xfe\0", f"{digest}  other.onnx".encode(), digest.encode()):
        sums.write_bytes(unsaid)
        assert intact() is None
    sums.write_text(line)
    cached.write_bytes(cached.read_bytes()[:-1])
    assert intact() is False
    sums.unlink()
    assert intact() is None


def test_a_name_that_is_not_text(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9 \xff")
    try:
        file = artifacts.save(folder)
    except OSError:
        pytest.skip("this file system wants names that are text")
    assert Scorer(folder).path == file
    assert "model.onnx" in str(Scorer(file).path)


@pytest.mark.parametrize(
    ("system", "variables", "expected"),
    [
        ("linux", {}, "U/.cache/mobileiqa"),
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/mobileiqa"),
        ("linux", {"XDG_CACHE_HOME": ""}, "U/.cache/mobileiqa"),
        ("linux", {"XDG_CACHE_HOME": "/x", "MOBILEIQA_HOME": "/m"}, "/m"),
        ("linux", {"MOBILEIQA_HOME": "~/m"}, "U/m"),
        ("linux", {"MOBILEIQA_HOME": ""}, "U/.cache/mobileiqa"),
        ("darwin", {"XDG_CACHE_HOME": "/x"}, "U/Library/Caches/mobileiqa"),
        ("darwin", {"MOBILEIQA_HOME": "/m"}, "/m"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/mobileiqa/Cache"),
        ("win32", {}, "U/AppData/Local/mobileiqa/Cache"),
    ],
)
def test_the_cache_folder(
    system: str, variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MOBILEIQA_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", system)
    assert home() == Path(expected.replace("U", os.path.expanduser("~"), 1))


def test_a_user_without_a_home(bundled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOBILEIQA_HOME")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as for a uid without an entry
    assert find(None) == bundled
    assert [model.name for model in models()] == [DEFAULT]


def test_xdg_models_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOBILEIQA_HOME")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    file = artifacts.save(tmp_path / "mobileiqa" / "models" / "mine")
    assert find("mine") == file


def test_the_digest_of_a_model(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "sub" / "b").write_bytes(b"2")
    assert library.digest_of(tmp_path / "a") == hashlib.sha256(b"1").hexdigest()
    seen = [library.digest_of(tmp_path)]
    assert library.digest_of(tmp_path) == seen[0]
    (tmp_path / "a").write_bytes(b"3")
    seen.append(library.digest_of(tmp_path))
    (tmp_path / "a").rename(tmp_path / "c")
    seen.append(library.digest_of(tmp_path))
    (tmp_path / "sub").rename(tmp_path / "sup")
    seen.append(library.digest_of(tmp_path))
    assert len(set(seen)) == 4


def test_links_in_a_model_that_is_a_folder(tmp_path: Path) -> None:
    """As in a cache that links to one copy of each file; a link to a folder is not entered."""
    model, blobs = tmp_path / "model.mlpackage", tmp_path / "blobs"
    for folder in (model / "Data", blobs):
        folder.mkdir(parents=True)
    (blobs / "weights").write_bytes(b"12")
    (model / "Data" / "weights.bin").symlink_to(blobs / "weights")
    (model / "Manifest.json").write_bytes(b"{}")
    (model / "loop").symlink_to(model, target_is_directory=True)
    (model / "blobs").symlink_to(blobs, target_is_directory=True)
    (model / "nowhere").symlink_to("gone")
    assert library.files_of(model) == [model / "Data" / "weights.bin", model / "Manifest.json"]
    assert library.size_of(model) == 4
    before = library.digest_of(model)
    (blobs / "weights").write_bytes(b"13")
    assert library.digest_of(model) != before
    (blobs / "weights").write_bytes(b"12")
    linked = tmp_path / "link.mlpackage"
    linked.symlink_to(model, target_is_directory=True)
    assert library.digest_of(linked) == before
    copy = tmp_path / "copy.mlpackage"
    (copy / "Data").mkdir(parents=True)
    (copy / "Data" / "weights.bin").write_bytes(b"12")
    (copy / "Manifest.json").write_bytes(b"{}")
    assert library.digest_of(copy) == before


def test_a_linked_model_is_the_file_it_leads_to(cached: Path) -> None:
    link = cached.parent.parent / "linked" / "model.onnx"
    link.parent.mkdir()
    link.symlink_to(cached)
    assert find("linked") == link
    assert library.digest_of(link) == library.sha256_of(link) == library.sha256_of(cached)
    assert library.size_of(link) == cached.stat().st_size


def test_a_folder_of_artifacts_names_them(tmp_path: Path) -> None:
    for name in ("one", "two"):
        artifacts.save(tmp_path / name)
    (tmp_path / "three").mkdir()
    with pytest.raises(ArtifactInvalid, match=r"one, two$"):
        library.find(tmp_path)
