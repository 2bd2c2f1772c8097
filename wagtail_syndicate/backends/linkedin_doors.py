"""How an account at LinkedIn is connected: as a member, or as a page; each needs an app of its own."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import OAuth2


CONSOLE = "https://www.linkedin.com/developers/apps"
KEY_LABELS = ("Client ID", "Client Secret")


DOORS = (
    OAuth2(
        authorize_url="{web}/oauth/v2/authorization",
        token_url="{web}/oauth/v2/accessToken",  # noqa: S106 (an address)
        scopes=("openid", "profile", "w_member_social"),
        name="member",
        label=_("Profile of a member"),
        pkce=False,
        refresh=True,
        console=CONSOLE,
        preparation=(
            _("Make an app, and let an administrator of the page that it belongs to verify it."),
            _("Under Products add “Share on LinkedIn” and “Sign In with LinkedIn using OpenID Connect”."),
            _("Under Auth enter the callback address, and note the Client ID and the Client Secret."),
        ),
        key_labels=KEY_LABELS,
    ),
    OAuth2(
        authorize_url="{web}/oauth/v2/authorization",
        token_url="{web}/oauth/v2/accessToken",  # noqa: S106 (an address)
        scopes=("w_organization_social", "r_organization_social", "rw_organization_admin"),
        name="organisation",
        label=_("Page of an organisation"),
        pkce=False,
        keys=("ORGANISATION_CLIENT_ID", "ORGANISATION_CLIENT_SECRET"),
        refresh=True,
        console=CONSOLE,
        preparation=(
            _("Make a second app that has no other product, and verify it."),
            _("Under Products ask for the “Community Management API”. LinkedIn reviews that."),
            _("Under Auth enter the callback address, and note the Client ID and the Client Secret."),
        ),
        key_labels=KEY_LABELS,
    ),
)
