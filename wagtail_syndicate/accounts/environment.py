"""Where an account is at home: a copy of the database must not speak for the accounts that were copied with it.

When an account is connected, the fingerprint of this site is kept with it: the setting ``ENVIRONMENT`` and the host
name of the default site. Where the two differ, nothing is asked of the network: no post, no look, no change, no
revocation, and no renewal either, for a copy that renews a single-use token takes it away from the original.

Accounts that were connected before there were fingerprints have none. They are spoken for, and get one when the
network accepts them the next time: see :func:`settle_in`. Accounts that a person posts for have none and need none.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils import timezone
from wagtail.log_actions import log
from wagtail.models import Site

from wagtail_syndicate import conf
from wagtail_syndicate.exceptions import AwayFromHome
from wagtail_syndicate.models import Account


LENGTH = Account._meta.get_field("environment").max_length
AWAY = "away_from_home"
"""The reason that holds deliveries meanwhile."""


def fingerprint() -> str:
    """This site, as ``"production@www.example.org"``: the setting ``ENVIRONMENT`` and the default site's host name.

    The port does not count. Without a default site there is none, "": what is connected then gets one later. Takes one
    query; nothing is kept, for workers have to see a change at once.
    """
    host = Site.objects.filter(is_default_site=True).order_by().values_list("hostname", flat=True).first()
    return f"{conf.get('ENVIRONMENT') or ''}@{host.lower()}"[:LENGTH] if host else ""


def is_home(account: Account) -> bool:
    """Whether this site may speak for ``account``, as it was when ``account`` was read."""
    if (known := getattr(account, "is_at_home", None)) is not None:
        return bool(known)
    return account.environment == "" or account.environment == fingerprint()


def require_home(account: Account) -> None:
    """Stop before anything is asked of the network.

    :raises AwayFromHome: the account was connected on another site.
    """
    if account.environment and account.environment != fingerprint():
        raise AwayFromHome(AWAY)


def at_home(prefix: str = "") -> Q:
    """The condition for accounts that this site may speak for, in a query.

    :param prefix: the way to the account, ``"account__"`` for deliveries.
    """
    return Q(**{f"{prefix}environment__in": ("", fingerprint())})


def with_home(accounts: QuerySet[Account]) -> QuerySet[Account]:
    """Accounts for which :func:`is_home` is answered already: for lists."""
    return accounts.annotate(is_at_home=ExpressionWrapper(at_home(), output_field=BooleanField()))


def strangers() -> QuerySet[Account]:
    """The accounts that were connected on another site, of which this may be a copy."""
    return Account.objects.exclude(at_home())


def settle_in(account: Account) -> dict[str, object]:
    """What to note on an account that its network has just accepted: when that was, and where, if nobody knew yet.

    :returns: values for an UPDATE.
    """
    return {"checked_at": timezone.now(), **({} if account.environment else {"environment": fingerprint()})}


def move_here(accounts: QuerySet[Account], user) -> list[Account]:
    """This site is the new home of these accounts: the one way to speak for them here without connecting them again.

    Noted in the audit log, an entry for each account.

    :param accounts: those that ``user`` may manage; the ones that are at home already are passed over.
    :returns: the accounts that moved.
    """
    here, moved = fingerprint(), []
    with transaction.atomic():
        for account in accounts.exclude(at_home()).select_for_update():
            before, account.environment = account.environment, here
            account.save(update_fields=["environment"])
            data = {"before": before, "after": here}
            log(instance=account, action="wagtail_syndicate.new_home", user=user, data=data)
            moved.append(account)
    return moved
