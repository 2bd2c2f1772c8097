"""Access that stays fresh: renewed once, by one process at a time, and stored before it is used.

Refresh tokens are good for one use on some networks (X; staff, 2026-07), and a second try with the same one ends the
access for good. So whoever renews first marks the stored credentials, with the database as referee, and the others
wait for the result. No transaction stays open while the network is asked: it would hold up the account's lane, and on
SQLite the whole site.

A network's backend may have a way of its own (``renew``); else there is OAuth 2.0's refresh token.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NoReturn

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from wagtail.log_actions import log

from wagtail_syndicate import conf, database
from wagtail_syndicate.accounts import environment, oauth2, vault
from wagtail_syndicate.accounts.connection import REFRESHING_UNTIL, RESTING_UNTIL, backend_of, method_of
from wagtail_syndicate.backends.auth import OAuth2
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.rehearsal import rehearsing
from wagtail_syndicate.exceptions import AccountProblem, CredentialsLost, NetworkError, NotSent, TokenExpired
from wagtail_syndicate.models import Account
from wagtail_syndicate.models.clock import DatabaseNow
from wagtail_syndicate.types import Grant


logger = logging.getLogger("wagtail_syndicate.accounts")

NEEDED = timedelta(seconds=60)  # access that lasts as long is good for a post
CLAIM_SECONDS = 60.0  # longer than the two requests that renewing may take (backends.http)
MARGIN_SECONDS = 45.0  # that must be left of a claim when the network is asked
PATIENCE_SECONDS = 30.0  # for somebody else who is renewing
LOOK_SECONDS = 0.2
REST_SECONDS = 3600.0  # between two tries while there is time
STORED = ("sealed_credentials", "credentials_expire_at", "status", "problem", "auth_method", "host", "environment")

Renewal = Callable[[BaseBackend], Grant]


@sensitive_variables()
def fresh_backend(account: Account, force: bool = False) -> BaseBackend:
    """The account's backend, with access that lasts for another minute at least where the network makes that possible.

    Call it outside of transactions: new access has to be committed before it is used. In a dry run nothing is renewed,
    and the backend writes its requests down instead of sending them.

    :param account: is brought up to date with what is stored.
    :param force: renew even so, because the network just said that the access is too old.
    :raises AccountProblem: the account has to be connected again, and is marked so; or it is not connected.
    :raises AwayFromHome: it was connected on another site.
    :raises NotSent: the network could not be asked for new access; try later.
    :raises CredentialsLost: the stored credentials cannot be read with this site's keys.
    """
    _check_status(account)
    if conf.is_dry_run():
        return rehearsing(backend_of(account))
    if force or _ends_within(account, NEEDED):
        environment.require_home(account)
        stored = vault.unseal(account.sealed_credentials)
        if renewal := _renewal(account, stored):
            return _renewed(account, renewal, stored)
        if force or _ends_within(account, timedelta()):
            _give_up(account, "expired_token")
    else:
        try:
            renew_early(account)
        except (AccountProblem, *database.AWAY):
            raise
        except Exception as error:  # the access is still good, so nothing is held up
            logger.warning("The access of account %s was not renewed: %s", account.pk, type(error).__name__)
    return backend_of(account)


def is_lasting(account: Account) -> bool:
    """Whether the access is good for a post, and nobody has to be asked for new access."""
    early = max(NEEDED, account.backend_class.renew_early)
    return account.status == Account.Status.CONNECTED and not _ends_within(account, early)


@sensitive_variables()
def renew_early(account: Account) -> bool:
    """Renew access that is due by its network's ``renew_early``, though it may still be good for a while.

    Nobody waits here: what another process is renewing is left to it, and so is for an hour what failed.

    :returns: whether it was renewed; never in a dry run.
    :raises AccountProblem: it cannot be renewed any more, and the account is marked so; or it is not connected.
    :raises AwayFromHome: it is due, and was connected on another site.
    :raises NetworkError: the network could not be asked, or refused.
    :raises CredentialsLost: as :func:`fresh_backend`.
    """
    _check_status(account)
    if conf.is_dry_run() or not _ends_within(account, account.backend_class.renew_early):
        return False
    environment.require_home(account)
    stored = vault.unseal(account.sealed_credentials)
    renewal = _renewal(account, stored)
    if renewal is None or stored.get(RESTING_UNTIL, 0) > time.time() or not _claim(account, stored):
        return False
    try:
        _ask(account, renewal, stored)
    except (AccountProblem, *database.AWAY):
        raise
    except Exception as error:
        wait = max(REST_SECONDS, getattr(error, "retry_after", None) or 0.0)
        resting = {**_unclaimed(stored), RESTING_UNTIL: time.time() + wait}
        _replace(account, resting, account.credentials_expire_at)
        raise
    return True


@sensitive_variables()
def renews_itself(account: Account) -> bool:
    """Whether software sees to it that access does not end; otherwise a person has to connect the account again."""
    try:
        return _renewal(account, vault.unseal(account.sealed_credentials)) is not None
    except CredentialsLost:
        return False


def mark_broken(account: Account, reason: str) -> None:
    """Note that the account has to be connected again, unless that was done since ``account`` was read.

    :param reason: key into ``reasons.REASONS``.
    """
    database.insist(_mark_broken, account, reason)


def _mark_broken(account: Account, reason: str) -> None:
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
def _renewal(account: Account, stored: Mapping[str, Any]) -> Renewal | None:
    """How the account's access is renewed; ``None`` when only a person can."""
    if account.backend_class.offers("renew"):
        return lambda backend: backend.renew()
    method = method_of(account)
    if isinstance(method, OAuth2) and method.refresh and (token := stored.get("refresh_token")):
        return lambda backend: oauth2.refresh(backend, method, token)
    return None


