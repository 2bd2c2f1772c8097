"""Making a copy silent for good: what waits here is the original's to do."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from wagtail_syndicate.delivery.afterwards import stopped, unless_open
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.models import Delivery, TargetSet


State = Delivery.State


@dataclass(frozen=True)
class Cancelled:
    """How many posts were ``waiting``; of how many it was to be found out whether they are there (``unclear``); how
    many were to be changed or deleted at their network (``wishes``); and how many publications were ``unplanned``."""

    waiting: int
    unclear: int
    wishes: int
    unplanned: int


def cancel_pending() -> Cancelled:
    """Cancel all that is to be done, and tell nobody of it by mail. A second time finds nothing to do.

    What may have left already stays unclear, and nobody looks for it any more.
    """
    quiet = {"due_at": None, "tell_at": None, "updated_at": DatabaseNow()}
    with transaction.atomic():
        waiting = Delivery.objects.filter(state__in=(State.WAITING, State.ASSISTED, State.APPROVAL), maybe_sent=False)
        cancelled = waiting.update(state=State.CANCELLED, reason="neutralised", detail="", **quiet)
        open_states = Q(state=State.SENDING) | Q(state__in=(State.UNKNOWN, State.WAITING), due_at__isnull=False)
        unclear = Delivery.objects.filter(open_states).update(state=State.UNKNOWN, reason="interrupted", **quiet)
        wishes = Delivery.objects.exclude(wish="").update(wish="", **unless_open(**stopped()))
        unplanned = TargetSet.objects.filter(plan_at__isnull=False).update(plan_at=None)
        Delivery.objects.filter(tell_at__isnull=False).update(tell_at=None)
    return Cancelled(cancelled, unclear, wishes, unplanned)
