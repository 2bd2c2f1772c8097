"""Access that stays fresh: refreshed once, by one process at a time, and stored before it is used.

Refresh tokens are good for one use on some networks (X; staff, 2026-07), and a second try with the same one ends the
access for good. So whoever refreshes first marks the stored credentials, with the database as referee, and the others
wait for the result. No transaction stays open while the network is asked: it would hold up the account's lane, and on
SQLite the whole site.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NoReturn

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from wagtail.log_actions import log

from wagtail_syndicate.accounts import oauth2, vault
from wagtail_syndicate.accounts.connection import REFRESHING_UNTIL, backend_of, method_of
from wagtail_syndicate.backends.auth import OAuth2
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.exceptions import AccountProblem, CredentialsLost, NetworkError, NotSent, TokenExpired
from wagtail_syndicate.models import Account


EARLY = timedelta(seconds=60)
CLAIM_SECONDS = 30.0  # longer than a request may take (backends.http)
LOOK_SECONDS = 0.2
STORED = ("sealed_credentials", "credentials_expire_at", "status", "problem", "auth_method", "host")


@sensitive_variables()
def fresh_backend(account: Account, force: bool = False) -> BaseBackend:
    """The account's backend, with access that lasts for another minute at least where the network makes that possible.

    Call it outside of transactions: a new token has to be committed before it is used.

    :param account: is brought up to date with what is stored.
    :param force: refresh even so, because the network just said that the access is too old.
    :raises AccountProblem: the account has to be connected again, and is marked so; or it is not connected.
    :raises NotSent: the network could not be asked for new access; try later.
    :raises CredentialsLost: the stored credentials cannot be read with this site's keys.
    """
    _check_status(account)
    stored = vault.unseal(account.sealed_credentials)
    if not (force or _is_due(account)):
        return backend_of(account)
    method = method_of(account)
    if not (isinstance(method, OAuth2) and method.refresh and stored.get("refresh_token")):
        if force or account.credentials_expire_at <= timezone.now():
            _give_up(account, "expired_token")
        return backend_of(account)
    return _refreshed(account, method, stored)


def mark_broken(account: Account, reason: str) -> None:
    """Note that the account has to be connected again, unless that was done since ``account`` was read.

    :param reason: key into ``reasons.REASONS``.
    """
    with transaction.atomic():
        marked = Account.objects.filter(
            pk=account.pk, sealed_credentials=account.sealed_credentials, status=Account.Status.CONNECTED
        ).update(status=Account.Status.RECONNECT, problem=reason)
        if marked:
            account.status, account.problem = Account.Status.RECONNECT, reason
            log(instance=account, action="wagtail_syndicate.reconnect_needed", data={"reason": reason})


def recover(account: Account, error: AccountProblem) -> None:
    """Do what can be done about an access that was just refused: renew what is merely too old, else ask for help.

    A network that cannot be reached for that leaves the account as it is; the next try asks again.
    """
    if not isinstance(error, TokenExpired):
        mark_broken(account, error.reason)
        return
    try:
        fresh_backend(account, force=True)
    except CredentialsLost:
        mark_broken(account, "lost_credentials")
    except NetworkError:
        pass  # it was marked, or it is for the next try


@sensitive_variables()
def _refreshed(account: Account, method: OAuth2, used: Mapping[str, Any]) -> BaseBackend:
    give_up_at = time.monotonic() + CLAIM_SECONDS
    stored = dict(used)
    while not _claim(account, stored):
        if time.monotonic() > give_up_at:
            raise NotSent("network_busy", "another process is refreshing the access")
        time.sleep(LOOK_SECONDS)
        account.refresh_from_db(fields=STORED)
        _check_status(account)
        stored = vault.unseal(account.sealed_credentials)
        if stored.get("access_token") != used.get("access_token"):
            return backend_of(account)
    stored.pop(REFRESHING_UNTIL, None)
    try:
        tokens = oauth2.refresh(backend_of(account), method, stored["refresh_token"])
    except AccountProblem as error:
        _give_up(account, error.reason, error)
    except BaseException:
        _replace(account, stored, account.credentials_expire_at)
        raise
    _replace(account, {**stored, **tokens.credentials}, tokens.expires_at)
    return backend_of(account)


@sensitive_variables()
def _claim(account: Account, stored: Mapping[str, Any]) -> bool:
    if stored.get(REFRESHING_UNTIL, 0) > time.time():
        return False
    return _replace(account, {**stored, REFRESHING_UNTIL: time.time() + CLAIM_SECONDS}, account.credentials_expire_at)


@sensitive_variables()
def _replace(account: Account, credentials: Mapping[str, Any], expires_at) -> bool:
    """Store credentials, unless others have been stored since ``account`` was read; then it is read again."""
    sealed = vault.seal(credentials)
    with transaction.atomic(durable=True):
        replaced = Account.objects.filter(pk=account.pk, sealed_credentials=account.sealed_credentials).update(
            sealed_credentials=sealed, credentials_expire_at=expires_at
        )
    if replaced:
        account.sealed_credentials, account.credentials_expire_at = sealed, expires_at
    else:
        account.refresh_from_db(fields=STORED)
    return bool(replaced)


def _check_status(account: Account) -> None:
    if account.status != Account.Status.CONNECTED:
        raise AccountProblem(account.problem or "not_connected")


def _is_due(account: Account) -> bool:
    return account.credentials_expire_at is not None and account.credentials_expire_at <= timezone.now() + EARLY


def _give_up(account: Account, reason: str, cause: AccountProblem | None = None) -> NoReturn:
    mark_broken(account, reason)
    raise AccountProblem(reason, cause.detail if cause else "", cause.status if cause else None) from None
