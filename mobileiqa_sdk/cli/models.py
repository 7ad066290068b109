"""``mobileiqa models``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from .._text import printable
from ..errors import ModelError
from ..library import DEFAULT, home, models
from ..runtimes import read_contract


@click.command("models")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(as_json: bool) -> None:
    """List the models that can be named: bundled ones, and artifact folders in the cache."""
    listed = models()
    if as_json:
        rows = [
            {
                "name": model.name,
                "default": model.name == DEFAULT,
                "bundled": model.bundled,
                "bytes": model.size,
                "intact": model.intact,
                "path": str(model.path),
                "verified": verified(model.path),
            }
            for model in listed
        ]
        click.echo(json.dumps({"schema": 1, "models": rows}, indent=2))
        return
    width = max((len(printable(model.name)) for model in listed), default=0)
    for model in listed:
        origin = "bundled" if model.bundled else "cached"
        default = "  (default)" if model.name == DEFAULT else ""
        damaged = "  DAMAGED: differs from its checksum" if model.intact is False else ""
        failed = "  FAILED verification when it was made" if verified(model.path) is False else ""
        click.echo(
            f"{printable(model.name):{width}}  {origin}  {model.size / 1e6:6.1f} MB  "
            f"{printable(str(model.path))}{default}{damaged}{failed}"
        )
    folder = printable(str(home() / "models"))
    click.echo(f"Put an artifact's folder into {folder} to use it by name.", err=True)


def verified(path: Path) -> bool | None:
    """Returns whether a model passed verification when it was made; None if its file does not say."""
    try:
        contract = read_contract(path)
    except ModelError:
        return None
    return contract.verification.passed if contract else None
