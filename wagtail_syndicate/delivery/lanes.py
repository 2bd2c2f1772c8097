"""The account is the lane: whoever holds it sends for that account, one post at a time and in order.

A lane is claimed by one atomic UPDATE that raises its fence. Every later write of the holder names that fence, so a
holder whose lease ran out and was taken over changes nothing any more.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import (
    BooleanField,
    Case,
    Exists,
    ExpressionWrapper,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)

from wagtail_syndicate import database
from wagtail_syndicate.accounts import environment
from wagtail_syndicate.backends import rate_limits
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.exceptions import SyndicateError
from wagtail_syndicate.models import Account, Delivery


LEASE = 120.0  # seconds; an answer may take 20, preparing pictures some more
FRESH = 20.0  # seconds for which a lease is as good as new
MARGIN = 45.0  # seconds that must be left of a lease when the irreversible call begins

NEIGHBOURS_LATER = 5.0  # seconds

# No moment that lies further ahead than this is believed.
LONGEST_LEASE = 2  # times LEASE
LONGEST_BLOCK = rate_limits.MAX_WAIT + 3600.0  # seconds; a network may say how long

COMPOSE_AGAIN = 60.0  # seconds until what could not be composed for somebody to read is tried again

State = Delivery.State

TROUBLE = "site_trouble"
"""The reason of what waits because something went wrong on this site."""


class LaneLost(SyndicateError):
    """Somebody else holds the lane now, or the delivery was changed by a person: stop without a word."""


@dataclass
class Lane:
    """A lane that we hold. ``until`` is on this process's monotonic clock, which no one can set back."""

    account_id: int
    fence: int
    until: float = field(default=0.0)

    def is_ours(self):
        """An SQL condition: the account still has our fence."""
        return Exists(Account.objects.filter(pk=self.account_id, fence=self.fence))

    def check_margin(self) -> None:
        """Stop when too little of the lease is left to begin a call, say after the process was paused.

        :raises LaneLost: it is too late.
        """
        if time.monotonic() > self.until - MARGIN:
            raise LaneLost(f"The lease of account {self.account_id} is too short now.")


def due(now=None) -> Q:
    """The condition for deliveries that need someone to look at them now.

    What was sent is due only while it is to be changed or deleted.
    """
    now = now or DatabaseNow()
    # Somebody has to read a post before it may be sent: it is composed before it is due.
    rested = ~Q(reason=TROUBLE) | Q(updated_at__lte=now - timedelta(seconds=COMPOSE_AGAIN))
    unread = Q(state=State.APPROVAL, payload__isnull=True) & rested
    at_a_time = Q(state__in=(State.WAITING, State.UNKNOWN, State.SENT), due_at__lte=now)
    return at_a_time | Q(state=State.SENDING) | unread


def free(prefix: str = "") -> Q:
    """The condition for accounts that nobody holds, that may be used here, and that are not told to wait."""
    usable = Q(**{f"{prefix}status": Account.Status.CONNECTED}) & environment.at_home(prefix)
    return (
        _is_over(f"{prefix}lease_until", LONGEST_LEASE * LEASE)
        & _is_over(f"{prefix}blocked_until", LONGEST_BLOCK)
        & (usable | Q(**{f"{prefix}by_hand": True}))
    )


def held(prefix: str = "") -> Q:
    """The condition for accounts that somebody works for."""
    return ~_is_over(f"{prefix}lease_until", LONGEST_LEASE * LEASE)


def _is_over(name: str, longest: float) -> Q:
    """The condition for a moment in the column ``name`` that has passed.

    One further ahead than ``longest`` seconds was written before the database's clock was set back, and would stop the
    account for as long as that.
    """
    now = DatabaseNow()
    passed = Q(**{f"{name}__lte": now}) | Q(**{f"{name}__gt": now + timedelta(seconds=longest)})
    return Q(**{name: None}) | passed


