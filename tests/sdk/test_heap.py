"""What loading took for a while goes back to the system."""

from __future__ import annotations

import ctypes
import sys

import pytest

from mobileiqa_sdk import Scorer, runtimes
from mobileiqa_sdk._heap import trim_heap
from mobileiqa_sdk.library import find


def resident() -> int:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def allocator() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(None)
        library.malloc_trim.restype = ctypes.c_int
        library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
        library.free.argtypes = [ctypes.c_void_p]
    except (OSError, AttributeError, TypeError):
        return None
    return library


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="malloc_trim and /proc are Linux's")
def test_freed_memory_goes_back() -> None:
    library = allocator()
    if library is None:
        pytest.skip("the C library is not glibc")
    # Too small each to be mapped on its own; the last one keeps the heap from shrinking by itself.
    blocks = [library.malloc(64_000) for _ in range(1000)]
    for block in blocks:
        ctypes.memset(block, 1, 64_000)
    for block in blocks[:-1]:
        library.free(block)
    before = resident()
    trim_heap()
    assert before - resident() > 30_000_000
    library.free(blocks[-1])


def test_another_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    class Musl:
        def __init__(self, name: None) -> None: ...

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", Musl)
    trim_heap()


def test_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: None) -> None:
        raise AssertionError("not to be asked")

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "CDLL", refuse)
    trim_heap()


@pytest.mark.parametrize(("more", "trims"), [(0, 1), (1, 0)])
def test_the_library_trims_after_a_large_model(
    monkeypatch: pytest.MonkeyPatch, more: int, trims: int
) -> None:
    path = find(None)
    called: list[None] = []
    monkeypatch.setattr(runtimes, "trim_heap", lambda: called.append(None))
    monkeypatch.setattr(runtimes, "LARGE", path.stat().st_size + more)
    Scorer(path, threads=1)
    assert len(called) == trims
