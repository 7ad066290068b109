from __future__ import annotations

import pytest

from mobileiqa_bench.against import baselines, find_label, ratios
from mobileiqa_bench.compare import compare_documents
from mobileiqa_bench.errors import BaselineUnknown
from mobileiqa_bench.summary import summary_table

from . import make

MEMORY = dict.fromkeys(("rss_after_load_bytes", "private_bytes", "peak_pss_bytes"))
EAGER = make.result("as trained, PyTorch eager", rounds=[2.0, 4.0])
OURS = make.result("small | onnx", rounds=[0.2, 0.4], flags=["spread: wide"], size_bytes=150_000_000)


def test_a_table_in_markdown() -> None:
    lines = summary_table(make.document(EAGER, OURS, make.failed()), markdown=True).splitlines()
    header, rule, eager, _, broken = lines[:5]
    cells = [[cell.strip() for cell in line.replace("\\|", "¦").strip("|").split("|")] for line in lines[:5]]
    assert len({len(row) for row in cells}) == 1
    assert set(rule) == set("|-:")
    assert "to as trained, PyTorch eager" in header
    assert " 1.000 |" in eager
    row = dict(zip(cells[0], cells[3], strict=True))
    assert row["configuration"] == "small ¦ onnx"
    assert row["to as trained, PyTorch eager"] == "0.100 (0.100 to 0.100)"
    assert row["flags"] == "spread"
    assert row["size"] == "150 MB"
    assert "decode" not in row  # nobody decoded anything
    assert "failed" in broken
    assert "- spread: wide (small | onnx, 1 thread)" in lines
    assert "- failed: it is broken (broken, 1 thread)" in lines
    assert lines[-1] == "Fast CPU 9000; 2 CPUs; Some Linux; 2 rounds; golden image"


def test_a_terminal_sees_more_columns() -> None:
    document = make.document(EAGER, OURS)
    assert "MAD" in summary_table(document)
    assert "MAD" not in summary_table(document, markdown=True)


def test_a_terminal_sees_tables_that_fit_it() -> None:
    memory = {"peak_rss_bytes": 104_857_600, **MEMORY, "rss_after_load_bytes": 5_000_000}
    lines = summary_table(make.document(EAGER, make.result("other", memory=memory))).splitlines()
    headers = [line.split()[2] for line in lines if line.startswith("configuration")]
    assert headers == ["median", "load", "peak"]
    assert max(len(line) for line in lines) <= 120


def test_flags_of_one_name_are_told_once() -> None:
    rows = [make.result(name, flags=["rounds: 2, fewer than 5"]) for name in "abc"]
    lines = summary_table(make.document(*rows, flags=["governor: powersave, not performance"])).splitlines()
    assert "! rounds: 2, fewer than 5 (a, 1 thread; likewise 2 more)" in lines
    assert "! governor: powersave, not performance (this run)" in lines


def test_nothing_but_failures() -> None:
    actual = summary_table(make.document(make.failed("one"), make.failed("two")))
    assert "one" in actual
    assert "failed" in actual


def test_throughput_and_energy_are_shown_where_measured() -> None:
    row = make.result(
        throughput=[
            {"processes": 1, "photos_per_second": 5.04},
            {"processes": 2, "photos_per_second": 9.6},
        ],
        energy_joules_per_photo=0.25,
    )
    actual = summary_table(make.document(row))
    assert "5.04 (1), 9.6 (2)" in actual
    assert "0.25" in actual


def test_baselines_by_label_part_and_threads() -> None:
    rows = [make.result(label, threads=threads) for threads in (1, 2) for label in ("eager", "ours")]
    assert baselines(rows, "eager") == [rows[0], rows[0], rows[2], rows[2]]
    assert baselines(rows, "EAG") == baselines(rows, None) == baselines(rows, "eager")
    assert baselines(rows[1:], "eager") == [rows[2]] * 3  # the only one there is
    assert baselines([make.failed("x"), rows[0]], None) == [rows[0], rows[0]]
    assert baselines([make.failed("x"), rows[0]], "x") == [None, None]
    assert baselines([make.failed("x")], None) == [None]


@pytest.mark.parametrize(
    ("expected", "said"),
    [("r", "eager or ours"), ("none", "eager; ours")],
)
def test_unclear_baselines_are_named(expected: str, said: str) -> None:
    with pytest.raises(BaselineUnknown, match=said):
        find_label(["eager", "ours", "eager"], expected)


def test_a_label_may_be_part_of_another() -> None:
    assert find_label(["onnx", "plain onnx"], "onnx") == "onnx"


def test_ratios_of_memory_and_of_failures() -> None:
    half = make.result(memory={**MEMORY, "peak_rss_bytes": 100_000_000})
    assert ratios(half, EAGER).memory == 0.5
    assert ratios(make.failed(), EAGER) == (None, None)
    assert ratios(EAGER, None) == (None, None)
    unknown = make.result(memory={**MEMORY, "peak_rss_bytes": None})
    assert ratios(unknown, EAGER).memory is None


@pytest.mark.parametrize(
    ("rounds", "verdict"),
    [
        ([0.1, 0.1, 0.1], "faster"),
        ([0.4, 0.4, 0.4], "slower"),
        ([0.19, 0.2, 0.21], "no difference seen"),
        ([0.2, 0.2, 0.4], "no difference seen"),  # the interval ends at 1
        ([0.1, 0.2, 0.2], "no difference seen"),
        ([0.1], "one round: no interval"),
    ],
)
def test_two_files_are_compared(rounds: list[float], verdict: str) -> None:
    first = make.document(make.result("a", rounds=[0.2, 0.2, 0.2]), make.result("gone"))
    second = make.document(make.result("a", rounds=rounds), make.result("new", threads=2))
    actual = compare_documents(first, second)
    (pair,) = actual.pairs
    assert pair.verdict == verdict
    assert actual.alone == ["first: gone, 1 thread", "second: new, 2 threads"]
    assert actual.differences == actual.flags == []
    assert verdict in actual.table()
    assert actual.to_dict()["pairs"][0]["verdict"] == verdict


