"""What an admin has to do to connect an account, step by step."""

from __future__ import annotations

from typing import Any

from wagtail_syndicate.accounts import app_keys
from wagtail_syndicate.accounts.connection import missing_keys
from wagtail_syndicate.admin.account_forms import MethodForm
from wagtail_syndicate.admin.app_keys import edit_url
from wagtail_syndicate.backends.auth import NoDoor, OAuth1, OAuth2
from wagtail_syndicate.models import Account


def ways_of(account: Account, user, sent: MethodForm | None = None) -> list[dict[str, Any]]:
    """Every way to connect ``account``, with its form and the state of the app that it wants.

    :param sent: the form that was just sent, with its errors.
    """
    return [
        {
            "method": method,
            "form": sent if sent is not None and sent.method is method else MethodForm(account=account, method=method),
            "missing": missing_keys(account.backend_class, method),
            "app": _app(account, method, user),
            "leaves": isinstance(method, OAuth1 | OAuth2),
            "by_hand": isinstance(method, NoDoor),
        }
        for method in account.backend_class.auth
    ]


def steps_of(account: Account, ways: list[dict[str, Any]], folded: bool) -> list[dict[str, Any]]:
    """The steps in their order: conditions, the app, and the ways to connect, of which one is taken.

    :param folded: whether all is well, so that only the last step need be seen.
    """
    kinds = []
    if account.backend_class.conditions:
        kinds.append("conditions")
    if any(way["app"] for way in ways):
        kinds.append("app")
    classname = "syndicate-panel collapsed" if folded else "syndicate-panel"
    steps = [{"kind": kind, "number": number, "classname": classname} for number, kind in enumerate(kinds, start=1)]
    for way in ways:
        is_first = way is ways[0]
        # With all being well, connecting again is no longer what the page asks for.
        is_main = is_first and not folded
        steps.append({"kind": "way", "number": len(kinds) + 1, "way": way, "is_first": is_first, "is_main": is_main})
    return steps


def _app(account: Account, method, user) -> dict[str, Any] | None:
    """Who gave the keys of the app that this way wants, and where ``user`` may change them, if it wants any."""
    if not app_keys.names_of(method):
        return None
    of_servers = bool(getattr(method, "register_url", ""))
    host = account.host if of_servers else ""
    may_change = app_keys.can_change(user) and bool(host) == of_servers
    return {
        "source": app_keys.find(account.backend_class, method, host).source,
        "url": edit_url(account.network, method, host) if may_change else "",
    }
