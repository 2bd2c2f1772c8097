"""Which networks there are: the built-in ones, those in settings, those of other packages."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from django.utils.module_loading import import_string

from wagtail_syndicate import conf
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.exceptions import ConfigurationError


BUILT_IN = ("mastodon", "telegram", "vk", "weibo", "x", "xing")
ENTRY_POINTS = "wagtail_syndicate.backends"


@cache
def _known_paths() -> dict[str, str]:
    paths = {name: f"wagtail_syndicate.backends.{name}.Backend" for name in (*BUILT_IN, "memory")}
    paths.update({point.name: point.value.replace(":", ".") for point in entry_points(group=ENTRY_POINTS)})
    return paths


def names() -> list[str]:
    """The networks that an admin may add accounts of."""
    configured = conf.get("NETWORKS")
    if configured is not None:
        return list(configured)
    return [name for name in _known_paths() if name != "memory"]


def get(name: str) -> type[BaseBackend]:
    """The backend of a network, also of one that is no longer offered to admins but still has accounts.

    :raises ConfigurationError: no such network, or its dotted path leads nowhere.
    """
    path = conf.network_options(name).get("BACKEND") or _known_paths().get(name)
    if path is None:
        raise ConfigurationError(f"There is no network called {name!r}. Known ones: {', '.join(_known_paths())}.")
    try:
        backend = import_string(path)
    except ImportError as error:
        raise ConfigurationError(
            f"The backend {path!r} of the network {name!r} cannot be imported: {error}"
        ) from error
    if not (isinstance(backend, type) and issubclass(backend, BaseBackend)):
        raise ConfigurationError(f"{path!r}, the backend of the network {name!r}, is not a subclass of BaseBackend.")
    return backend


def all_backends() -> list[type[BaseBackend]]:
    """The backends of all networks that admins may use; wrong settings are left to the system check."""
    found = []
    for name in names():
        try:
            found.append(get(name))
        except ConfigurationError:
            continue
    return found
