"""``facts`` and ``documents``: what the repository states about the bundled model."""

from __future__ import annotations

import click

from ..documents import write_documents
from ..errors import TrainingError
from ..facts import FACTS, ROOT, derived, read_facts, write_facts


@click.command("facts")
@click.option("--check", is_flag=True, help="Change nothing; fail if a file would change.")
def facts_command(check: bool) -> None:
    """Bring the model facts up to date with the checkpoint and the model file.

    Accuracy is kept: it was measured on photos that are not in the repository.
    """
    facts = read_facts()
    current = derived(facts)
    if current == facts:
        click.echo(f"{FACTS.relative_to(ROOT)} is up to date")
        return
    if check:
        raise TrainingError(f"{FACTS.relative_to(ROOT)} is out of date; run `make facts`")
    write_facts(current)
    click.echo(f"wrote {FACTS.relative_to(ROOT)}")


@click.command("documents")
def documents_command() -> None:
    """Write the tables of model facts in README and the model card."""
    for path in write_documents(read_facts()):
        click.echo(f"wrote {path.relative_to(ROOT)}")
