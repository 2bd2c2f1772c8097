"""Does the access still work? Asked by an admin; posts nothing."""

from __future__ import annotations

from django.utils.translation import gettext as _

from wagtail_syndicate.accounts.connection import backend_of
from wagtail_syndicate.accounts.problems import ConnectRefused
from wagtail_syndicate.accounts.refresh import fresh_backend, mark_broken
from wagtail_syndicate.exceptions import AccountProblem, CredentialsLost, TokenExpired
from wagtail_syndicate.models import Account
from wagtail_syndicate.types import Identity


def check(account: Account) -> Identity:
    """Ask the network whose credentials these are, and note it on the account when they no longer work, or do again.

    :raises NetworkError: the network does not accept them, or cannot be asked.
    :raises ConnectRefused: they are somebody else's.
    """
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
    if account.status == Account.Status.RECONNECT:
        Account.objects.filter(pk=account.pk, sealed_credentials=account.sealed_credentials).update(
            status=Account.Status.CONNECTED, problem=""
        )
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
