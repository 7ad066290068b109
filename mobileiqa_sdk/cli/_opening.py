"""Opens the model that a command was given."""

from __future__ import annotations

from typing import Any

import click

from .._noise import native_stderr_off
from ..errors import ModelError
from ..scorer import Scorer


def open_scorer(model: str | None, **options: Any) -> Scorer:
    """Returns a scorer; what libraries print on stderr meanwhile is kept away from it.

    Args:
        model: a name or a path; None for the bundled model.
        options: of :class:`mobileiqa_sdk.Scorer`.

    Raises:
        ModelError: the model cannot be used.
        UsageError: an option does not go with the model, such as a resolution that it does not have.
    """
    try:
        with native_stderr_off():
            return Scorer(model, **options)
    except ModelError:  # some are ValueErrors too
        raise
    except ValueError as error:
        raise click.UsageError(str(error)) from error
