"""Figures with their units."""

from mobileiqa_bench.units import count, megabytes, milliseconds


def test_units() -> None:
    assert [milliseconds(s) for s in (0.0012345, 0.00999, 0.01, 0.0999, 0.1, 9.999, 10)] == [
        "1.23 ms", "9.99 ms", "10.0 ms", "99.9 ms", "100 ms", "9999 ms", "10.0 s",
    ]  # fmt: skip
    assert [megabytes(size) for size in (None, 9_200_000, 99_900_000, 100_000_000)] == [
        "", "9.2 MB", "99.9 MB", "100 MB",
    ]  # fmt: skip
    assert [count(number, "thread") for number in (0, 1, 2)] == ["0 threads", "1 thread", "2 threads"]