def due_accounts(limit: int = 64, without: Collection[int] = ()) -> list[int]:
    """Primary keys of accounts that have something due and that nobody works for, the longest waiting first.

    :param without: those that are not asked for.
    """
    return list(
        Delivery.objects.filter(due())
        .filter(free("account__"))
        .exclude(account_id__in=without)
        .values("account_id")
        .annotate(oldest=Min("due_at"))
        .order_by("oldest", "account_id")
        .values_list("account_id", flat=True)[:limit]
    )


def next_of(account_id: int) -> Delivery | None:
    """The account's delivery that is to be worked on now; ``None`` when there is nothing to do. ``is_overdue`` says
    whether its window has passed.

    What was left in flight comes first, so that there is never a second one. Then what was planned first: not what is
    due first, because what had to wait goes before what came later.
    """
    due_now = Delivery.objects.filter(due(), account_id=account_id).select_related("account", "page")
    return _in_order(due_now.annotate(is_overdue=_answer(Q(expires_at__lt=DatabaseNow())))).first()


def next_of_each(account_ids: Collection[int]) -> list[Delivery]:
    """As :func:`next_of`, for several accounts at once.

    What is asked of accounts before a post (``environment.is_home``, their collection, ``Account.fits``) is read with
    them, so that more accounts are not more queries.
    """
    first = _in_order(Delivery.objects.filter(due(), account_id=OuterRef("pk"))).values("pk")[:1]
    found = environment.with_home(Account.objects.filter(pk__in=account_ids)).annotate(first=Subquery(first))
    found = found.order_by().select_related("collection").prefetch_related("locales", "sites")
    accounts = {account.pk: account for account in found}
    firsts = Delivery.objects.filter(
        pk__in=[account.first for account in found if account.first], account__in=accounts
    )
    deliveries = list(firsts.annotate(is_overdue=_answer(Q(expires_at__lt=DatabaseNow()))))
    for delivery in deliveries:
        delivery.account = accounts[delivery.account_id]
    return deliveries


