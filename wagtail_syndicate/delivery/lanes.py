"""The account is the lane: whoever holds it sends for that account, one post at a time and in order.

A lane is claimed by one atomic UPDATE that raises its fence. Every later write of the holder names that fence, so a
holder whose lease ran out and was taken over changes nothing any more.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Exists, F, Min, OuterRef, Q

from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.exceptions import SyndicateError
from wagtail_syndicate.models import Account, Delivery


LEASE = 120.0  # seconds; an answer may take 20, preparing pictures some more
MARGIN = 45.0  # seconds that must be left of a lease when the irreversible call begins

NEIGHBOURS_LATER = 5.0  # seconds

State = Delivery.State


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
    return Q(state__in=(State.WAITING, State.UNKNOWN, State.SENT), due_at__lte=now) | Q(state=State.SENDING)


def free(prefix: str = "") -> Q:
    """The condition for accounts that nobody holds, that may be used, and that are not told to wait."""
    now = DatabaseNow()
    return (
        (Q(**{f"{prefix}lease_until": None}) | Q(**{f"{prefix}lease_until__lte": now}))
        & (Q(**{f"{prefix}blocked_until": None}) | Q(**{f"{prefix}blocked_until__lte": now}))
        & (Q(**{f"{prefix}status": Account.Status.CONNECTED}) | Q(**{f"{prefix}by_hand": True}))
    )


def due_accounts(limit: int = 64) -> list[int]:
    """Primary keys of accounts that have something due and that nobody works for, the longest waiting first."""
    return list(
        Delivery.objects.filter(due())
        .filter(free("account__"))
        .values("account_id")
        .annotate(oldest=Min("due_at"))
        .order_by("oldest", "account_id")
        .values_list("account_id", flat=True)[:limit]
    )


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


def renew(lane: Lane) -> None:
    """Lengthen the lease for the next delivery.

    :raises LaneLost: it is no longer ours.
    """
    began = time.monotonic()
    renewed = Account.objects.filter(pk=lane.account_id, fence=lane.fence).update(
        lease_until=DatabaseNow() + timedelta(seconds=LEASE)
    )
    if not renewed:
        raise LaneLost(f"The lane of account {lane.account_id} was taken over.")
    lane.until = began + LEASE


def release(lane: Lane) -> None:
    """Give the lane back."""
    Account.objects.filter(pk=lane.account_id, fence=lane.fence).update(lease_until=None)


def block(lane: Lane, seconds: float) -> None:
    """Send nothing for the account for a while: its network asked for that, or cannot be reached."""
    Account.objects.filter(pk=lane.account_id, fence=lane.fence).update(
        blocked_until=DatabaseNow() + timedelta(seconds=seconds), failures=F("failures") + 1
    )


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
    Account.objects.filter(pk=lane.account_id, fence=lane.fence).update(
        blocked_until=DatabaseNow() + timedelta(seconds=seconds)
    )


def succeeded(lane: Lane) -> None:
    """The network works: the next failure waits for a short time only."""
    Account.objects.filter(pk=lane.account_id, fence=lane.fence).exclude(failures=0, blocked_until=None).update(
        failures=0, blocked_until=None
    )
