"""The executor as a guest in another process: what it loads, and what it leaves as it found it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
import torch

from mobileiqa_mil.threads import torch_threads


def test_importing_it_is_light() -> None:
    code = (
        "import sys\n"
        "import mobileiqa_mil\n"
        "from mobileiqa_sdk.runtimes import available\n"
        "available()\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'torch', 'coremltools'}, loaded\n"
        "assert 'CoreMLProgram' in dir(mobileiqa_mil)\n"
        "assert mobileiqa_mil.ENTRY.module == 'mobileiqa_mil.session'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.fixture
def before() -> Iterator[int]:
    """Three threads in the host application."""
    outside = torch.get_num_threads()
    torch.set_num_threads(3)
    yield 3
    torch.set_num_threads(outside)


def test_torch_has_its_threads_back(before: int) -> None:
    with torch_threads(2):
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == before
    with pytest.raises(ZeroDivisionError), torch_threads(1):
        raise ZeroDivisionError
    assert torch.get_num_threads() == before


def test_runs_that_overlap_on_several_threads(before: int) -> None:
    inside, leave = threading.Event(), threading.Event()
    seen: list[int] = []

    def other() -> None:
        with torch_threads(1):
            inside.set()
            leave.wait(10)
            seen.append(torch.get_num_threads())

    thread = threading.Thread(target=other)
    with torch_threads(2):
        thread.start()
        assert inside.wait(10)
        assert torch.get_num_threads() == 2
    leave.set()
    thread.join()
    assert seen == [1]
    assert torch.get_num_threads() == before
    later: list[int] = []
    fresh = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    fresh.start()
    fresh.join()
    assert later == [before]


def test_a_number_that_the_host_changes_between_runs_is_kept(before: int) -> None:
    with torch_threads(1):
        pass
    torch.set_num_threads(before + 1)
    with torch_threads(1):
        pass
    assert torch.get_num_threads() == before + 1