def test_a_device_pairs_with_a_desktop_by_what_was_measured() -> None:
    desktop = make.document(make.result("small onnx"), make.result("small onnx", threads=2))
    phone = make.document(
        make.result("model.onnx, 2 threads", threads=2), make.result("model.onnx, 1 thread")
    )
    pairs = compare_documents(desktop, phone).pairs
    assert [(pair.before.threads, pair.after.threads) for pair in pairs] == [(1, 1), (2, 2)]


def test_a_phone_pairs_with_a_desktop_by_the_model_file() -> None:
    """Whatever the phone calls the artifact, its precision, and on however many threads."""
    scores = {"pictures": "waves-1", "reference": None, "tolerance": 1e-4}
    desktop = make.document(
        make.result("small onnx int8-static", sha256="1" * 64, accuracy={**scores, "scores": [0.25, 0.5]}),
        make.result("small onnx fp32", sha256="2" * 64),
    )
    phone = make.document(
        make.result(
            "bundled on Acme One, 4 threads",
            precision="int8",
            threads=4,
            sha256="1" * 64,
            accuracy={**scores, "scores": [0.25, 0.625]},
            environment={"machine": "Acme One", "cpu": "chip"},
            verdict={"valid": False, "reasons": [{"kind": "hot", "text": "the thermal status reached 1"}]},
        ),
        settings={"official": True},
    )
    actual = compare_documents(desktop, phone)
    (pair,) = actual.pairs
    assert (pair.before.label, pair.threads, pair.scores) == ("small onnx int8-static", "1 and 4", 0.125)
    assert "environment: cpu is Fast CPU 9000 in the first, chip in the second" in actual.differences
    assert ("second: bundled on Acme One, 4 threads", "not valid: hot") in actual.flags
    assert "1.2e-01" in actual.table()
    assert actual.to_dict()["pairs"][0]["threads_after"] == 4
    assert compare_documents(desktop, desktop).pairs[1].scores is None


def test_valid_or_not_is_shown_where_it_was_asked_for() -> None:
    verdict = {"valid": False, "reasons": [{"kind": "runs", "text": "3 runs"}, {"kind": "hot", "text": "2"}]}
    rows = make.result("a", verdict=verdict), make.result("b", verdict={"valid": True, "reasons": []})
    text = summary_table(make.document(*rows, settings={"official": True}))
    assert "a, 1 thread: not valid: runs (3 runs); hot (2)" in text.splitlines()
    assert "b, 1 thread: valid" in text.splitlines()
    assert "valid" not in summary_table(make.document(*rows))


def test_what_could_pair_with_two_stays_alone() -> None:
    one = make.document(make.result("a"))
    two = make.document(make.result("b"), make.result("c"))
    assert compare_documents(one, two).pairs == []


def test_rounds_of_two_files_are_not_paired() -> None:
    first, second = (make.document(make.result(rounds=rounds)) for rounds in ([1, 2, 3], [3, 1, 2]))
    time = compare_documents(first, second).pairs[0].time
    assert time is not None
    assert time.value == 1  # within rounds it would be 0.67


def test_each_column_has_its_own_figure() -> None:
    memory = {**MEMORY, "peak_rss_bytes": 300_000_000, "rss_after_load_bytes": 100_000_000}
    text = summary_table(make.document(make.result("x", rounds=[0.1, 0.3], memory=memory)), markdown=True)
    header, _, row = ([cell.strip() for cell in line.split("|")] for line in text.splitlines()[:3])
    cells = dict(zip(header, row, strict=True))
    names = ("median", "p90", "load", "first run", "peak RSS", "size")
    assert [cells[name] for name in names] == ["200 ms", "300 ms", "100 ms", "300 ms", "300 MB", "9.2 MB"]


def test_other_machines_and_settings_are_warned_of() -> None:
    first = make.document(make.result())
    environment = {"cpu": "Slow CPU", "packages": {"numpy": "2"}, "loadavg": [9]}
    second = make.document(
        make.result(flags=["spread: wide"]),
        environment={**first.environment, **environment},
        settings={**first.settings, "photo": "b.jpg", "command": "another"},
    )
    actual = compare_documents(first, second)
    assert actual.differences == [
        "environment: cpu is Fast CPU 9000 in the first, Slow CPU in the second",
        "environment: packages: numpy is not known in the first, 2 in the second",
        "settings: photo is not known in the first, b.jpg in the second",
    ]
    assert actual.flags == [("second: ours, 1 thread", "spread: wide")]
    lines = actual.table().splitlines()
    assert lines[0].startswith("! environment: cpu")
    assert "! spread: wide (second: ours, 1 thread)" in lines


def test_failures_and_strangers_are_compared_without_figures() -> None:
    actual = compare_documents(make.document(make.failed("a")), make.document(make.result("a")))
    assert actual.pairs[0].verdict == "failed in the first"
    assert compare_documents(make.document(make.result("a")), make.document(make.failed("a"))).pairs[
        0
    ].verdict == ("failed in the second")
    assert "no configuration is in both files" in compare_documents(make.document(), make.document()).table()
