"""The command ``mobileiqa grey``."""

import click


@click.command("grey")
@click.argument("word")
def command(word: str) -> None:
    """Say a word."""
    click.echo(f"grey {word}")
