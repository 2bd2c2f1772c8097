"""The networks: one file or a few for each, found by what they hold.

A file's ``blueprint`` serves a part of a network; ``FACE`` says how the network is shown to people.
"""

import pkgutil
from importlib import import_module

from .faces import Face


def _modules():
    return [import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]


BLUEPRINTS = tuple(module.blueprint for module in _modules() if hasattr(module, "blueprint"))
FACES: dict[str, Face] = {module.NETWORK: module.FACE for module in _modules() if hasattr(module, "FACE")}
