"""Makes a network by ``module:function``. This runs code that the user named."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MethodType, ModuleType
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from ..blame import described
from ..errors import FactoryFailed, NetworkUnfit
from .user_code import importing

_UNINITIALIZED = (UninitializedBuffer, UninitializedParameter)
# Wrappers that people train a network in, and the attribute that holds the network.
_WRAPPERS = {"DataParallel": "module", "DistributedDataParallel": "module", "OptimizedModule": "_orig_mod"}


def is_file(factory: str) -> bool:
    """Returns whether it names a file instead of a module."""
    return _split(factory)[0].endswith(".py")


def stem(factory: str) -> str:
    """Returns a name for the network that it makes: that of the file or module."""
    place = _split(factory)[0]
    return Path(place).stem if is_file(factory) else place.rpartition(".")[2]


def build(factory: str, kwargs: Mapping[str, Any]) -> nn.Module:
    """Imports and calls the factory; returns the network in eval mode, float32, on the CPU, without training
    wrappers.

    Modules are looked for as by ``python -m``: in the working folder, then on PYTHONPATH and among installed
    packages. A file may import modules that lie beside it.

    Raises:
        FactoryFailed: it cannot be found or imported, it fails, or it does not return a module.
        NetworkUnfit: a part of the network is TorchScript or a lazy layer without weights.
    """
    place, _, path = factory.rpartition(":")
    if not place or not path:
        raise FactoryFailed(
            f"{factory!r} is not a factory; write module:function or path/to/file.py:function"
        )
    folder = Path(place).resolve().parent if is_file(factory) else Path.cwd()
    with importing(str(folder)):
        network = _made(factory, place, path, kwargs)
    network = _without_wrappers(network)
    if not isinstance(network, nn.Module):
        raise FactoryFailed(f"{factory}: returns {type(network).__name__}, not a torch.nn.Module")
    _check(factory, network)
    _unwrap_parts(network)
    return evaluating(network.cpu().float()).requires_grad_(False)


def _without_wrappers(network: Any) -> Any:
    while inner := _WRAPPERS.get(type(network).__name__):
        network = getattr(network, inner)
    return network


def _unwrap_parts(network: nn.Module) -> None:
    """Takes the parts of a network out of training wrappers, and stops them from compiling themselves.

    A compiled part would compile hooks and tracing along with itself.
    """
    for parent in list(network.modules()):
        parent._compiled_call_impl = None  # of ``parent.compile()``
        for name, child in parent._modules.items():
            parent._modules[name] = _without_wrappers(child)


def _made(factory: str, place: str, path: str, kwargs: Mapping[str, Any]) -> Any:
    try:
        module = _import(factory, place)
        target: Any = module
        for name in path.split("."):
            target = getattr(target, name, None)
        if target is None:
            file = getattr(module, "__file__", None) or place
            raise FactoryFailed(
                f"{factory}: there is no {path} in {file}; it has {_callables(module) or 'nothing to call'}"
            )
        return target if isinstance(target, nn.Module) else target(**kwargs)
    except (FactoryFailed, MemoryError):
        raise
    except SystemExit as error:
        raise FactoryFailed(
            f"{factory}: calls sys.exit({error.code!r}); name a module that only defines networks"
        ) from error
    except Exception as error:
        raise FactoryFailed(f"{factory}: fails: {described(error)}") from error


def _callables(module: ModuleType) -> str:
    names = []
    for name, value in vars(module).items():
        if callable(value) and getattr(value, "__module__", "") == module.__name__:
            names.append(name)
    return ", ".join(names)


def _check(factory: str, network: nn.Module) -> None:
    """Raises NetworkUnfit for parts that cannot be followed or copied."""
    for name, module in network.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            raise NetworkUnfit(
                f"{factory}: {name or 'the network'} is TorchScript, which cannot be exported; "
                "build it from its Python class and load its state_dict"
            )
        if any(tensor.is_meta for tensor in (*module.parameters(False), *module.buffers(False))):
            raise NetworkUnfit(
                f"{factory}: {name or 'the network'} has weights on the meta device, which have no values; "
                "build the network on the CPU"
            )
        if any(map(_is_lazy, (*module._parameters.values(), *module._buffers.values()))):
            raise NetworkUnfit(
                f"{factory}: {name or 'the network'} is a lazy layer without weights; "
                "run the network once on an image in the factory"
            )


def _is_lazy(value: object) -> bool:
    return isinstance(value, (UninitializedParameter, UninitializedBuffer))


def evaluating(network: nn.Module) -> nn.Module:
    """Puts a network into eval mode, including modules whose own ``train()`` ignores its argument."""
    for module in network.eval().modules():
        if module.training:
            module.train = MethodType(nn.Module.train, module)  # type: ignore[method-assign]
    return network.eval()


def _split(factory: str) -> tuple[str, str]:
    place, _, name = factory.rpartition(":")
    return place or factory, name


def _import(factory: str, place: str) -> ModuleType:
    try:
        if is_file(factory):
            return _import_file(Path(place))
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing and (place == missing or place.startswith(f"{missing}.")):
            hint = f"there is no module {missing}; it is looked for in {os.getcwd()} and on PYTHONPATH"
        else:
            hint = f"imports {missing}, which is not installed"
        raise FactoryFailed(f"{factory}: {hint}") from error
    except FileNotFoundError:
        raise FactoryFailed(f"{factory}: there is no file {place}") from None
    except MemoryError:
        raise
    except Exception as error:  # whatever the module does
        raise FactoryFailed(f"{factory}: cannot be imported: {described(error)}") from error


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise FileNotFoundError(path)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    # Under its name, so that pickling and inspecting its classes works; never in place of another module.
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return module
