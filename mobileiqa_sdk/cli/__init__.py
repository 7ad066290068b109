"""The ``mobileiqa`` command: one file per subcommand, imported when it is called."""

from __future__ import annotations

import io
import sys
from importlib import import_module
from typing import NamedTuple

import click

from .._version import __version__
from ..errors import MobileIQAError, ModelNotFound, ResultsInvalid


class _Entry(NamedTuple):
    module: str
    help: str
    extra: str | None = None


# The help stands here so that `mobileiqa --help` imports neither a runtime nor torch.
_COMMANDS = {
    "score": _Entry("mobileiqa_sdk.cli.score", "Score photos and folders of photos."),
    "export": _Entry("mobileiqa_export.cli", "Turn a student checkpoint into a verified artifact.", "export"),
    "verify": _Entry("mobileiqa_sdk.cli.verify", "Replay an artifact's golden image on this machine."),
    "evaluate": _Entry(
        "mobileiqa_export.evaluation.cli", "Judge a model by people's opinions or by ladders.", "evaluate"
    ),
    "models": _Entry("mobileiqa_sdk.cli.models", "List the bundled and cached models."),
    "doctor": _Entry("mobileiqa_sdk.cli.doctor", "Show versions, runtimes, CPU, threads and cache."),
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in _COMMANDS.items()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = _COMMANDS.get(cmd_name)
        if entry is None:
            return None
        try:
            module = import_module(entry.module)
        except ImportError as error:
            if entry.extra is None:
                raise
            raise click.ClickException(
                f"`mobileiqa {cmd_name}` cannot import {error.name or error}; "
                f'pip install "mobileiqa-sdk[{entry.extra}]"'
            ) from error
        command: click.Command = module.command
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mobileiqa", message="%(prog)s %(version)s")
def cli() -> None:
    """How good would people find this photo?

    Scores photos on this machine, offline, and exports MobileIQA checkpoints. Data goes to
    stdout, everything else to stderr. Exit status: 0 fine, 1 some photo or check failed,
    2 wrong usage.
    """


def main() -> None:
    """Entry point: named errors become one line on stderr and an exit status."""
    # File names need not be valid text, nor fit a locale's encoding; their bytes are printed as they are.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=sys.getfilesystemencoding(), errors=sys.getfilesystemencodeerrors())
    try:
        cli()
    except MobileIQAError as error:
        click.echo(f"mobileiqa: {error}", err=True)
        sys.exit(2 if isinstance(error, (ModelNotFound, ResultsInvalid)) else 1)
