"""Weights that a network computes from others at every run, such as those of spectral and weight norm."""

from __future__ import annotations

from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

_OLD = (SpectralNorm, WeightNorm)


def is_reparametrised(network: nn.Module) -> bool:
    """Returns whether a network computes any weight so."""
    return any(parametrize.is_parametrized(module) or _old_hooks(module) for module in network.modules())


def fix_weights(network: nn.Module) -> int:
    """Stores, in place, what computed weights are at inference; returns how many there were."""
    count = 0
    for module in list(network.modules()):
        for key, hook in _old_hooks(module).items():
            hook.remove(module)
            del module._forward_pre_hooks[key]
            count += 1
        if parametrize.is_parametrized(module):
            _give_class_of_its_own(module)
            for name in list(module.parametrizations):  # type: ignore[arg-type]  # torch calls it a Tensor or Module
                parametrize.remove_parametrizations(module, name, leave_parametrized=True)
                count += 1
    return count


def _give_class_of_its_own(module: nn.Module) -> None:
    """Keeps the original whole: removing a parametrisation changes the class, which a copy shares with it."""
    shared = type(module)
    module.__class__ = type(shared.__name__, shared.__bases__, dict(shared.__dict__))


def _old_hooks(module: nn.Module) -> dict[int, SpectralNorm | WeightNorm]:
    """Returns the hooks of torch.nn.utils' functions of before there were parametrisations."""
    return {key: hook for key, hook in module._forward_pre_hooks.items() if isinstance(hook, _OLD)}
