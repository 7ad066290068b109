"""Imports matplotlib independently of any notebook or display that it would otherwise draw to."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from mobileiqa_sdk._text import first_line

from .errors import PlotUnavailable


def load_matplotlib() -> None:
    """Imports matplotlib, after which its object interface (``matplotlib.figure``) can be used.

    Notebooks set ``MPLBACKEND`` to a backend that need not be installed in this environment; matplotlib then
    refuses to be imported. The variable is hidden during the first import and applied afterwards if possible.

    Raises:
        PlotUnavailable: matplotlib is not installed, or cannot be imported.
    """
    backend = os.environ.pop("MPLBACKEND", None) if "matplotlib" not in sys.modules else None
    try:
        matplotlib = import_module("matplotlib")
        import_module("matplotlib.figure")
        import_module("matplotlib.backends.backend_agg")
    except ImportError as error:
        raise PlotUnavailable(
            f"plots need matplotlib, which cannot be imported ({first_line(error)}); "
            'pip install "mobileiqa-sdk[evaluate]"'
        ) from error
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    if backend:
        try:
            matplotlib.rcParams["backend"] = backend
        except ValueError:
            return  # a notebook's backend that is not installed here: nothing can draw to it
