"""What is drawn, and that labels keep out of each other's way; how it looks was looked at."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from mobileiqa_bench.plots import draw_all
from mobileiqa_bench.plots.labels import place_labels
from mobileiqa_bench.plots.pareto import Point, front
from mobileiqa_bench.schema import Bandwidth, Document, Peaks, Result

from . import make

PEAKS = Peaks(
    threads=1,
    fp32_macs_per_second=1e11,
    int8_macs_per_second=4e11,
    bandwidth=(Bandwidth(working_set_bytes=1 << 20, bytes_per_second=4e10),),
)
OF = "with people"


def measured(label: str, seconds: float, srcc: float | None, size: int = 9_000_000, **changes: Any) -> Result:
    ranked = None if srcc is None else {"value": srcc, "of": OF}
    return make.result(label, rounds=[seconds] * 5, srcc=ranked, size_bytes=size, **changes)


@pytest.fixture
def document() -> Document:
    layers = [make.layer("stem", 0.004), make.layer("head", 0.006), make.layer("head.out", 0)]
    layered = measured("small $onnx$ fp32", 0.01, 0.86, layers=layers, flags=["spread: wide"])
    rows = [layered, measured("eager", 0.1, 0.861), measured("unranked", 0.2, None), make.failed()]
    return make.document(*rows, peaks=[PEAKS])


def words(svg: Path) -> str:
    """Text is drawn as shapes; what it says stays in comments."""
    return svg.read_text(encoding="utf-8")


def test_a_waterline_and_a_pareto_plot_both_as_png_and_svg(document: Document, tmp_path: Path) -> None:
    written = draw_all(document, tmp_path / "plots")
    assert [path.name for path in written] == [
        "waterline-small-onnx-fp32.png",
        "waterline-small-onnx-fp32.svg",
        "pareto.png",
        "pareto.svg",
    ]
    for path in written:
        if path.suffix == ".png":
            with Image.open(path) as image:
                assert image.size == (2176, 1224)
                assert len(image.convert("L").getcolors(256) or []) > 20
        else:
            ElementTree.parse(path)  # noqa: S314 - our own file
    waterline, pareto = words(written[1]), words(written[3])
    assert "small $onnx$ fp32: 10.0 ms, floor 5.00 ms" in waterline
    assert "flags raised: spread" in waterline
    assert "SRCC with people" in pareto
    assert "without SRCC: unranked" in pareto


def test_the_same_figures_give_the_same_files(document: Document, tmp_path: Path) -> None:
    for one, other in zip(
        draw_all(document, tmp_path / "a"), draw_all(document, tmp_path / "b"), strict=True
    ):
        assert one.read_bytes() == other.read_bytes()


def test_nothing_known_nothing_drawn(tmp_path: Path) -> None:
    assert draw_all(make.document(measured("a", 0.1, None), make.failed()), tmp_path) == []


def test_one_configuration_alone_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    assert draw_all(make.document(measured("a", 0.1, 0.9)), tmp_path) == []


def test_one_configuration_on_several_threads_gets_a_picture_each(tmp_path: Path) -> None:
    rows = [make.result(threads=threads, layers=[make.layer("a", 0.1)]) for threads in (1, 2)]
    other = msgspec.structs.replace(PEAKS, threads=2)
    names = {path.stem for path in draw_all(make.document(*rows, peaks=[PEAKS, other]), tmp_path)}
    assert names == {"waterline-ours-1-threads", "waterline-ours-2-threads"}


def test_the_front_is_what_nothing_else_beats() -> None:
    points = [
        Point("fast", 1, 0.8, 1),
        Point("beaten", 2, 0.7, 1),
        Point("same time, better", 1, 0.85, 1),
        Point("best", 9, 0.9, 1),
        Point("as good, slower", 10, 0.90001, 1),
    ]
    assert [point.label for point in front(points)] == ["same time, better", "best"]


def test_labels_of_a_crowd_do_not_overlap() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13.6, 7.65))
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 10)
    points = [(5 + 0.05 * n, 5 + 0.03 * n, 12.0, (f"configuration {n}", "12 ms, 9 MB")) for n in range(6)]
    place_labels(axes, points)
    canvas.draw()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == 12
    inside = axes.get_window_extent()
    for number, box in enumerate(boxes):
        assert inside.x0 <= box.x0
        assert box.x1 <= inside.x1
        for other in boxes[number + 1 :]:
            assert not (
                min(box.x1, other.x1) - max(box.x0, other.x0) > 0.5
                and min(box.y1, other.y1) - max(box.y0, other.y0) > 0.5
            )


def test_a_line_to_a_label_does_not_begin_at_another_circle() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13.6, 7.65))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 10)
    # A circle hides the right side of the middle one, whose label has no place on its left.
    points = [(4.4, 5, 12.0, ("left", "")), (5, 5, 12.0, ("middle", "")), (5.15, 5, 10.0, ("right", ""))]
    place_labels(axes, points)
    (line,) = axes.lines
    start = axes.transData.transform(line.get_xydata()[0])
    for x, y, radius, _ in (points[0], points[2]):
        centre = axes.transData.transform((x, y))
        assert math.dist(start, centre) >= radius * figure.dpi / 72
