"""Imports matplotlib independently of any notebook or display that it would otherwise draw to."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mobileiqa_sdk._text import first_line

from .errors import PlotUnavailable


def load_matplotlib() -> None:
    """Imports matplotlib, after which its object interface (``matplotlib.figure``) can be used.

    Notebooks set ``MPLBACKEND`` to a backend that need not be installed in this environment; matplotlib then
    refuses to be imported. The variable is hidden during the first import and applied afterwards if possible.
    matplotlib's list of fonts is not stored in the user's cache if there is none yet.

    Raises:
        PlotUnavailable: matplotlib is not installed, or cannot be imported.
    """
    backend = os.environ.pop("MPLBACKEND", None) if "matplotlib" not in sys.modules else None
    try:
        matplotlib = import_module("matplotlib")
        with _no_new_font_list(matplotlib):
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


@contextmanager
def _no_new_font_list(matplotlib: Any) -> Iterator[None]:
    """Gives matplotlib another cache while it lists the fonts, unless the user's has such a list already.

    Exporting writes nothing but its output; making the list anew takes less than a second.
    """
    cache = matplotlib.get_cachedir
    if "matplotlib.font_manager" in sys.modules or any(Path(cache()).glob("fontlist-*.json")):
        yield
        return
    with TemporaryDirectory(prefix="mobileiqa-", ignore_cleanup_errors=True) as folder:
        matplotlib.get_cachedir = lambda: folder
        try:
            yield
        finally:
            matplotlib.get_cachedir = cache
