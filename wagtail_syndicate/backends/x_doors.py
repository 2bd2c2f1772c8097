"""How an account at X is connected."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import OAuth1, OAuth2


DOORS = (
    OAuth2(
        authorize_url="{web}/i/oauth2/authorize",
        token_url="{api}/2/oauth2/token",  # noqa: S106 (an address)
        revoke_url="{api}/2/oauth2/revoke",
        scopes=("tweet.read", "tweet.write", "users.read", "media.write", "offline.access"),
        client_auth="basic",
        refresh=True,
        console="https://console.x.com",
        preparation=(
            _("Make a project and an app; in its authentication settings choose “Web app” and “Read and write”."),
            _("Enter the callback address there, and note the Client ID and the Client Secret."),
            _("Buy credits, and set a spending limit."),
        ),
        key_labels=("Client ID", "Client Secret"),
    ),
    OAuth1(
        request_token_url="{api}/oauth/request_token",  # noqa: S106 (an address)
        authorize_url="{api}/oauth/authorize",
        access_token_url="{api}/oauth/access_token",  # noqa: S106 (an address)
        label=_("OAuth 1.0a (X is about to retire it)"),
        console="https://console.x.com",
        preparation=(_("Only for an app whose API Key and API Key Secret you have already."),),
        key_labels=("API Key", "API Key Secret"),
    ),
)
