"""``mobileiqa models``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from .._text import printable
from ..errors import ModelError
from ..library import DEFAULT, Model, home, models, unnamed
from ..runtimes import for_suffix, read_contract


@click.command("models")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
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
                "runtimes": list(for_suffix(model.path.suffix)),
                "runnable": _missing(model) is None,
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
        missing = _missing(model)
        needs = f'  NEEDS {missing}; pip install "{missing}"' if missing else ""
        click.echo(
            f"{printable(model.name):{width}}  {origin}  {model.size / 1e6:6.1f} MB  "
            f"{printable(str(model.path))}{default}{damaged}{failed}{needs}"
        )
    for path, reason in unnamed().items():
        click.echo(f"mobileiqa: {printable(str(path))}: {printable(reason)}", err=True)
    folder = printable(str(home() / "models"))
    click.echo(
        f"To use an artifact by name, put its folder into {folder} (MOBILEIQA_HOME moves it).", err=True
    )


def _missing(model: Model) -> str | None:
    """Returns what to install before a model can be scored with; None if some runtime for it is here."""
    entries = list(for_suffix(model.path.suffix).values())
    if any(entry.is_installed for entry in entries):
        return None
    return entries[0].requirement


def verified(path: Path) -> bool | None:
    """Returns whether a model passed verification when it was made; None if its file does not say."""
    try:
        contract = read_contract(path)
    except ModelError:
        return None
    return contract.verification.passed if contract else None
