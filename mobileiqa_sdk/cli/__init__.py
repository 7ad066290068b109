"""The ``mobileiqa`` command: one file per subcommand, imported when it is called."""

from __future__ import annotations

import io
import sys
import warnings
from difflib import get_close_matches
from importlib import import_module

import click

from .. import plugins
from .._text import first_line, one_line, printable
from .._version import __version__
from ..errors import MobileIQAError, ModelNotFound, ResultsInvalid

# The help stands here so that `mobileiqa --help` imports neither a runtime nor torch.
_BUILTIN = {
    "score": "Score photos and folders of photos.",
    "verify": "Replay an artifact's golden image on this machine.",
    "models": "List the bundled and cached models.",
    "doctor": "Show versions, runtimes, CPU, threads and cache.",
}
# Of our own packages: their help, and the extra without which they cannot be imported.
_OURS = {
    "export": ("Turn a student checkpoint into a verified artifact.", "export"),
    "evaluate": ("Judge a model by people's opinions or by ladders.", "evaluate"),
    "benchmark": ("Measure time, memory and efficiency, beside baselines.", "bench"),
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(dict.fromkeys([*_BUILTIN, *_OURS, *plugins.registered(plugins.COMMANDS)]))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._help(name)) for name in self.list_commands(ctx)])

    def _help(self, name: str) -> str:
        if name in _BUILTIN:
            return _BUILTIN[name]
        if name in _OURS:
            return _OURS[name][0]
        distribution = plugins.registered(plugins.COMMANDS)[name].dist
        return f"Added by {printable(distribution.name)}." if distribution else "Added by another package."

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _BUILTIN:
            builtin: click.Command = import_module(f"mobileiqa_sdk.cli.{cmd_name}").command
            return builtin
        if ctx.resilient_parsing:  # a shell completes a name: nothing is run, so nothing is loaded
            return click.Command(cmd_name, help=self._help(cmd_name)) if self._is_listed(cmd_name) else None
        point = plugins.registered(plugins.COMMANDS).get(cmd_name)
        if point is None:
            if cmd_name in _OURS:
                raise click.ClickException(_not_importable(cmd_name, f"mobileiqa_{cmd_name}"))
            return None
        try:
            command: click.Command = point.load()
        except ImportError as error:
            raise click.ClickException(_not_importable(cmd_name, error.name or first_line(error))) from error
        return command

    def _is_listed(self, name: str) -> bool:
        return name in _OURS or name in plugins.registered(plugins.COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing and args[0][:1] != "-":
            nearest = get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f" Did you mean `{nearest[0]}`?" if nearest else " `mobileiqa --help` lists the commands."
            ctx.fail(f"No such command {one_line(args[0])!r}.{hint}")
        return super().resolve_command(ctx, args)


def _not_importable(command: str, module: str) -> str:
    extra = _OURS[command][1] if command in _OURS else ""
    remedy = f'; pip install "mobileiqa-sdk[{extra}]"' if extra else ""
    return f"`mobileiqa {command}` cannot import {one_line(module)}{remedy}"


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
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        warnings.filterwarnings("ignore", module=r"PIL\.")  # a photo's row says what is wrong with it
        try:
            cli()
        except MobileIQAError as error:
            click.echo(f"mobileiqa: {error}", err=True)
            sys.exit(2 if isinstance(error, (ModelNotFound, ResultsInvalid)) else 1)


def _show_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    click.echo(f"mobileiqa: warning: {one_line(message)}", err=True)
