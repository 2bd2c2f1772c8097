"""The last steps of connecting: get access that lasts, settle who is posted as, store the account."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from wagtail.log_actions import log

from wagtail_syndicate.accounts import environment, vault
from wagtail_syndicate.accounts.connection import CLIENT_ID, method_of
from wagtail_syndicate.accounts.problems import ConnectRefused
from wagtail_syndicate.backends.auth import NoDoor, OAuth1, OAuth2, Pasted
from wagtail_syndicate.exceptions import CredentialsLost, Rejected
from wagtail_syndicate.models import Account
from wagtail_syndicate.types import Connection, Grant, Identity


PENDING_SECONDS = 600
MOST_NAMED = 10
WEB_ADDRESS = re.compile(r"https?://.{1,480}\Z", re.IGNORECASE)

Method = OAuth1 | OAuth2 | Pasted | NoDoor


@dataclass(frozen=True, repr=False)
class Offer:
    """Several identities that the access is good for. An admin has to choose one: see :func:`choose`.

    ``pending`` is what to keep in the admin's session until then: JSON-ready, its secrets sealed.
    """

    pending: dict[str, Any]


@sensitive_variables()
def settle(
    account: Account, method: Method, connection: Connection, expires_at: datetime | None, user
) -> Account | Offer:
    """Connect ``account`` with credentials that the network has just given, or that an admin has just pasted.

    :param connection: with these credentials, and as options what was typed in; it does not say who the account is.
    :param expires_at: when access with them ends, ``None``: not by itself.
    :returns: the account; or an offer, when there are several to post as and the account has not been one of them.
    :raises ConnectRefused: the access is somebody else's; :raises NetworkError: the network does not accept it, or
        there is nobody to post as.
    """
    backend = account.backend_class(connection)
    grant = Grant(connection.credentials, expires_at)
    if (lasting := backend.exchange()) is not None:
        # What was given stays: it may be needed to renew what lasts.
        grant = Grant({**connection.credentials, **lasting.credentials}, lasting.expires_at)
        backend = account.backend_class(replace(connection, credentials=grant.credentials))
    found = {identity.remote_id: identity for identity in backend.targets()}
    if not found:
        raise Rejected("target_missing")
    if getattr(method, "register_url", ""):
        grant = replace(grant, credentials={**grant.credentials, CLIENT_ID: connection.app.client_id})
    if account.remote_id and account.remote_id not in found:
        raise _somebody_else(account, found.values())
    if not account.remote_id and len(found) > 1:
        return Offer(_kept(account, method, connection.options, grant, found.values(), user))
    identity = found[account.remote_id] if account.remote_id else next(iter(found.values()))
    return store(account, method, connection.options, grant, identity, user)


@sensitive_variables()
def offered(pending: Mapping[str, Any], user) -> list[Identity]:
    """Who may be chosen, without secrets.

    :param pending: of an :class:`Offer`.
    :raises ConnectRefused: too late, or the account was changed.
    """
    _account, _method, kept = recall(pending, user)
    return [Identity(**{**target, "credentials": {}}) for target in kept["targets"]]


@sensitive_variables()
def choose(pending: Mapping[str, Any], remote_id: str, user) -> Account:
    """Connect the account as one of those that were offered.

    :param pending: of an :class:`Offer`, taken out of the session so that it is used once.
    :raises ConnectRefused: it was not offered, it is too late, or the account was changed.
    """
    account, method, kept = recall(pending, user)
    identity = next((Identity(**target) for target in kept["targets"] if target["remote_id"] == remote_id), None)
    if identity is None:
        raise ConnectRefused(_("This is not one of those that were offered. Start again."))
    expires_at = datetime.fromisoformat(kept["expires_at"]) if kept["expires_at"] else None
    return store(account, method, kept["options"], Grant(kept["credentials"], expires_at), identity, user)


@sensitive_variables()
def keep(account: Account, method: Method, user, secret: Mapping[str, Any], **known: Any) -> dict[str, Any]:
    """What stays in a session until an admin's next step: JSON-ready, good for ten minutes and for this admin only.

    :param secret: is sealed; :param known: is not.
    """
    return {
        "account": account.pk,
        "host": account.host,
        "method": method.name,
        "user": user.pk,
        "expires": time.time() + PENDING_SECONDS,
        "sealed": vault.seal(secret),
        **known,
    }


@sensitive_variables()
def recall(pending: Mapping[str, Any], user) -> tuple[Account, Method, dict[str, Any]]:
    """The account, the way to connect it and the secrets of :func:`keep`.

    :raises ConnectRefused: too much time has passed, or something has changed since.
    """
    if pending["user"] != user.pk or pending["expires"] < time.time():
        raise ConnectRefused(_("Too much time has passed since this sign-in was started. Start again."))
    account = Account.objects.filter(pk=pending["account"]).first()
    if account is None:
        raise ConnectRefused(_("The account was deleted in the meantime."))
    method = method_of(account, pending["method"])
    if method is None or account.host != pending["host"]:
        raise ConnectRefused(_("The account was changed in the meantime. Start again."))
    try:
        return account, method, vault.unseal(pending["sealed"])
    except CredentialsLost:
        raise ConnectRefused(_("The keys of this site were changed in the meantime. Start again.")) from None


@sensitive_variables()
def store(
    account: Account, method: Method, options: Mapping[str, Any], grant: Grant, identity: Identity, user
) -> Account:
    """Note who the account is and seal its credentials. What an admin chose for it stays.

    :param options: facts to keep beside those of ``identity``, which come first.
    :raises ConnectRefused: it has been somebody else before.
    """
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account.pk)
        if account.remote_id and account.remote_id != identity.remote_id:
            raise _somebody_else(account, [identity])
        known = account.status != Account.Status.NEW
        changes = {
            "status": Account.Status.CONNECTED,
            "problem": "",
            "remote_id": identity.remote_id,
            "handle": identity.handle[:255],
            # It becomes a link in the admin, and a server may say anything.
            "profile_url": web_link(identity.profile_url),
            "options": {**options, **identity.options, **choices_of(account)},
            "sealed_credentials": vault.seal({**grant.credentials, **identity.credentials}),
            "auth_method": method.name,
            "credentials_expire_at": grant.expires_at,
            "connected_at": timezone.now(),
            "connected_by": user,
            "checked_at": timezone.now(),
            # A person may post from anywhere.
            "environment": "" if isinstance(method, NoDoor) else environment.fingerprint(),
            "problem_announced": False,
            # The new access deserves a new start.
            "failures": 0,
            "blocked_until": None,
        }
        for name, value in changes.items():
            setattr(account, name, value)
        account.save(update_fields=list(changes))
        log(
            instance=account,
            action=f"wagtail_syndicate.{'reconnect' if known else 'connect'}",
            user=user,
            data={"handle": identity.handle, "method": method.name},
        )
    return account


def choices_of(account: Account) -> dict[str, Any]:
    """What an admin chose for the account (``backend.choices``), of all its options."""
    names = {choice.name for choice in account.backend_class.choices}
    return {name: value for name, value in account.options.items() if name in names}


def web_link(address: str) -> str:
    """``address`` if it can be made a link, else ""."""
    return address if WEB_ADDRESS.match(address) else ""


@sensitive_variables()
def _kept(
    account: Account,
    method: Method,
    options: Mapping[str, Any],
    grant: Grant,
    targets: Iterable[Identity],
    user,
) -> dict[str, Any]:
    secret = {
        "credentials": dict(grant.credentials),
        "expires_at": grant.expires_at.isoformat() if grant.expires_at else "",
        "options": dict(options),
        "targets": [
            {
                "remote_id": target.remote_id,
                "handle": target.handle,
                "profile_url": target.profile_url,
                "options": dict(target.options),
                "credentials": dict(target.credentials),
            }
            for target in targets
        ],
    }
    return keep(account, method, user, secret)


def _somebody_else(account: Account, offered: Iterable[Identity]) -> ConnectRefused:
    names = [identity.handle or identity.remote_id for identity in offered]
    old = account.handle or account.remote_id
    if len(names) == 1:
        sentences = _(
            "This account is %(old)s, but the access given is for %(new)s, so nothing was changed. "
            "Sign in as %(old)s, or add a new account for %(new)s."
        )
    else:
        sentences = _(
            "This account is %(old)s, but the access given is for %(new)s, so nothing was changed. "
            "Allow access to %(old)s as well, or add a new account for another."
        )
    more = ["…"] if len(names) > MOST_NAMED else []
    return ConnectRefused(sentences % {"old": old, "new": ", ".join(names[:MOST_NAMED] + more)})
