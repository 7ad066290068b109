"""``mobileiqa models``."""

from __future__ import annotations

import json

import click

from ..library import DEFAULT, home, models


@click.command("models")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(as_json: bool) -> None:
    """List the models that can be named: bundled ones, and artifact folders in the cache."""
    known = models()
    if as_json:
        rows = [
            {
                "name": model.name,
                "default": model.name == DEFAULT,
                "bundled": model.bundled,
                "bytes": model.size,
                "intact": model.intact,
                "path": str(model.path),
            }
            for model in known
        ]
        click.echo(json.dumps({"schema": 1, "models": rows}, indent=2))
        return
    wide = max((len(model.name) for model in known), default=0)
    for model in known:
        origin = "bundled" if model.bundled else "cached"
        damaged = "" if model.intact is not False else "  DAMAGED: differs from its checksum"
        default = "  (default)" if model.name == DEFAULT else ""
        click.echo(
            f"{model.name:{wide}}  {origin}  {model.size / 1e6:6.1f} MB  {model.path}{default}{damaged}"
        )
    click.echo(f"Put an artifact's folder into {home() / 'models'} to use it by name.", err=True)
