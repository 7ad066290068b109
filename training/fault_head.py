"""The head ``faults``: how severe each fault of a photograph is."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from mobileiqa_bench.evaluation.agreement import srcc
from mobileiqa_bench.evaluation.faults import FAULTS

from .arrays import Floats
from .fault_moments import FaultRows
from .side_head import SideHeadSettings, answers, fit_side_head, standardised

SETTINGS: dict[str, Any] = {"hidden": 32, "epochs": 30, "dropout": 0.2, "decay": 0.1}
"""Chosen on photographs that the head is not fitted to."""


def fit_fault_head(
    rows: FaultRows, mean: Floats, std: Floats, settings: SideHeadSettings
) -> dict[str, Tensor]:
    """Returns the state of the head that was fitted to these pictures.

    Args:
        rows: the pictures.
        mean: of the student's own head, [F].
        std: likewise.
        settings: how the head is fitted.
    """
    return fit_side_head(standardised(rows.moments, mean, std), rows.severities, rows.weights, settings)


def fault_agreement(state: dict[str, Tensor], rows: FaultRows, mean: Floats, std: Floats) -> dict[str, float]:
    """Returns, for each fault, the SRCC of its severities with the true ones where there is one."""
    severities = answers(state, standardised(rows.moments, mean, std))
    return {
        name: srcc(severities[present, index], rows.severities[present, index])
        for index, name in enumerate(FAULTS)
        if (present := rows.severities[:, index] > 0).sum() > 2
    }
