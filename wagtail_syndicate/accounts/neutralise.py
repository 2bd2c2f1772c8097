"""Making a copy silent for good: without access it can speak to nobody, whatever its settings say."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from wagtail.log_actions import log

from wagtail_syndicate.accounts.connection import method_of
from wagtail_syndicate.backends.auth import NoDoor
from wagtail_syndicate.exceptions import ConfigurationError
from wagtail_syndicate.models import Account, OAuthApp


@dataclass(frozen=True)
class Wiped:
    """How many accounts, and how many keys of apps, this site can use no more."""

    accounts: int
    apps: int


def wipe() -> Wiped:
    """Delete the secrets of all accounts and apps on this site, and ask no network: they are the original's as well.

    Accounts without secrets (a webhook may have none) are disconnected too; those that a person posts for stay. Who an
    account is at its network stays, so that it can only be connected again as the same one. Each has a note in the
    audit log. A second time finds nothing to do.
    """
    with transaction.atomic():
        able = [account for account in Account.objects.select_for_update() if _can_speak(account)]
        Account.objects.filter(pk__in=[account.pk for account in able]).update(
            status=Account.Status.NEW,
            problem="",
            sealed_credentials="",
            credentials_expire_at=None,
            connected_at=None,
            connected_by=None,
            environment="",
            expiry_announced=None,
            problem_announced=False,
        )
        for account in able:
            log(instance=account, action="wagtail_syndicate.neutralise", data={"handle": account.handle})
        apps = OAuthApp.objects.count()
        OAuthApp.objects.all().delete()
    return Wiped(len(able), apps)


def _can_speak(account: Account) -> bool:
    if account.sealed_credentials:
        return True
    try:
        by_person = isinstance(method_of(account), NoDoor)
    except ConfigurationError:
        by_person = False
    return account.status != Account.Status.NEW and not by_person
