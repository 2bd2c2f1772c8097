"""Does the access still work, and until when? Asking the network is an admin's wish, and posts nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from wagtail_syndicate import conf
from wagtail_syndicate.accounts import environment
from wagtail_syndicate.accounts.connection import backend_of
from wagtail_syndicate.accounts.problems import ConnectRefused
from wagtail_syndicate.accounts.refresh import fresh_backend, mark_broken, renews_itself
from wagtail_syndicate.exceptions import AccountProblem, ConfigurationError, CredentialsLost, Rehearsed, TokenExpired
from wagtail_syndicate.models import Account
from wagtail_syndicate.reasons import explain
from wagtail_syndicate.types import Identity


def ending() -> Q:
    """The condition for accounts that :func:`ends_soon` may be true for."""
    soon = timezone.now() + timedelta(days=conf.get("ANNOUNCE_DAYS"))
    return Q(status=Account.Status.CONNECTED, credentials_expire_at__lte=soon)


def access_ends(account: Account) -> datetime | None:
    """When a person has to connect the account again; ``None`` when software sees to it, or nothing expires."""
    ends = account.credentials_expire_at
    return ends if ends is not None and is_known(account) and not renews_itself(account) else None


def ends_soon(account: Account) -> datetime | None:
    """When access ends, if that is soon enough to tell people and only a person can prevent it.

    Soon is ``ANNOUNCE_DAYS``; where access does not last much longer anyway (Weibo gives ordinary apps a week), it is
    the second half of the time, and in any case the last day.
    """
    ends = access_ends(account)
    if ends is None:
        return None
    soon = timedelta(days=conf.get("ANNOUNCE_DAYS"))
    if account.connected_at:
        soon = min(soon, max((ends - account.connected_at) / 2, timedelta(days=1)))
    return ends if ends <= timezone.now() + soon else None


def problem_of(account: Account) -> str:
    """Why the account cannot be spoken for, and who must act, in the reader's language."""
    backend = account.backend_class
    return str(explain(account.problem or "not_connected", backend.label, backend.reasons))


def is_known(account: Account) -> bool:
    """Whether the site knows the account's network (still)."""
    try:
        return account.backend_class is not None
    except ConfigurationError:
        return False


def check(account: Account) -> Identity:
    """Ask the network whose credentials these are, and note it on the account when they no longer work, or do again.

    :raises NetworkError: the network does not accept them, or cannot be asked, or must not be: in a dry run, and for
        accounts that are not at home here.
    :raises ConnectRefused: they are somebody else's.
    """
    if conf.is_dry_run():
        raise Rehearsed("dry_run")
    try:
        identity = _identify(account)
    except CredentialsLost:
        mark_broken(account, "lost_credentials")
        raise AccountProblem("lost_credentials") from None
    except AccountProblem as error:
        mark_broken(account, error.reason)
        raise
    if identity.remote_id == account.remote_id:
        _keep(account, identity)
    else:
        raise ConnectRefused(
            _("The key belongs to %(new)s, not to %(old)s. Connect the account again.")
            % {"new": identity.handle or identity.remote_id, "old": account.handle or account.remote_id}
        )
    changes = environment.settle_in(account)
    if account.status == Account.Status.RECONNECT:
        changes |= {"status": Account.Status.CONNECTED, "problem": "", "problem_announced": False}
    Account.objects.filter(pk=account.pk, sealed_credentials=account.sealed_credentials).update(**changes)
    account.refresh_from_db()
    return identity


def _identify(account: Account) -> Identity:
    if account.status == Account.Status.RECONNECT:
        return backend_of(account).identify()
    try:
        return fresh_backend(account).identify()
    except TokenExpired:
        return fresh_backend(account, force=True).identify()


def _keep(account: Account, identity: Identity) -> None:
    """Keep what may have changed since the account was connected: its server's limits, what is left of its plan."""
    known = {**account.options, **identity.options}
    if known != account.options:
        Account.objects.filter(pk=account.pk).update(options=known)
        account.options = known
