"""Access that can be renewed only while it is alive: done in time, whether or not anybody publishes."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from wagtail_syndicate import conf, database
from wagtail_syndicate.accounts.environment import at_home
from wagtail_syndicate.accounts.refresh import mark_broken, renew_early
from wagtail_syndicate.backends import registry
from wagtail_syndicate.exceptions import AccountProblem, ConfigurationError, CredentialsLost
from wagtail_syndicate.models import Account


logger = logging.getLogger("wagtail_syndicate.accounts")

# Networks that renew less early give new access also after the old one has ended, when somebody publishes.
LONG = timedelta(days=1)
MOST = 10  # renewals in one go, so that posts do not wait for long


def renew_due(most: int = MOST) -> int:
    """Renew the access of accounts whose networks want that days before it ends (``renew_early``).

    Any number of processes may do it at the same time. A network that fails is not asked again in this go, and for
    this account not within the next hour; failures are logged, not raised.

    In a dry run, and for accounts that are not at home here, none is asked.

    :param most: how many times networks are asked.
    :returns: how many accounts have new access.
    """
    renewed, asked, failed = 0, 0, set()
    for account in _due():
        if asked >= most:
            break
        if account.network in failed:
            continue
        try:
            done = renew_early(account)
        except CredentialsLost:
            mark_broken(account, "lost_credentials")
        except AccountProblem:
            asked += 1  # a case for an admin, and marked so; its network works
        except database.AWAY:
            raise
        except Exception as error:
            asked += 1
            failed.add(account.network)
            logger.warning("The access of account %s was not renewed: %s", account.pk, type(error).__name__)
        else:
            asked, renewed = asked + done, renewed + done
    return renewed


def _due() -> list[Account]:
    if conf.is_dry_run():
        return []
    connected = Account.objects.filter(at_home(), status=Account.Status.CONNECTED)
    networks = connected.filter(credentials_expire_at__isnull=False).order_by().values_list("network", flat=True)
    due = Q()
    for name in networks.distinct():
        try:
            early = registry.get(name).renew_early
        except ConfigurationError:
            continue
        if early >= LONG:
            due |= Q(network=name, credentials_expire_at__lte=timezone.now() + early)
    return list(connected.filter(due).order_by("credentials_expire_at", "pk")) if due else []
