"""Archives, tables and URLs of photos: read as streams, bounded, with a reason where they are damaged."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mobileiqa_sdk import ExtraMissing, PhotoError, Scorer
from mobileiqa_sdk.sources import member as member_module
from mobileiqa_sdk.sources import tar as tar_module
from mobileiqa_sdk.sources import zip as zip_module
from mobileiqa_sdk.sources.find import find_sources
from mobileiqa_sdk.sources.shard import Shard, kind_of
from mobileiqa_sdk.sources.store import StoredPhoto, is_url, stamp_of
from mobileiqa_sdk.streams import Scored, score_sources

from . import archives

Run = Callable[..., Any]
PNGS = archives.pngs()


@pytest.fixture(scope="module")
def scorer(tiny: Path) -> Scorer:
    return Scorer(tiny, threads=1)


def outcomes(scorer: Scorer, *paths: object, **options: Any) -> dict[str, float | str]:
    """The score or the class of the error, by path."""
    results = score_sources(scorer, find_sources([os.fspath(p) for p in paths], **options), workers=2)
    return {one.result.photo: outcome(one) for one in results}


def outcome(scored: Scored) -> float | str:
    result = scored.result
    return type(result).__name__ if isinstance(result, PhotoError) else result.score


def reason(scorer: Scorer, path: Path) -> str:
    """The reason in the last row, which is that of the archive."""
    *_, last = score_sources(scorer, [shard(path)])
    assert isinstance(last.result, PhotoError)
    assert last.result.photo == str(path)
    assert not last.is_last
    return last.result.reason


def shard(path: Path, **options: Any) -> Shard:
    kind = kind_of(str(path))
    assert kind is not None
    return Shard(str(path), kind, **options)


def expected(scorer: Scorer, path: Path, names: tuple[str, ...] = tuple(PNGS)) -> dict[str, float]:
    return {f"{path}/{name}": scorer.score(PNGS[name]) for name in names}


TARS = {"a.tar": "w", "a.tar.gz": "w:gz", "a.TGZ": "w:gz", "a.tar.bz2": "w:bz2", "a.tar.xz": "w:xz"}


@pytest.mark.parametrize("name", TARS)
@pytest.mark.parametrize("layout", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_tar_scores_like_its_files(tmp_path: Path, scorer: Scorer, name: str, layout: int) -> None:
    path = archives.tar(tmp_path / name, PNGS, TARS[name], format=layout)
    before = path.read_bytes()
    assert outcomes(scorer, path) == expected(scorer, path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_zip_scores_like_its_files(tmp_path: Path, scorer: Scorer, compression: int) -> None:
    path = archives.zipped(tmp_path / "a.zip", PNGS, compression)
    assert outcomes(scorer, path) == expected(scorer, path)


@pytest.mark.parametrize("write", [archives.tar, archives.zipped])
def test_what_is_a_photo_in_an_archive(tmp_path: Path, scorer: Scorer, write: Any) -> None:
    """What is named like one, or is one; WebDataset's other members and hidden files are neither."""
    data = PNGS["2.png"]
    members = {
        "./000.jpg": data,
        "000.json": b"{}",
        "000.cls": b"7",
        "000.txt": b"BM, said the cat, and much more than that" * 9,
        "sub/001.image": data,
        "002.jpg": b"not a photo",
        "003.PNG": data[:60],
        "004.nef": b"II*\0" + bytes(200),
        "__MACOSX/._000.jpg": b"\0" * 99,
        ".hidden/005.jpg": data,
        "/absolute.png": data,
        "../up.png": data,
        "caf\u00e9 \u2603.png": data,
    }
    path = write(tmp_path / ("a.tar" if write is archives.tar else "a.zip"), members)
    score = scorer.score(data)
    assert outcomes(scorer, path) == {
        f"{path}/000.jpg": score,
        f"{path}/sub/001.image": score,
        f"{path}/002.jpg": "PhotoUnsupported",
        f"{path}/003.PNG": "PhotoUnreadable",
        f"{path}/004.nef": "PhotoUnreadable",
        f"{path}/absolute.png": score,
        f"{path}/../up.png": score,
        f"{path}/caf\u00e9 \u2603.png": score,
    }


