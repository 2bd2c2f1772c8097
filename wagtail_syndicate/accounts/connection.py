"""From a row to what a backend works with."""

from __future__ import annotations

from django.views.decorators.debug import sensitive_variables

from wagtail_syndicate.accounts import app_keys, environment, vault
from wagtail_syndicate.backends.auth import NoDoor, OAuth1, OAuth2, Pasted
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.exceptions import CredentialsLost
from wagtail_syndicate.models import Account, OAuthApp
from wagtail_syndicate.types import AppKeys, Connection


# Kept with the credentials, but ours: which of a server's apps the token belongs to; until when it is being renewed;
# before when that is not tried again (both seconds since the epoch).
CLIENT_ID = "_client_id"
REFRESHING_UNTIL = "_refreshing_until"
RESTING_UNTIL = "_resting_until"


def method_of(account: Account, name: str = "") -> OAuth2 | OAuth1 | Pasted | NoDoor | None:
    """The way to connect called ``name``, or else the one that the account was connected by.

    :returns: ``None`` when the network's backend has no such way (any more).
    """
    wanted = name or account.auth_method
    return next((method for method in account.backend_class.auth if method.name == wanted), None)


def missing_keys(backend: type[BaseBackend], method: OAuth2 | OAuth1 | Pasted | NoDoor) -> list[str]:
    """The app's keys that neither the settings nor an admin gave, by their places in the settings.

    None where the app registers itself at the server.
    """
    if getattr(method, "register_url", ""):
        return []
    return [app_keys.setting_of(backend, method, name) for name in app_keys.find(backend, method).missing]


@sensitive_variables()
def app_of(backend: type[BaseBackend], method) -> AppKeys:
    """The app's keys, from the settings or as an admin entered them; empty when the method needs none.

    :raises CredentialsLost: an admin entered them, and they cannot be read with this site's keys.
    """
    found = app_keys.find(backend, method)
    if found.lost:
        raise CredentialsLost("None of this site's keys opens the secret of the app.")
    return found.app


@sensitive_variables()
def connection_of(account: Account) -> Connection:
    """All that a backend needs to speak for ``account``.

    :raises CredentialsLost: the stored credentials cannot be read with this site's keys.
    :raises ConfigurationError: the network is not known, or a key in the settings is wrong.
    """
    stored = vault.unseal(account.sealed_credentials)
    method = method_of(account)
    if isinstance(method, OAuth2) and method.register_url:
        app = _app_of_server(account, method, stored.get(CLIENT_ID, ""))
    else:
        app = app_of(account.backend_class, method)
    return Connection(
        host=account.host,
        remote_id=account.remote_id,
        handle=account.handle,
        options=account.options,
        credentials={name: value for name, value in stored.items() if not name.startswith("_")},
        app=app,
    )


def backend_of(account: Account) -> BaseBackend:
    """The account's backend, ready to speak; its access may be too old (``refresh.fresh_backend`` sees to that).

    :raises AwayFromHome: the account was connected on another site.
    :raises CredentialsLost, ConfigurationError: as :func:`connection_of`.
    """
    environment.require_home(account)
    return account.backend_class(connection_of(account))


@sensitive_variables()
def _app_of_server(account: Account, method: OAuth2, client_id: str) -> AppKeys:
    """The app that the account's token belongs to, of those that its server knows."""
    chosen = app_keys.find(account.backend_class, method, account.host).app
    if chosen.client_id == client_id:
        return chosen
    app = OAuthApp.objects.filter(network=account.network, host=account.host, client_id=client_id).first()
    return AppKeys(app.client_id, vault.unseal(app.sealed_secret).get("client_secret", "")) if app else AppKeys()
