"""What a bell that was never heard would have missed: the database is asked again and again what is due."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.db.models import F, Q

from wagtail_syndicate import database, signals
from wagtail_syndicate.accounts import environment, upkeep
from wagtail_syndicate.delivery import chosen, lanes, monitor, plan, probe
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.delivery.logs import about
from wagtail_syndicate.delivery.send import drain
from wagtail_syndicate.delivery.telling import telling
from wagtail_syndicate.models import Account, Delivery


logger = logging.getLogger("wagtail_syndicate.delivery")

State, Wish = Delivery.State, Delivery.Wish

SLICE = 2.0  # seconds of sending after which a sweep asks whether it is to stop
MOST = 500  # deliveries that one sweep ends, so that posts do not wait for long


def tidy() -> int:
    """End what can no longer be sent: overdue beyond its window, or left without an account.

    :returns: how many deliveries were ended.
    """
    unsent = Delivery.objects.filter(state__in=(State.WAITING, State.APPROVAL), maybe_sent=False)
    # Rows whose account is being worked for are left to the worker, which asks the same question.
    overdue = unsent.filter(expires_at__lt=DatabaseNow()).exclude(lanes.held("account__"))
    return (
        _end(unsent.filter(account=None), state=State.CANCELLED, reason="account_gone")
        + _end(overdue.filter(reason__in=probe.REASONS), state=State.FAILED)
        + _end(overdue.exclude(reason__in=probe.REASONS), state=State.MISSED, reason="missed")
        + _leave_to_people()
        + _hold_abroad()
        + _let_go()
        + _give_back_wishes()
    )


def _leave_to_people() -> int:
    """Open rows that no worker can take up, because their account is gone or cannot be used: a person has to look.

    Those of accounts that work are left to whoever takes over the lane.
    """
    usable = Q(account__status=Account.Status.CONNECTED) | Q(account__by_hand=True)
    left = Delivery.objects.filter(state=State.SENDING).exclude(usable).exclude(lanes.held("account__"))
    unasked = Delivery.objects.filter(state=State.UNKNOWN, account=None, due_at__isnull=False)
    return _end(left, state=State.UNKNOWN, reason="interrupted") + _end(unasked, reason="unclear")


def _hold_abroad() -> int:
    """Open rows of accounts that were connected on another site: they wait, and say why, until this is its home. What
    has its time still to come waits for that first.

    :returns: how many of them nobody knows about, because they came here half sent.
    """
    abroad = Q(account__in=environment.strangers().filter(by_hand=False))
    waiting = Delivery.objects.filter(state=State.WAITING)
    ahead = Q(reason=chosen.SCHEDULED, due_at__gt=DatabaseNow())
    waiting.filter(abroad).exclude(ahead | Q(reason=environment.AWAY)).update(reason=environment.AWAY, detail="")
    waiting.filter(reason=environment.AWAY).exclude(abroad).update(reason="")
    held = Q(account__lease_until__gt=DatabaseNow())
    half_sent = Delivery.objects.filter(abroad, state=State.SENDING).exclude(held)
    return _end(half_sent, state=State.UNKNOWN, reason="interrupted", due_at=DatabaseNow())


def _let_go() -> int:
    """Posts of accounts that need no approval any more wait for nobody."""
    freed = Delivery.objects.filter(state=State.APPROVAL, account__needs_approval=False)
    return _end(freed, state=State.WAITING, reason=chosen.its_time(), due_at=F("due_at"))


def _give_back_wishes() -> int:
    """Posts that were to be changed or deleted when their account was deleted: this site cannot do it any more."""
    left = Delivery.objects.filter(state=State.SENT, account=None, due_at__isnull=False)
    return _end(left.filter(wish=Wish.DELETE), wish=Wish.ASK, reason="delete_there") + _end(
        left.exclude(wish=Wish.DELETE), wish="", reason=""
    )


def _end(deliveries, **values) -> int:
    """Give these deliveries (a queryset) other values, one by one, so that whoever listens hears of each."""
    ended = 0
    values = {"due_at": None, **values}
    for delivery in deliveries[:MOST]:
        before = delivery.state
        news = telling(values.get("state", before), values.get("reason", delivery.reason), values["due_at"])
        # Asked again with the change: another sweep, a worker or a person may have been quicker.
        changes = {**values, **news, "updated_at": DatabaseNow()}
        ended += deliveries.filter(pk=delivery.pk).update(**changes)
        delivery.refresh_from_db()
        if delivery.state != before:
            logger.info("Delivery %s: %s, %s", delivery.pk, delivery.state, delivery.reason, extra=about(delivery))
            signals.announce([(delivery, before)])
    return ended


def sweep(
    budget: float = 20.0,
    stopping: Callable[[], bool] = lambda: False,
    call_help: Callable[[], None] | None = None,
) -> int:
    """Plan and tidy, send what is due, then renew access that must not end.

    Any number of sweeps at the same time do no harm.

    :param budget: seconds after which no new work is begun.
    :param stopping: asked between two slices of sending whether to come to an end.
    :param call_help: as :func:`~wagtail_syndicate.delivery.send.drain` takes it.
    :returns: how many deliveries were worked on.
    """
    _try(plan.plan_late)
    _try(tidy)
    until, worked = time.monotonic() + budget, 0
    while (left := until - time.monotonic()) > 0 and not stopping():
        done = drain(min(SLICE, left), call_help)
        worked += done
        if not done:
            break
    if not stopping():
        _try(upkeep.renew_due)
    monitor.beat()
    return worked


def _try(part: Callable[[], int]) -> None:
    """A part that fails must not keep the others from their work."""
    try:
        part()
    except Exception as error:
        logger.error("The sweep could not %s: %s", part.__name__, type(error).__name__, exc_info=True)
        database.mend()
