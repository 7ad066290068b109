"""``module:function`` to a network. This runs the user's own code, which they named."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from ..errors import FactoryFailed

# What people wrap a network in to train it, and where it is inside.
_WRAPPERS = {"DataParallel": "module", "DistributedDataParallel": "module", "OptimizedModule": "_orig_mod"}


def is_file(factory: str) -> bool:
    """Whether it names a file instead of a module."""
    return _split(factory)[0].endswith(".py")


def stem(factory: str) -> str:
    """A name for what it makes: of the file or module."""
    place = _split(factory)[0]
    return Path(place).stem if is_file(factory) else place.rpartition(".")[2]


def build(factory: str, kwargs: Mapping[str, Any]) -> nn.Module:
    """Import, call, and take off what it was trained in; in eval mode, float32, on the CPU.

    Modules are looked for as by ``python -m``: in the working folder, then on PYTHONPATH and among what is
    installed. A file may import what lies beside it.

    Raises:
        FactoryFailed: it cannot be found or imported, fails, or returns something else than a module.
    """
    place, _, path = factory.rpartition(":")
    if not place or not path:
        raise FactoryFailed(f"{factory!r} is no factory; write module:function or path/to/file.py:function")
    module = _import(factory, place)
    try:
        target: Any = module
        for name in path.split("."):
            target = getattr(target, name)
    except AttributeError:
        found = [
            n
            for n, v in vars(module).items()
            if callable(v) and getattr(v, "__module__", "") == module.__name__
        ]
        raise FactoryFailed(
            f"{factory}: there is no {path} in {place}; it has {', '.join(found) or 'nothing to call'}"
        ) from None
    network = target
    if not isinstance(target, nn.Module):
        try:
            network = target(**kwargs)
        except Exception as error:
            raise FactoryFailed(f"{factory}: fails: {described(error)}") from error
    while inner := _WRAPPERS.get(type(network).__name__):
        network = getattr(network, inner)
    if not isinstance(network, nn.Module):
        raise FactoryFailed(f"{factory}: gives {type(network).__name__}, not a torch.nn.Module")
    return network.cpu().float().eval().requires_grad_(False)


def described(error: BaseException) -> str:
    """Class and first line of an error, and where in whose code it happened."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _of_user(frame.filename)]
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}{': ' * bool(line)}{line}{where}"


def _of_user(filename: str) -> bool:
    return not any(
        part in filename for part in ("site-packages", "mobileiqa_export", "<frozen", "/lib/python")
    )


def _split(factory: str) -> tuple[str, str]:
    place, _, name = factory.rpartition(":")
    return place or factory, name


def _import(factory: str, place: str) -> ModuleType:
    try:
        if is_file(factory):
            return _import_file(Path(place))
        _look_in(os.getcwd())
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
    except Exception as error:  # whatever the module does
        raise FactoryFailed(f"{factory}: cannot be imported: {described(error)}") from error


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise FileNotFoundError(path)
    _look_in(str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    # Under its name, so that what pickles or inspects its classes finds them; never in place of another.
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return module


def _look_in(folder: str) -> None:
    """For good: networks may import when they run."""
    if folder not in sys.path:
        sys.path.insert(0, folder)
