from __future__ import annotations

from typing import Any

import pytest

from mobileiqa_bench.counters import Load
from mobileiqa_bench.flags import names, of_result, of_run, with_other_scores

from . import make

QUIET: dict[str, Any] = {"governor": "performance", "loadavg": [0.1, 0.1, 0.1], "cpus": 2}


def raised(flags: list[str], flag: tuple[str, str]) -> bool:
    """Whether there is one flag, with this name and this figure."""
    name, figure = flag
    return names(flags) == [name] and figure in flags[0].partition(":")[2].replace(",", " ").split()


def test_a_quiet_machine_raises_none() -> None:
    load = Load(total=100, others=1, stolen=1, waiting=(0, 0))
    assert of_result(make.result(rounds=[0.2] * 5), load, 5) == []
    assert of_run(QUIET, load, 2) == []
    silent = {"governor": None, "loadavg": None, "cpus": None}
    assert of_run(silent, Load(), 64) == []


@pytest.mark.parametrize(
    ("load", "flag"),
    [
        (Load(total=100, others=20), ("other-load", "20%")),
        (Load(total=100, stolen=6), ("steal", "6%")),
        (Load(waiting=(0, 3)), ("run-queue", "1.5")),
        (Load(throttled=4), ("throttled", "4")),
        (Load(capped=2), ("capped", "2")),
    ],
)
def test_what_else_the_machine_did(load: Load, flag: tuple[str, str]) -> None:
    assert raised(of_result(make.result(rounds=[0.2] * 5), load, 5), flag)
    assert raised(of_run(QUIET, load, 1), flag)


def test_too_few_rounds_and_too_wide_a_spread() -> None:
    assert raised(of_result(make.result(rounds=[0.2] * 4), Load(), 4), ("rounds", "4"))
    wide = make.result(rounds=[0.1, 0.15, 0.2, 0.25, 0.3])
    assert raised(of_result(wide, Load(), 5), ("spread", "50%"))
    outlier = make.result(rounds=[0.2, 0.2, 0.2, 0.2, 9.9])
    assert of_result(outlier, Load(), 5) == []


def test_a_wrong_golden_score() -> None:
    golden = {"expected": 0.5, "found": 0.25, "tolerance": 0.01, "ok": False}
    actual = of_result(make.result(rounds=[0.2] * 5, golden=golden), Load(), 5)
    assert raised(actual, ("golden", "0.2500"))
    assert raised(actual, ("golden", "0.5000"))


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"governor": "powersave"}, ("governor", "powersave")),
        ({"loadavg": [1.5, 0, 0]}, ("loadavg", "1.50")),
        ({"cpus": 1}, ("threads", "2")),
    ],
)
def test_the_environment(changes: dict[str, Any], flag: tuple[str, str]) -> None:
    assert raised(of_run({**QUIET, **changes}, Load(), 2), flag)


def test_another_network_is_noticed_by_its_score() -> None:
    eager = make.result("eager", golden=None, artifact="a.pkl")
    close = make.result("close", golden=None, artifact="a.pkl", score=0.505)
    other = make.result("other", golden=None, artifact="a.pkl", score=0.6)
    rounded = make.result("rounded", artifact="a.pkl", score=0.6)  # its golden score judges it
    unrelated = make.result("unrelated", golden=None, artifact="b.pkl", score=0.9)
    flagged = with_other_scores([make.failed(artifact="a.pkl"), eager, close, other, rounded, unrelated])
    assert len(flagged) == 6
    assert [names(row.flags) for row in flagged] == [[], [], [], ["score"], [], []]
    assert [row.label for row in flagged] == ["broken", "eager", "close", "other", "rounded", "unrelated"]


@pytest.mark.parametrize("score", [0.48, 0.52])
def test_a_score_may_be_too_low_or_too_high(score: float) -> None:
    rows = [make.result(golden=None, artifact="x", score=each) for each in (0.5, score)]
    assert [names(row.flags) for row in with_other_scores(rows)] == [[], ["score"]]


def test_names() -> None:
    assert names(["rounds: 2, fewer", "steal: 3: much"]) == ["rounds", "steal"]
