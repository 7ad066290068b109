"""``mobileiqa export``."""

from __future__ import annotations

import re
from pathlib import Path

import click

from mobileiqa_sdk.contract import MAX_SIDE

from .exporter import export
from .formats import FORMATS
from .report import cost_table


class _Size(click.ParamType):  # type: ignore[type-arg]
    name = "HEIGHTxWIDTH"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        match = re.fullmatch(r"(\d{2,4})x(\d{2,4})", str(value))
        if match is None or not all(32 <= int(side) <= MAX_SIDE for side in match.groups()):
            wanted = f"1231x1907 (height first, 32 to {MAX_SIDE})"
            self.fail(f"{value!r} is no size such as {wanted}", param, ctx)
        return int(match[1]), int(match[2])


@click.command("export")
@click.option("--checkpoint", required=True, help="Student checkpoint: .pkl, .pth, .pt or .safetensors.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="onnx", show_default=True)
@click.option(
    "-o", "--output", help="Artifact folder to make. Default: ./NAME-FORMAT, or after the checkpoint's file."
)
@click.option("--name", help="Model name in the contract. Default: the checkpoint's.")
@click.option("--model-version", help="Version in the contract. Default: the checkpoint's.")
@click.option("--licence", help="SPDX identifier in the contract. Default: the checkpoint's.")
@click.option(
    "--input-size", type=_Size(), metavar="HEIGHTxWIDTH", help="Default: the checkpoint's, else 1231x1907."
)
@click.option("--no-rewrite", is_flag=True, help="Export the network as trained, for comparison.")
@click.option("--force", is_flag=True, help="Replace an artifact that is already there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: the report.")
def command(
    checkpoint: str,
    form: str,
    output: str | None,
    name: str | None,
    model_version: str | None,
    licence: str | None,
    input_size: tuple[int, int] | None,
    no_rewrite: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Turn a MobileIQA student checkpoint into an artifact that `mobileiqa score --model` opens.

    The artifact is verified against the network as trained, in PyTorch, before it appears.
    """
    folder = Path(output or f"{name or Path(checkpoint).stem}-{form}")
    report = export(
        checkpoint,
        folder,
        format=form,
        name=name,
        version=model_version,
        licence=licence,
        input_size=input_size,
        rewrites=not no_rewrite,
        overwrite=force,
        progress=lambda line: click.echo(f"{line} ...", err=True),
    )
    if as_json:
        click.echo(report.to_json())
        return
    click.echo(cost_table(report.steps))
    click.echo(
        f"\n{folder / report.file}  {report.bytes / 1e6:.1f} MB  fp32, "
        f"at most {report.max_difference:.1e} from the network as trained, in PyTorch"
    )
