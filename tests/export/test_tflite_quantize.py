"""Which operators of a TFLite file are spared, by a list of operators that is written here."""

from __future__ import annotations

from typing import Any, cast

import pytest

pytest.importorskip("ai_edge_quantizer")

from mobileiqa_export.formats import tflite_quantize
from mobileiqa_export.formats.tflite_quantize import FEW, Spared, _held, _pattern


class Names:
    """The operators of some modules."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def hold(self, operator: str) -> bool:
        return operator in self.names


def test_few_values_and_spared_modules_stay_float(monkeypatch: pytest.MonkeyPatch) -> None:
    operators = [("few", FEW), ("more", FEW + 1), ("spared", 999), ("weights", 999), ("both", 999)]
    monkeypatch.setattr(tflite_quantize, "_operators", lambda _: iter(operators))
    spared = cast(
        "Spared", Spared(cast("Any", Names("spared", "both")), cast("Any", Names("weights", "both")))
    )
    held = _held(b"", spared, FEW)
    assert held.stay == {"few", "spared", "both"}
    assert held.weight_only == {"weights"}
    assert _held(b"", spared).stay == {"spared", "both"}


def test_names_are_matched_as_they_are() -> None:
    assert _pattern(frozenset({"a.b", "a/c[0]"})) == r"^(a\.b|a/c\[0\]);$"
