"""Rewrites of networks whose code is not known here: norms folded, operators replaced."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import partial

import torch
from torch import Tensor, nn

from mobileiqa_sdk._numbers import exceeds

from ..blame import described
from ..errors import NetworkUnfit
from ..rewrite import Pass, PassResult, Rewritten, cost_of, run_passes
from .norms import fold_norms
from .pixels import PixelNetwork
from .reparametrisation import fix_weights, is_reparametrised
from .substitutes import NAMES

SAME = 1e-4
"""Largest difference between two scores of one image by one network that the order of sums explains."""


def rewrite_network(
    trained: PixelNetwork, example: Tensor, without: frozenset[str] = frozenset(), *, enabled: bool = True
) -> Rewritten:
    """Returns a rewritten copy of a network: one pass folds norms, and further passes replace one function
    each.

    Args:
        trained: stays as it is.
        example: pixels, uint8 [1, H, W, 3].
        without: names of passes to leave out: ``fix_computed_weights``, ``fold_batchnorm``, or ``replace_``
            and a function's name.
        enabled: False leaves all passes out.

    Raises:
        NetworkUnfit: the network cannot be copied.
    """
    network = copied(trained, example)
    passes = list(_passes(network, example)) if enabled else []
    return run_passes(network, passes, lambda network: cost_of(network, example), without)


def copied(trained: PixelNetwork, example: Tensor) -> PixelNetwork:
    """Returns a deep copy that answers as the network does.

    Raises:
        NetworkUnfit: no copy does, for example because a closure used as a hook writes into the original.
    """
    with torch.inference_mode():
        trained(255 - example)  # what a network keeps of one image must not affect the next
    try:
        network = deepcopy(trained)
    except MemoryError:
        raise
    except Exception as error:  # a module may hold anything
        raise NetworkUnfit(
            f"the network cannot be copied ({described(error)}): it holds more than modules and weights"
        ) from error
    with torch.inference_mode():
        actual = float(network(example))
        expected = float(trained(example))
    if exceeds(abs(actual - expected), SAME):
        hooked = [name for name, module in trained.named_modules() if module._forward_hooks]
        where = f" on {', '.join(hooked)}" if hooked else ""
        raise NetworkUnfit(
            f"the network answers {expected:.4f}, a copy of it {actual:.4f}: hooks{where} or functions refer "
            "to the original; let them use the module that they are called with"
        )
    return network


def _passes(network: PixelNetwork, example: Tensor) -> Iterator[Pass]:
    def fold(same: nn.Module) -> PassResult:
        return PassResult.of(same, fold_norms(same, example), "BatchNorm that one layer alone feeds")

    if is_reparametrised(network):
        yield Pass("fix_computed_weights", _fix_weights)
    yield Pass("fold_batchnorm", fold)
    for name in sorted(_called(network, example)):
        yield Pass(f"replace_{name}", partial(_replace, network, name))


def _fix_weights(network: nn.Module) -> PassResult:
    return PassResult.of(network, fix_weights(network), "weight that is computed at every run")


def _replace(network: PixelNetwork, name: str, same: nn.Module) -> PassResult:
    """Replaces one function wherever the network calls it; ``same`` is the network."""
    network.substituted |= {name}
    return PassResult(same, changed=True)


def _called(network: PixelNetwork, example: Tensor) -> set[str]:
    """Names of the functions that the network calls and that have a substitute which takes the call."""
    network.substituted = NAMES
    with torch.inference_mode():
        network(example)
    network.substituted = frozenset()
    return network.replaced
