"""The keys of this site's apps at the networks: from the site's settings, or entered by an admin and sealed.

Settings win, and win whole: an id from there is never used with a secret from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from wagtail.log_actions import log

from wagtail_syndicate import conf
from wagtail_syndicate.accounts import vault
from wagtail_syndicate.backends.auth import OAuth1, OAuth2
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.exceptions import CredentialsLost
from wagtail_syndicate.models import OAuthApp
from wagtail_syndicate.types import AppKeys


# Of an app on a server of its own; elsewhere the backend names them.
OF_A_SERVER = ("CLIENT_ID", "CLIENT_SECRET")
SERVERS = "APPS"
"""The option of a network that holds the keys by server, as settings give them."""


class Source(StrEnum):
    """Who gave the keys."""

    NOBODY = ""
    SETTINGS = "settings"
    ADMIN = "admin"


@dataclass(frozen=True, repr=False)
class Found:
    """The keys that count, who gave them, and the names of those that are missing."""

    app: AppKeys = AppKeys()
    source: Source = Source.NOBODY
    missing: tuple[str, ...] = ()
    lost: bool = False
    """Whether an admin entered a secret that none of this site's keys opens any more."""


def names_of(method) -> tuple[str, ...]:
    """The keys that a way to connect wants of this site's app, id and secret first; none where it wants no app."""
    if getattr(method, "register_url", ""):
        return OF_A_SERVER
    return tuple(getattr(method, "keys", None) or ())


def can_change(user) -> bool:
    """Whether ``user`` may see and change app keys."""
    return user.has_perm("wagtail_syndicate.change_oauthapp")


@sensitive_variables()
def find(backend: type[BaseBackend], method, host: str = "") -> Found:
    """The app's keys for a way to connect; asks the database only when the settings hold none of them.

    :param host: the account's server, on networks of many.
    """
    if not (names := names_of(method)):
        return Found()
    given = of_settings(backend, method, host)
    if given:
        return _found(names, given, Source.SETTINGS)
    row = entered(backend.name, method, host)
    if row is None:
        return _found(names, {}, Source.NOBODY)
    try:
        secrets = vault.unseal(row.sealed_secret)
    except CredentialsLost:
        return Found(AppKeys(row.client_id), Source.ADMIN, names[1:], lost=True)
    return _found(names, {**secrets, names[0]: row.client_id}, Source.ADMIN)


def of_settings(backend: type[BaseBackend], method, host: str = "") -> dict[str, str]:
    """What the site's settings say of the app's keys, by their names; only what is filled in."""
    options = conf.network_options(backend.name)
    if getattr(method, "register_url", ""):
        options = (options.get(SERVERS) or {}).get(host) or {}
    return {name: str(options[name]) for name in names_of(method) if options.get(name)}


def setting_of(backend: type[BaseBackend], method, name: str, host: str = "") -> str:
    """A key's place in the settings, as a developer writes it."""
    place = f'["{SERVERS}"]["{host}"]' if getattr(method, "register_url", "") else ""
    return f'{conf.SETTING}["NETWORKS"]["{backend.name}"]{place}["{name}"]'


def entered(network: str, method: OAuth1 | OAuth2, host: str = "") -> OAuthApp | None:
    """The row of the keys that an admin entered; settings may overrule it."""
    return OAuthApp.objects.filter(network=network, host=host, method=method.name, callback_url="").first()


@sensitive_variables()
def store(backend: type[BaseBackend], method: OAuth1 | OAuth2, host: str, values: Mapping[str, str], user) -> OAuthApp:
    """Keep what an admin entered; secrets that are left empty stay as they are.

    :param values: by the names of :func:`names_of`.
    """
    first, *others = names_of(method)
    with transaction.atomic():
        row = entered(backend.name, method, host)
        known = {}
        if row is not None:
            try:
                known = vault.unseal(row.sealed_secret)
            except CredentialsLost:
                known = {}
        secrets = {name: values.get(name) or known.get(name, "") for name in others}
        row, _created = OAuthApp.objects.update_or_create(
            network=backend.name,
            host=host,
            method=method.name,
            callback_url="",
            defaults={
                "client_id": values[first],
                "sealed_secret": vault.seal({name: value for name, value in secrets.items() if value}),
                "created_at": timezone.now(),
            },
        )
        _log(row, "app_keys", user)
    return row


def forget(row: OAuthApp, user) -> None:
    """Delete what an admin entered."""
    with transaction.atomic():
        _log(row, "app_keys_delete", user)
        row.delete()


def _log(row: OAuthApp, action: str, user) -> None:
    # The id of an app is in the address of every consent page, so it is no secret.
    data = {"network": row.network, "method": row.method, "server": row.host, "client_id": row.client_id}
    log(instance=row, action=f"wagtail_syndicate.{action}", user=user, data=data)


@sensitive_variables()
def _found(names: tuple[str, ...], given: Mapping[str, str], source: Source) -> Found:
    first, second, *more = names
    app = AppKeys(given.get(first, ""), given.get(second, ""), {name: given[name] for name in more if given.get(name)})
    return Found(app, source, tuple(name for name in names if not given.get(name)))
