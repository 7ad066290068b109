"""The commands of ``python -m training``."""

from __future__ import annotations

import click
import torch

from mobileiqa_export.errors import ExportError
from mobileiqa_sdk.cli import INTERRUPTED
from mobileiqa_sdk.errors import MobileIQAError

from .anchor import fit_anchor_command
from .companion import add_companion_command
from .distill import distill_command
from .evaluate import evaluate_command
from .extract import backbone_command, features_command, ladders_command
from .facts import documents_command, facts_command
from .faults import add_heads_command, fault_features_command, fit_faults_command
from .lite import (
    lite_features_command,
    lite_finetune_command,
    lite_head_command,
    lite_ladders_command,
    lite_start_command,
)
from .maps import frozen_maps_command, map_finetune_command, map_head_command
from .photo import (
    fit_photo_command,
    no_photo_pictures_command,
    photo_figures_command,
    picture_features_command,
)
from .studies import ablate_command, ablate_heads_command, ablate_teachers_command
from .train import any_size_command, finetune_command, head_command, soup_command, symmetrize_command

THREADS = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Make the bundled MobileIQA model again, step by step."""
    # The recipe was timed with two threads; another number would also change the order of sums.
    torch.set_num_threads(THREADS)


for _command in (
    backbone_command,
    features_command,
    ladders_command,
    lite_start_command,
    lite_features_command,
    lite_ladders_command,
    lite_head_command,
    lite_finetune_command,
    frozen_maps_command,
    map_head_command,
    map_finetune_command,
    no_photo_pictures_command,
    picture_features_command,
    fit_photo_command,
    photo_figures_command,
    fault_features_command,
    fit_faults_command,
    fit_anchor_command,
    add_heads_command,
    add_companion_command,
    head_command,
    finetune_command,
    distill_command,
    soup_command,
    symmetrize_command,
    any_size_command,
    evaluate_command,
    ablate_command,
    ablate_heads_command,
    ablate_teachers_command,
    facts_command,
    documents_command,
):
    commands.add_command(_command)


def main() -> None:
    """Runs a command. An expected error is one line on stderr instead of a traceback; Ctrl-C: status 130."""
    try:
        commands(standalone_mode=False)
    except (MobileIQAError, ExportError) as error:
        raise SystemExit(f"error: {error}") from error
    except click.ClickException as error:
        error.show()
        raise SystemExit(error.exit_code) from error
    except click.Abort as error:  # Ctrl-C
        click.echo("stopped; what was saved is kept", err=True)
        raise SystemExit(INTERRUPTED) from error
