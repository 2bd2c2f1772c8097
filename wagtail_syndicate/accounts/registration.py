"""Apps that register themselves: on networks of many servers, each server gives this site keys of its own."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from wagtail_syndicate.accounts import app_keys, vault
from wagtail_syndicate.accounts.oauth2 import endpoint
from wagtail_syndicate.accounts.problems import ConnectRefused
from wagtail_syndicate.backends.auth import OAuth2
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.exceptions import CredentialsLost, NotSent
from wagtail_syndicate.models import Account, OAuthApp
from wagtail_syndicate.types import AppKeys


# Servers throw away apps that nobody used (Mastodon before 4.3, docs of 2026-07-02) and say so only on the consent
# page, from where nobody comes back to tell us.
UNUSED_FOR = timedelta(days=1)


@sensitive_variables()
def app_of_server(backend: BaseBackend, method: OAuth2, callback_url: str) -> AppKeys:
    """This site's app on the backend's server: the one that settings or an admin name, else one that registers itself
    there for this callback address.

    :raises NetworkError: the server cannot be asked now; :raises ConnectRefused: it is no server of this network.
    """
    network, host = backend.name, backend.connection.host
    chosen = app_keys.find(type(backend), method, host)
    if chosen.source:
        if chosen.missing:
            raise ConnectRefused(
                _(
                    "The keys of this site's app on %(server)s are not complete. Enter its secret again under "
                    "Settings, Syndication app keys."
                )
                % {"server": host}
            )
        return chosen.app
    known = OAuthApp.objects.filter(network=network, host=host, callback_url=callback_url).first()
    if known is not None and _is_good(known):
        try:
            return AppKeys(known.client_id, vault.unseal(known.sealed_secret)["client_secret"])
        except (CredentialsLost, KeyError):
            pass
    keys = _register(backend, method, callback_url)
    OAuthApp.objects.update_or_create(
        network=network,
        host=host,
        callback_url=callback_url,
        defaults={
            "client_id": keys.client_id,
            "sealed_secret": vault.seal({"client_secret": keys.client_secret}),
            "created_at": timezone.now(),
        },
    )
    return keys


def forget(network: str, host: str, client_id: str) -> None:
    """Drop an app that registered itself and that its server knows no more, so that the next try registers anew."""
    OAuthApp.objects.filter(network=network, host=host, client_id=client_id).exclude(callback_url="").delete()


def _is_good(app: OAuthApp) -> bool:
    used = Account.objects.filter(network=app.network, host=app.host, status=Account.Status.CONNECTED).exists()
    return used or app.created_at > timezone.now() - UNUSED_FOR


@sensitive_variables()
def _register(backend: BaseBackend, method: OAuth2, callback_url: str) -> AppKeys:
    fields = {
        "client_name": getattr(settings, "WAGTAIL_SITE_NAME", "") or "wagtail-syndicate",
        "redirect_uris": callback_url,
        "scopes": method.scope_separator.join(method.scopes),
    }
    if website := getattr(settings, "WAGTAILADMIN_BASE_URL", ""):
        fields["website"] = website
    answer = backend.http.request("POST", endpoint(backend, method.register_url), data=fields)
    client_id, client_secret = answer.get("client_id"), answer.get("client_secret")
    if 200 <= answer.status < 300 and client_id and client_secret:
        return AppKeys(str(client_id), str(client_secret))
    if answer.status >= 500 or answer.status == 429:
        reason = "rate_limited" if answer.status == 429 else "network_busy"
        raise NotSent(reason, "", answer.status, answer.retry_after)
    raise ConnectRefused(
        _("%(server)s does not answer like a server of %(network)s. Check the address.")
        % {"server": backend.connection.host, "network": backend.label},
        field="host",
    )