def test_links_and_folders_in_a_tar_are_no_photos(tmp_path: Path, scorer: Scorer) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (
            ("a.jpg", tarfile.SYMTYPE),
            ("b.jpg", tarfile.LNKTYPE),
            ("c.jpg", tarfile.DIRTYPE),
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        entry = tarfile.TarInfo("d.jpg")
        entry.size = len(PNGS["0.png"])
        archive.addfile(entry, io.BytesIO(PNGS["0.png"]))
    assert list(outcomes(scorer, path)) == [f"{path}/d.jpg"]


@pytest.mark.parametrize("name", ["a.tar", "a.zip", "a.tar.gz"])
def test_an_archive_without_photos(tmp_path: Path, scorer: Scorer, name: str) -> None:
    write = archives.zipped if name == "a.zip" else archives.tar
    options = () if name != "a.tar.gz" else ("w:gz",)
    path = write(tmp_path / name, {"a.txt": b"text"}, *options)
    assert outcomes(scorer, path) == {str(path): "PhotoNotFound"}


@pytest.mark.parametrize("name", ["no.tar", "no.zip", "no.tar.gz"])
def test_a_missing_archive(tmp_path: Path, scorer: Scorer, name: str) -> None:
    assert outcomes(scorer, tmp_path / name) == {str(tmp_path / name): "PhotoNotFound"}


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.zip", "a.parquet", "a.arrow"])
@pytest.mark.parametrize(
    "data", [b"", b"x", b"PK\5\6", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", bytes(512), b"ARROW1PAR1" * 99]
)
def test_a_file_of_something_else(tmp_path: Path, scorer: Scorer, name: str, data: bytes) -> None:
    """It is a row with a reason, and the others go on."""
    if name in ("a.parquet", "a.arrow"):
        pytest.importorskip("pyarrow")
    path, sound = tmp_path / name, archives.tar(tmp_path / "sound.tar", PNGS)
    path.write_bytes(data)
    rows = outcomes(scorer, path, sound)
    assert rows.pop(str(path)) in ("PhotoUnreadable", "PhotoNotFound")
    assert rows == expected(scorer, sound)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_cut_anywhere_says_so(tmp_path: Path, scorer: Scorer, mode: str) -> None:
    """No photo is missing without a row that tells: also where it is cut between two members."""
    whole = archives.tar(tmp_path / "whole.tar", PNGS, mode).read_bytes()
    path = tmp_path / "cut.tar"
    content = 5 * 1024 if mode == "w" else len(whole) - 1  # what precedes the end mark
    scores = list(expected(scorer, path).items())
    for end in range(0, content + 1, 256 if mode == "w" else 97):
        path.write_bytes(whole[:end])
        *photos, last = outcomes(scorer, path).items()
        assert last == (str(path), "PhotoUnreadable"), end
        assert photos == scores[: len(photos)]
        if mode == "w":
            assert len(photos) >= end // 1024


@pytest.mark.parametrize("block", [0, 2, 4])
def test_a_tar_with_a_damaged_header_says_so(tmp_path: Path, scorer: Scorer, block: int) -> None:
    """`tarfile` alone would take it for the end of the archive."""
    path = archives.tar(tmp_path / "a.tar", PNGS)
    data = bytearray(path.read_bytes())
    data[512 * block] ^= 0xFF
    path.write_bytes(data)
    names = tuple(PNGS)[: block // 2]
    assert outcomes(scorer, path) == {**expected(scorer, path, names), str(path): "PhotoUnreadable"}


def test_a_damaged_member_alone_is_an_error(tmp_path: Path, scorer: Scorer) -> None:
    members = {**PNGS, "1.png": PNGS["1.png"][:-20] + bytes(20)}
    tar, zipped = archives.tar(tmp_path / "a.tar", members), archives.zipped(tmp_path / "a.zip", PNGS, 0)
    data = bytearray(zipped.read_bytes())
    place = data.index(PNGS["1.png"]) + 40
    data[place] ^= 0xFF  # so that its checksum does not match
    zipped.write_bytes(data)
    for path in (tar, zipped):
        rows = outcomes(scorer, path)
        assert rows.pop(f"{path}/1.png") == "PhotoUnreadable"
        assert rows == expected(scorer, path, ("0.png", "2.png", "3.png", "4.png"))


def test_an_encrypted_member(tmp_path: Path, scorer: Scorer) -> None:
    path = archives.zipped(tmp_path / "a.zip", PNGS)
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    rows = outcomes(scorer, path)
    assert rows.pop(f"{path}/0.png") == "PhotoUnsupported"
    assert rows == expected(scorer, path, ("1.png", "2.png", "3.png", "4.png"))


def header(name: bytes, size: bytes, kind: bytes = b"0") -> bytes:
    """A tar header with any text for its size."""
    block = bytearray(struct.pack("100s8s8s8s12s12s8s1s", name, b"644", b"", b"", size, b"0", b" " * 8, kind))
    block += bytes(512 - len(block))
    block[257:263] = b"ustar\0"
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


ABSURD = {
    "a member of 8 EiB": header(b"a.jpg", b"\x80" + bytes(3) + b"\x7f" + b"\xff" * 7),
    "a negative member": header(b"a.jpg", b"\xff" * 12),
    "a name of 2 GiB": header(b"././@LongLink", b"17777777777", b"L"),
    "attributes of 2 GiB": header(b"pax", b"17777777777", b"x"),
    "names without end": header(b"././@LongLink", b"00000000000", b"L") * 9000,
}


@pytest.mark.parametrize("data", ABSURD.values(), ids=ABSURD.keys())
@pytest.mark.parametrize("compressed", [False, True])
def test_an_absurd_tar(tmp_path: Path, scorer: Scorer, data: bytes, compressed: bool) -> None:
    path = tmp_path / "a.tar"
    data += bytes(1024)
    path.write_bytes(gzip.compress(data) if compressed else data)
    tracemalloc.start()
    try:
        rows = outcomes(scorer, path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert set(rows.values()) <= {"PhotoUnreadable", "PhotoTooLarge"}
    assert str(path) in rows
    assert peak < 64 << 20


def test_a_tar_bomb(tmp_path: Path, scorer: Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compressed zeros end at the bound; the same length of photos does not."""
    monkeypatch.setattr(tar_module, "FREE", 1 << 20)
    bomb = archives.tar(tmp_path / "bomb.tar.gz", {"a.bin": bytes(4 << 20), **PNGS}, "w:gz")
    assert "expands" in reason(scorer, bomb)
    noise = archives.tar(tmp_path / "noise.tar.gz", {"a.bin": os.urandom(4 << 20), **PNGS}, "w:gz")
    assert outcomes(scorer, noise) == expected(scorer, noise)


def test_a_zip_bomb_is_not_inflated(tmp_path: Path, scorer: Scorer) -> None:
    """Of a member that is no photo, only the beginning is; of one that is too long, nothing."""
    members = {"a.jpg": bytes(200 << 20), "b.bin": bytes(200 << 20), **PNGS}
    path = archives.zipped(tmp_path / "a.zip", members)
    tracemalloc.start()
    try:
        rows = outcomes(scorer, path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rows.pop(f"{path}/a.jpg") == "PhotoUnsupported"
    assert rows == expected(scorer, path)
    assert peak < 32 << 20


@pytest.mark.parametrize("write", [archives.tar, archives.zipped])
def test_a_member_that_is_too_long(
    tmp_path: Path, scorer: Scorer, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = max(map(len, PNGS.values()))
    monkeypatch.setattr(member_module, "MAX_MEMBER", longest)
    members = {"a.png": PNGS["0.png"] + bytes(longest), "a.bin": bytes(longest + 1), **PNGS}
    path = write(tmp_path / ("a.tar" if write is archives.tar else "a.zip"), members)
    assert outcomes(scorer, path) == {f"{path}/a.png": "PhotoTooLarge", **expected(scorer, path)}


def test_a_list_that_is_too_long(tmp_path: Path, scorer: Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archives.zipped(tmp_path / "a.zip", PNGS)
    monkeypatch.setattr(zip_module, "MAX_LIST", 200)
    assert "200 bytes" in reason(scorer, path)


def test_compressed_by_zstandard(tmp_path: Path, scorer: Scorer) -> None:
    path = tmp_path / "a.tar.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd" + bytes(99))
    assert "Zstandard" in reason(scorer, path)


def test_members_are_read_one_behind_another(tmp_path: Path, tiny: Path) -> None:
    """An archive is not held in memory, however long it is."""
    data = PNGS["0.png"] + bytes(2 << 20)  # what follows a photo does not count
    path = archives.tar(tmp_path / "a.tar", {f"{number}.png": data for number in range(40)})
    scorer = Scorer(tiny, threads=1)
    scorer.score(data)
    tracemalloc.start()
    try:
        count = sum(1 for _ in score_sources(scorer, [shard(path)], workers=1))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 40
    assert peak < 20 << 20


def test_bytes_ahead_are_bounded(tmp_path: Path, scorer: Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each member fills the budget, so it is scored before the next one is read; the order stays."""
    monkeypatch.setattr("mobileiqa_sdk.streams.BYTES_AHEAD", 1)
    path = archives.tar(tmp_path / "a.tar", PNGS)
    results = list(score_sources(scorer, [shard(path)], workers=4))
    assert [one.result.photo for one in results] == list(expected(scorer, path))


@pytest.mark.parametrize("workers", [1, 3])
def test_the_last_member_is_marked(tmp_path: Path, scorer: Scorer, workers: int) -> None:
    a, b = archives.tar(tmp_path / "a.tar", PNGS), archives.zipped(tmp_path / "b.zip", PNGS)
    cut = tmp_path / "cut.tar"
    cut.write_bytes(a.read_bytes()[:2500])
    (tmp_path / "0.png").write_bytes(PNGS["0.png"])
    sources = [shard(a), str(tmp_path / "0.png"), shard(cut), shard(b)]
    results = list(score_sources(scorer, sources, workers=workers))
    assert [one.result.photo for one in results if one.is_last] == [f"{a}/4.png", f"{b}/4.png"]
    assert [one.source for one in results] == [sources[0]] * 5 + [sources[1]] + [sources[2]] * 3 + [
        sources[3]
    ] * 5


def test_members_that_are_left_out(tmp_path: Path, scorer: Scorer) -> None:
    path = archives.tar(tmp_path / "a.tar", PNGS)
    paths = list(expected(scorer, path))
    results = list(score_sources(scorer, [shard(path, skip=frozenset(paths[:3]))]))
    assert [(one.result.photo, one.is_last) for one in results] == [(paths[3], False), (paths[4], True)]
    assert list(score_sources(scorer, [shard(path, skip=frozenset(paths))])) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.tar", "tar"),
        ("A.TAR.GZ", "tar"),
        ("a.b.zip", "zip"),
        ("a.parquet", "parquet"),
        ("a.feather", "arrow"),
        ("a.jpg", None),
        ("tar", None),
        ("s3://bucket/a.tar", "tar"),
        ("https://example.org/a.zip?X-Signature=abc.jpg", "zip"),
        ("https://example.org/a.jpg?name=a.zip", None),
        ("photos/what?.tar", "tar"),
    ],
)
def test_the_kind_of_a_name(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind


def test_folders_are_found_as_before(tmp_path: Path) -> None:
    """An archive in a folder is not looked into; a folder may be named like an archive."""
    folder = tmp_path / "a.tar"
    folder.mkdir()
    (folder / "0.png").write_bytes(PNGS["0.png"])
    archives.tar(folder / "b.tar", PNGS)
    assert list(find_sources(folder)) == [str(folder / "0.png")]


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("s3://b/k", True),
        ("HTTPS://h/p", True),
        ("simplecache::s3://b/k", True),
        ("/photos/a.jpg", False),
        ("C:\\a.jpg", False),
        ("C:/a.jpg", False),
        ("a:b/c.jpg", False),
        ("photos//a.jpg", False),
        ("", False),
    ],
)
def test_what_is_a_url(name: str, url: bool) -> None:
    assert is_url(name) is url


# Tables.


@pytest.fixture
def column() -> Any:
    pyarrow = pytest.importorskip("pyarrow")
    return pyarrow.array(PNGS.values(), pyarrow.binary())


def write_table(path: Path, columns: dict[str, Any], stream: bool = False) -> Path:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table(columns)
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(table, path, row_group_size=2)
        return path
    open_writer = pyarrow.ipc.new_stream if stream else pyarrow.ipc.new_file
    with open_writer(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return path


@pytest.mark.parametrize(("name", "stream"), [("a.parquet", False), ("a.arrow", False), ("a.arrow", True)])
def test_a_table_scores_like_its_files(
    tmp_path: Path, scorer: Scorer, column: Any, name: str, stream: bool
) -> None:
    import pyarrow

    path = write_table(tmp_path / name, {"id": list(range(5)), "photo": column}, stream)
    scores = {f"{path}/{row}": scorer.score(data) for row, data in enumerate(PNGS.values())}
    assert outcomes(scorer, path) == scores
    large = write_table(tmp_path / name, {"photo": column.cast(pyarrow.large_binary())}, stream)
    assert outcomes(scorer, large) == scores
    hugging = pyarrow.StructArray.from_arrays([column, pyarrow.array(list(PNGS))], ["bytes", "path"])
    assert outcomes(scorer, write_table(tmp_path / name, {"image": hugging}, stream)) == scores


def test_rows_without_a_photo(tmp_path: Path, scorer: Scorer, column: Any) -> None:
    import pyarrow

    values = [None, b"", b"no photo", PNGS["2.png"]]
    path = write_table(tmp_path / "a.parquet", {"photo": pyarrow.array(values, pyarrow.binary())})
    assert outcomes(scorer, path) == {
        f"{path}/0": "PhotoUnreadable",
        f"{path}/1": "PhotoUnreadable",
        f"{path}/2": "PhotoUnsupported",
        f"{path}/3": scorer.score(PNGS["2.png"]),
    }


def test_which_column(tmp_path: Path, scorer: Scorer, column: Any) -> None:
    path = write_table(tmp_path / "a.parquet", {"a": column, "b": column, "n": [1] * 5})
    assert "'a', 'b'" in reason(scorer, path).replace("a, b", "'a', 'b'")
    assert len(outcomes(scorer, path, column="b")) == 5
    for name in ("n", "none"):
        assert outcomes(scorer, path, column=name) == {str(path): "PhotoUnreadable"}
    assert outcomes(scorer, write_table(tmp_path / "n.parquet", {"n": [1]})) == {
        str(tmp_path / "n.parquet"): "PhotoUnreadable"
    }


def test_a_table_cut_anywhere(tmp_path: Path, scorer: Scorer, column: Any) -> None:
    for name, stream in (("a.parquet", False), ("a.arrow", False), ("a.arrow", True)):
        path = write_table(tmp_path / name, {"photo": column}, stream)
        whole = path.read_bytes()
        for end in range(0, len(whole) - 16, 301):
            path.write_bytes(whole[:end])
            assert outcomes(scorer, path)[str(path)] in ("PhotoUnreadable", "PhotoNotFound"), (name, end)


# URLs. fsspec's store in memory needs no network.


@pytest.fixture
def bucket(tmp_path: Path) -> Any:
    files = pytest.importorskip("fsspec").filesystem("memory")
    for name, data in PNGS.items():
        files.pipe(f"/bucket/sub/{name}", data)
    files.pipe("/bucket/top.png", PNGS["0.png"])
    files.pipe("/bucket/.hidden.png", PNGS["0.png"])
    files.pipe("/bucket/notes.txt", b"text")
    for name in ("a", "b"):
        path = archives.tar(tmp_path / f"{name}.tar", PNGS)
        files.pipe(f"/bucket/shards/{name}.tar", path.read_bytes())
    yield files
    files.rm("/bucket", recursive=True)


def test_a_url_scores_like_its_file(scorer: Scorer, bucket: Any) -> None:
    url = "memory://bucket/sub/2.png"
    (name, score), *more = outcomes(scorer, url).items()
    assert (score, more) == (scorer.score(PNGS["2.png"]), [])
    assert name.endswith("/bucket/sub/2.png")
    assert is_url(name)


@pytest.mark.parametrize(
    ("url", "recursive", "count"),
    [
        ("memory://bucket", False, 1),
        ("memory://bucket/", True, 6),
        ("memory://bucket/sub/*.png", False, 5),
        ("memory://bucket/shards/*.tar", False, 10),
        ("memory://bucket/shards/b.tar", False, 5),
    ],
)
def test_what_a_url_stands_for(scorer: Scorer, bucket: Any, url: str, recursive: bool, count: int) -> None:
    rows = outcomes(scorer, url, recursive=recursive)
    assert len(rows) == count
    assert all(isinstance(score, float) for score in rows.values())


@pytest.mark.parametrize(
    "url",
    [
        "memory://bucket/none.png",
        "memory://bucket/none.tar",
        "memory://bucket/*.gif",
        "memory://bucket/shards",
    ],
)
def test_a_url_of_nothing(scorer: Scorer, bucket: Any, url: str) -> None:
    assert list(outcomes(scorer, url).values()) == ["PhotoNotFound"]


def test_a_photo_that_is_gone(scorer: Scorer, bucket: Any) -> None:
    (source,) = find_sources("memory://bucket/top.png")
    assert isinstance(source, StoredPhoto)
    assert source.stamp is not None
    assert source.stamp[0] == len(PNGS["0.png"])
    bucket.rm("/bucket/top.png")
    (scored,) = score_sources(scorer, [source])
    assert outcome(scored) == "PhotoNotFound"


def test_a_photo_behind_a_url_that_is_too_long(
    scorer: Scorer, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobileiqa_sdk.sources.store.MAX_MEMBER", 10)
    (listed,) = find_sources("memory://bucket/top.png")
    unlisted = StoredPhoto("memory://bucket/top.png")  # a server may not say how long a file is
    assert [outcome(one) for one in score_sources(scorer, [listed, unlisted])] == ["PhotoTooLarge"] * 2


def test_a_scheme_that_nobody_knows(scorer: Scorer) -> None:
    pytest.importorskip("fsspec")
    assert outcomes(scorer, "nonsense://a/b.jpg") == {"nonsense://a/b.jpg": "PhotoNotFound"}


def test_stamps_of_all_kinds() -> None:
    from datetime import datetime, timezone

    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    nanoseconds = int(moment.timestamp() * 1e9)
    assert stamp_of({"size": 3, "LastModified": moment}) == (3, nanoseconds)
    assert stamp_of({"size": 3, "updated": "2026-01-02T03:04:05Z"}) == (3, nanoseconds)
    assert stamp_of({"size": 3, "mtime": moment.timestamp()}) == (3, nanoseconds)
    assert stamp_of({"size": None}) == (0, 0)


def test_without_the_packages(monkeypatch: pytest.MonkeyPatch, run: Run, tiny: Path, tmp_path: Path) -> None:
    import sys

    for name in ("fsspec", "fsspec.core", "pyarrow", "pyarrow.parquet", "ray"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ExtraMissing, match=r"\[cloud\]"):
        list(find_sources("s3://bucket/a.jpg"))
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    for arguments, extra in (
        (["s3://bucket/a.jpg"], "cloud"),
        ([tmp_path / "a.parquet"], "columns"),
        ([tmp_path, "--parquet", tmp_path / "b.parquet"], "columns"),
        ([tmp_path, "--engine", "ray"], "ray"),
    ):
        result = run("score", "-m", tiny, *arguments)
        assert (result.code, result.out) == (1, "")
        assert f"mobileiqa-sdk[{extra}]" in result.err


def test_on_the_command_line(run: Run, tiny: Path, tmp_path: Path, photos: list[str]) -> None:
    path = archives.tar(tmp_path / "a.tar", PNGS)
    result = run("score", "-m", tiny, "--worst", "2", path, photos[4])
    assert (result.code, result.err) == (0, "")
    assert [line.split()[-1] for line in result.out.splitlines()] == [f"{path}/0.png", f"{path}/1.png"]
    listed = tmp_path / "list.txt"
    listed.write_text(f"{path}\n{photos[0]}\n")
    assert run("score", "-m", tiny, "--files-from", listed, "--names").out.count("\n") == 6