@sensitive_variables()
def _renewed(account: Account, renewal: Renewal, used: Mapping[str, Any]) -> BaseBackend:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    stored, ended = dict(used), account.credentials_expire_at
    while not _claim(account, stored):
        if time.monotonic() > give_up_at:
            raise NotSent("network_busy", "another process is renewing the access")
        time.sleep(LOOK_SECONDS)
        account.refresh_from_db(fields=STORED)
        _check_status(account)
        stored = vault.unseal(account.sealed_credentials)
        if _unclaimed(stored) != _unclaimed(used) or account.credentials_expire_at != ended:
            return backend_of(account)
    try:
        _ask(account, renewal, stored)
    except AccountProblem:
        raise
    except database.AWAY:
        raise  # the claim ends by itself
    except BaseException:
        _replace(account, _unclaimed(stored), account.credentials_expire_at)
        raise
    return backend_of(account)


@sensitive_variables()
def _ask(account: Account, renewal: Renewal, stored: Mapping[str, Any]) -> None:
    """Ask for new access and store it. The account is claimed.

    :raises NotSent: nobody was asked, because this process stood still for so long that another may be asking now.
    """
    backend = backend_of(account)
    if _seconds_left(account) < MARGIN_SECONDS:
        raise NotSent("network_busy", "too little time is left to renew the access")
    try:
        grant = renewal(backend)
    except AccountProblem as error:
        _give_up(account, error.reason, error)
    # What a network leaves empty it does not replace: a refresh token that is not mentioned stays good.
    given = {name: value for name, value in grant.credentials.items() if value not in ("", None)}
    _replace(account, {**_unclaimed(stored), **given}, grant.expires_at)


def _unclaimed(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in stored.items() if name not in (REFRESHING_UNTIL, RESTING_UNTIL)}


@sensitive_variables()
def _claim(account: Account, stored: Mapping[str, Any]) -> bool:
    now = _now(account)
    # A mark further ahead than any can be was made before the clock was set back.
    if now < stored.get(REFRESHING_UNTIL, 0) <= now + CLAIM_SECONDS:
        return False
    return _replace(account, {**stored, REFRESHING_UNTIL: now + CLAIM_SECONDS}, account.credentials_expire_at)


def _now(account: Account) -> float:
    """Seconds since the epoch by the database's clock: those of two machines may differ by more than a claim."""
    now = Account.objects.filter(pk=account.pk).annotate(now=DatabaseNow()).values_list("now", flat=True).first()
    return now.timestamp() if now else time.time()


@sensitive_variables()
def _seconds_left(account: Account) -> float:
    """How long our claim still keeps others away."""
    return vault.unseal(account.sealed_credentials).get(REFRESHING_UNTIL, 0) - _now(account)


@sensitive_variables()
def _replace(account: Account, credentials: Mapping[str, Any], expires_at) -> bool:
    """Store credentials, unless others have been stored since ``account`` was read; then it is read again."""
    sealed = vault.seal(credentials)
    # A refresh token may be used up by now: what came for it must not be lost with a connection.
    if database.insist(_swap, account, sealed, expires_at):
        account.sealed_credentials, account.credentials_expire_at = sealed, expires_at
        return True
    account.refresh_from_db(fields=STORED)
    return account.sealed_credentials == sealed  # sealed anew each time: the same is ours, stored without an answer


def _swap(account: Account, sealed: str, expires_at) -> int:
    with transaction.atomic(durable=True):
        return Account.objects.filter(pk=account.pk, sealed_credentials=account.sealed_credentials).update(
            sealed_credentials=sealed, credentials_expire_at=expires_at
        )


def _check_status(account: Account) -> None:
    if account.status != Account.Status.CONNECTED:
        raise AccountProblem(account.problem or "not_connected")


def _ends_within(account: Account, time_left: timedelta) -> bool:
    return account.credentials_expire_at is not None and account.credentials_expire_at <= timezone.now() + time_left


def _give_up(account: Account, reason: str, cause: AccountProblem | None = None) -> NoReturn:
    mark_broken(account, reason)
    raise AccountProblem(reason, cause.detail if cause else "", cause.status if cause else None) from None