def _in_order(deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
    # Not by pk alone: a database might go through all of that index.
    return deliveries.order_by(Case(When(state=State.SENDING, then=0), default=1), "created_at", "pk")


def _answer(condition: Q) -> ExpressionWrapper:
    return ExpressionWrapper(condition, output_field=BooleanField())


def claim(account_id: int) -> Lane | None:
    """Take the lane of an account; ``None`` when somebody else was quicker or there is nothing to do."""
    began = time.monotonic()
    # Read first and named in the UPDATE: read afterwards, by a process that stood still in between, it may be the
    # fence of whoever came next.
    fence = Account.objects.filter(pk=account_id).values_list("fence", flat=True).first()
    waiting = Delivery.objects.filter(due(), account_id=OuterRef("pk"))
    taken = (
        Account.objects.filter(pk=account_id, fence=fence)
        .filter(free())
        .filter(Exists(waiting))
        .update(fence=F("fence") + 1, lease_until=DatabaseNow() + timedelta(seconds=LEASE))
    )
    return Lane(account_id, fence + 1, began + LEASE) if taken else None


def claim_all(account_ids: Collection[int]) -> list[Lane]:
    """Take the lanes of these accounts, as far as nobody else has them and there is something to do; in their order.

    A database that cannot do that right now (SQLite, when another process writes) is asked one by one.
    """
    began = time.monotonic()
    waiting = Delivery.objects.filter(due(), account_id=OuterRef("pk"))
    try:
        with transaction.atomic():
            # Whoever holds one of these rows is about to take that lane, or to write under it.
            rows = _locked(account_ids, skip_locked=connection.features.has_select_for_update_skip_locked)
            fences = dict(rows.filter(free()).filter(Exists(waiting)).values_list("pk", "fence"))
            until = DatabaseNow() + timedelta(seconds=LEASE)
            Account.objects.filter(pk__in=fences).update(fence=F("fence") + 1, lease_until=until)
    except database.AWAY:
        database.mend()
        return [lane for account_id in account_ids if (lane := claim(account_id))]
    return [Lane(pk, fences[pk] + 1, began + LEASE) for pk in account_ids if pk in fences]


def are_ours(held: Sequence[Lane]) -> bool:
    """Whether all these lanes still have our fences. Ask it in the transaction that depends on it: until that ends
    nobody takes one over."""
    rows = _locked([lane.account_id for lane in held]).values_list("pk", "fence")
    return dict(rows) == {lane.account_id: lane.fence for lane in held}


def _locked(account_ids: Collection[int], **how) -> QuerySet[Account]:
    # In one order, so that two that lock several never wait for each other. SQLite has no locks of rows and needs
    # none: it refuses to write when somebody else has written since the first query of a transaction.
    no_key = connection.features.has_select_for_no_key_update
    return Account.objects.select_for_update(no_key=no_key, **how).filter(pk__in=account_ids).order_by("pk")


def keep(lane: Lane) -> None:
    """Lengthen the lease before the next delivery, unless it is as good as new.

    :raises LaneLost: it is no longer ours.
    """
    if time.monotonic() > lane.until - LEASE + FRESH:
        renew(lane)


def renew(lane: Lane) -> None:
    """Lengthen the lease, say after something that may have taken long.

    :raises LaneLost: it is no longer ours.
    """
    began = time.monotonic()
    if not _change(lane, lease_until=DatabaseNow() + timedelta(seconds=LEASE)):
        raise LaneLost(f"The lane of account {lane.account_id} was taken over.")
    lane.until = began + LEASE


def release(lane: Lane) -> None:
    """Give the lane back."""
    _change(lane, lease_until=None)


def release_all(held: Sequence[Lane]) -> None:
    """Give these lanes back."""
    if held:
        database.insist(Account.objects.filter(_is_one_of(held)).update, lease_until=None)


def stand_back(lane: Lane, seconds: float) -> None:
    """Give the lane back, and let nobody take it for a while: something is wrong here, and not with the network."""
    later = DatabaseNow() + timedelta(seconds=seconds)
    # The network may have asked for more.
    wait = Case(When(blocked_until__gt=later, then=F("blocked_until")), default=later)
    _change(lane, lease_until=None, blocked_until=wait, failures=F("failures") + 1)


def block(lane: Lane, seconds: float) -> None:
    """Send nothing for the account for a while: its network asked for that, or cannot be reached."""
    _change(lane, blocked_until=DatabaseNow() + timedelta(seconds=seconds), failures=F("failures") + 1)


def block_neighbours(account: Account, seconds: float) -> None:
    """Nobody answers at the account's network: the other accounts there wait as well, a little longer, so that one
    of them finds out for all when it is back, and workers have time for other networks.

    Each waits for others only once; then it finds out by itself.
    """
    Account.objects.filter(network=account.network, host=account.host, failures=0, blocked_until=None).exclude(
        pk=account.pk
    ).update(blocked_until=DatabaseNow() + timedelta(seconds=seconds + NEIGHBOURS_LATER))


def rest(lane: Lane, seconds: float) -> None:
    """Send nothing for the account for a while, though all is well: a limit of its network is nearly spent."""
    _change(lane, blocked_until=DatabaseNow() + timedelta(seconds=seconds))


def succeeded(lane: Lane, **noted) -> None:
    """The network works: the next failure waits for a short time only.

    :param noted: what else is known of the account now.
    """
    _change(lane, failures=0, blocked_until=None, **noted)


def succeeded_all(held: Sequence[Lane], **noted) -> None:
    """As :func:`succeeded`, in a transaction that has asked whether they are ours."""
    Account.objects.filter(pk__in=[lane.account_id for lane in held]).update(failures=0, blocked_until=None, **noted)


def _is_one_of(held: Sequence[Lane]) -> Q:
    return Q(*(Q(pk=lane.account_id, fence=lane.fence) for lane in held), _connector=Q.OR)


def _change(lane: Lane, **values) -> int:
    return database.insist(Account.objects.filter(pk=lane.account_id, fence=lane.fence).update, **values)
