"""Accounts with access at the imitated networks, and what those networks were asked."""

from datetime import timedelta

import requests
from django.utils import timezone

from tests.factories import AccountFactory
from wagtail_syndicate.accounts import vault


def on_x(fakenet, ends=timedelta(hours=1), **more):
    """An account at X, with access and a token that renews it and is good for one use."""
    asked = {"network": "x", "handle": "newsroom"}
    tokens = requests.post(f"{fakenet.url}/_fakenet/tokens", json=asked, timeout=10).json()
    return AccountFactory(
        network="x",
        auth_method="oauth2",
        remote_id=fakenet.state.account("x", "newsroom").id,
        handle="@newsroom",
        credentials_expire_at=timezone.now() + ends,
        sealed_credentials=vault.seal({name: tokens[name] for name in ("access_token", "refresh_token")}),
        **more,
    )


def operations(fakenet) -> list[str]:
    """What the networks were asked, in order."""
    return [line["operation"] for line in fakenet.state.log]
