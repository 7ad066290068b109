"""The ``mobileiqa`` command: one file per subcommand, imported when it is called.

Help and completion need no extra: what a command needs of one is imported when it runs.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from .. import plugins
from .._noise import logs_of_others_off
from .._text import first_line, one_line, printable
from .._version import __version__
from ..errors import MobileIQAError, ModelNotFound, ResultsInvalid

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it: 128 and the number of the signal."""

# The help stands here so that `mobileiqa --help` imports neither a runtime nor torch.
_BUILTIN = {
    "score": "Score photos and folders of photos.",
    "best": "Suggest the best photo of each burst.",
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

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        # click would load every command whose name fits.
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        items = [CompletionItem(name, help=self._help(name)) for name in names]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing and args[0][:1] != "-":
            ctx.fail(f"No such command {one_line(args[0])!r}. {self._hint(ctx, args[0])}")
        return super().resolve_command(ctx, args)

    def _hint(self, ctx: click.Context, word: str) -> str:
        if os.path.lexists(word):
            return f"Did you mean `mobileiqa score {one_line(word)}`?"
        nearest = get_close_matches(word, self.list_commands(ctx), n=1)
        return f"Did you mean `{nearest[0]}`?" if nearest else "`mobileiqa --help` lists the commands."

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ImportError as error:
            command = ctx.invoked_subcommand
            if command not in _OURS:
                raise
            raise click.ClickException(_not_importable(command, error.name or first_line(error))) from error


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
    2 wrong usage, 130 ended by Ctrl-C.
    """


def main() -> None:
    """Runs the command; errors become one line on stderr and an exit status."""
    if sys.stdout is None:  # `>&-`: the next file that is opened would take its place
        _fail("standard output is closed; redirect it to a file or to /dev/null")
    # File names need not be valid text, nor fit a locale's encoding; their bytes are printed as they are.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=sys.getfilesystemencoding(), errors=sys.getfilesystemencodeerrors())
    with warnings.catch_warnings(), logs_of_others_off(), _tracebacks():
        warnings.showwarning = _show_warning
        warnings.filterwarnings("ignore", module=r"PIL\.")  # a photo's row says what is wrong with it
        try:
            status = _status()
            sys.stdout.flush()
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except click.Abort:  # Ctrl-C
            _fail("interrupted", INTERRUPTED)
        except MobileIQAError as error:
            _fail(str(error), 2 if isinstance(error, (ModelNotFound, ResultsInvalid)) else 1)
        except MemoryError:
            _fail("memory ran out; try fewer workers or a smaller model, or close other programs")
        except OSError as error:
            _drop_output()
            if error.errno == errno.EPIPE:  # the reader of the output has closed it
                sys.exit(1)
            _fail(_reason(error))
    sys.exit(status)


@contextmanager
def _tracebacks() -> Iterator[None]:
    """Prints the tracebacks of errors inside the SDK to stderr, for whoever reports them."""
    log, handler = logging.getLogger("mobileiqa_sdk"), logging.StreamHandler()
    handler.setLevel(logging.ERROR)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


def _status() -> int | str | None:
    """Runs the command that was typed; returns its exit status."""
    try:
        status: int | None = cli.main(prog_name="mobileiqa", standalone_mode=False)
    except SystemExit as stop:
        return stop.code
    return status


def _fail(reason: str, status: int = 1) -> NoReturn:
    click.echo(f"mobileiqa: {reason}", err=True)
    sys.exit(status)


def _reason(error: OSError) -> str:
    """Returns what an error of the system says, and of which file; without one, it is the output's."""
    name = "cannot write the output" if error.filename is None else one_line(os.fsdecode(error.filename))
    return f"{name}: {one_line(error.strerror or error)}"


def _drop_output() -> None:
    """Discards what is still buffered; Python would try to write it again at exit."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _show_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    click.echo(f"mobileiqa: warning: {one_line(message)}", err=True)
