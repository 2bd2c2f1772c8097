"""What waited for an account, when it can be spoken for again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q
from wagtail.models import ModelLogEntry

from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.models import Account, Delivery


State = Delivery.State

REASONS = ("reconnect", "expired_token", "not_connected", "lost_credentials", "away_from_home")
"""Why deliveries wait for a person to mend their account; a network may have more, which are told as they are."""
CONNECT = "wagtail_syndicate.connect"
LOST = ("wagtail_syndicate.reconnect_needed", "wagtail_syndicate.disconnect")
MOST = 50


@dataclass(frozen=True)
class Released:
    """``leaving``: how many posts go now. ``too_late``: those whose time had passed while the account was out of
    order; a person may still send them, each from its page."""

    leaving: int = 0
    too_late: list[Delivery] = field(default_factory=list)


def release(account: Account) -> Released:
    """Let go what waited for ``account``, which has just been connected or checked.

    What has its time still to come stays where it is. Ring the bell afterwards.
    """
    waiting = Delivery.objects.filter(
        account=account, state=State.WAITING, maybe_sent=False, due_at__lte=DatabaseNow()
    )
    over = Q(expires_at__lt=DatabaseNow())
    leaving = waiting.exclude(over).count()
    waiting.filter(reason__in=REASONS).update(reason="", detail="", updated_at=DatabaseNow())
    late = Q(pk__in=waiting.filter(over).values("pk"))
    if since := _out_of_order_since(account):
        late |= Q(state=State.MISSED, updated_at__gte=since)
    return Released(leaving, list(Delivery.objects.filter(late, account=account).order_by("pk")[:MOST]))


def _out_of_order_since(account: Account) -> datetime | None:
    """When the account stopped working, before it was connected for the last time; by its audit log."""
    entries = ModelLogEntry.objects.for_instance(account).filter(action__in=(CONNECT, *LOST))
    since = None
    for action, at in entries.order_by("-timestamp", "-pk").values_list("action", "timestamp")[:20]:
        if action in LOST:
            since = at
        elif since is not None:
            break
    return since
