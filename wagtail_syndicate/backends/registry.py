"""Which networks there are: the built-in ones, those in settings, those of other packages."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from django.utils.module_loading import import_string

from wagtail_syndicate import backends, conf
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.exceptions import ConfigurationError


ENTRY_POINTS = "wagtail_syndicate.backends"


@cache
def built_in() -> tuple[str, ...]:
    """The networks of this package: each file beside this one that holds a ``Backend``."""
    modules = (import_module(f"{backends.__name__}.{found.name}") for found in pkgutil.iter_modules(backends.__path__))
    return tuple(module.Backend.name for module in modules if hasattr(module, "Backend"))


@cache
def _known_paths() -> dict[str, str]:
    paths = {name: f"{backends.__name__}.{name}.Backend" for name in built_in()}
    paths.update({point.name: f"{point.module}.{point.attr}" for point in entry_points(group=ENTRY_POINTS)})
    return paths


def names() -> list[str]:
    """The networks that an admin may add accounts of."""
    configured = conf.get("NETWORKS")
    if configured is not None:
        return list(configured)
    return [name for name in _known_paths() if name != "memory" and not _is_retired(name)]


def get(name: str) -> type[BaseBackend]:
    """The backend of a network, also of one that is no longer offered to admins but still has accounts.

    :raises ConfigurationError: no such network, or its dotted path leads nowhere, or to a network of another name.
    """
    path = conf.network_options(name).get("BACKEND") or _known_paths().get(name)
    if path is None:
        raise ConfigurationError(f"There is no network called {name!r}. Known ones: {', '.join(_known_paths())}.")
    try:
        backend = import_string(path)
    except Exception as error:  # a module of others may fail in any way, and must not take the admin with it
        raise ConfigurationError(
            f"The backend {path!r} of the network {name!r} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    if not (isinstance(backend, type) and issubclass(backend, BaseBackend)):
        raise ConfigurationError(f"{path!r}, the backend of the network {name!r}, is not a subclass of BaseBackend.")
    if backend.name != name:
        # Accounts and settings are kept under the class's name: under another one nobody would find them again.
        raise ConfigurationError(
            f"The backend {path!r} calls its network {backend.name!r}, not {name!r}. Use that name in NETWORKS and "
            "for the entry point."
        )
    return backend


def _is_retired(name: str) -> bool:
    try:
        return get(name).retired
    except ConfigurationError:
        return False  # the system check tells what is wrong with it


def all_backends() -> list[type[BaseBackend]]:
    """The backends of all networks that admins may use; wrong settings are left to the system check."""
    found = []
    for name in names():
        try:
            found.append(get(name))
        except ConfigurationError:
            continue
    return found
