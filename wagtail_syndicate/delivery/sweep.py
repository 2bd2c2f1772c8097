"""What a bell that was never heard would have missed: the database is asked again and again what is due."""

from __future__ import annotations

from django.db.models import Q

from wagtail_syndicate.accounts import upkeep
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.delivery.send import drain
from wagtail_syndicate.models import Account, Delivery


State = Delivery.State


def tidy() -> int:
    """End what can no longer be sent: overdue beyond its window, or left without an account.

    :returns: how many deliveries were ended.
    """
    unsent = Delivery.objects.filter(state=State.WAITING, maybe_sent=False)
    ended = unsent.filter(account=None).update(
        state=State.CANCELLED, reason="account_gone", due_at=None, updated_at=DatabaseNow()
    )
    # Rows whose account is being worked for are left to the worker, which asks the same question.
    ended += (
        unsent.filter(expires_at__lt=DatabaseNow())
        .exclude(account__lease_until__gt=DatabaseNow())
        .update(state=State.MISSED, reason="missed", due_at=None, updated_at=DatabaseNow())
    )
    return ended + _leave_to_people()


def _leave_to_people() -> int:
    """Open rows that no worker can take up, because their account is gone or cannot be used: a person has to look.

    Those of accounts that work are left to whoever takes over the lane.
    """
    usable = Q(account__status=Account.Status.CONNECTED) | Q(account__by_hand=True)
    held = Q(account__lease_until__gt=DatabaseNow())
    left = Delivery.objects.filter(state=State.SENDING).exclude(usable).exclude(held)
    left = left.update(state=State.UNKNOWN, reason="interrupted", due_at=None, updated_at=DatabaseNow())
    unasked = Delivery.objects.filter(state=State.UNKNOWN, account=None, due_at__isnull=False)
    return left + unasked.update(reason="unclear", due_at=None, updated_at=DatabaseNow())


def sweep(budget: float = 20.0) -> int:
    """Tidy, send what is due, then renew access that must not end. Any number of sweeps at the same time do no harm.

    :param budget: seconds after which no new work is begun.
    :returns: how many deliveries were worked on.
    """
    tidy()
    worked = drain(budget)
    upkeep.renew_due()
    return worked
