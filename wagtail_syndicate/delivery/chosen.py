"""What an editor chose for a tick, put on its delivery: words, picture, time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, F, Value, When
from django.utils import timezone

from wagtail_syndicate import conf
from wagtail_syndicate.delivery import schedule
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.models import Account, Delivery, Target, targets_of
from wagtail_syndicate.models.target import CHOSEN, NEXT_SLOT


State = Delivery.State

SCHEDULED = "scheduled"
"""The reason of a delivery that waits for its time, and for nothing else."""


def give(delivery: Delivery, target: Target, dates: Mapping[str, Any] | None = None) -> Delivery:
    """Set what was chosen, and when it is due; on the object only."""
    for name in CHOSEN:
        setattr(delivery, name, getattr(target, name))
    for name, value in (dates or {}).items():
        setattr(delivery, name, value)
    return delivery


def target_of(delivery: Delivery, page) -> Target:
    """What is ticked for the account in the page that is live; what the delivery itself was made with where it is not
    ticked any more."""
    found = [target for target in targets_of(page) if target.account_id == delivery.account_id]
    return found[0] if found else Target(delivery.account_id, delivery.wording, delivery.image, delivery.alt)


def each(deliveries: list[Delivery], names: Iterable[str]) -> dict[str, Any]:
    """For an UPDATE of many rows in one statement: the fields of ``names``, for every row its own value."""
    return {name: _own(deliveries, name) for name in names}


def _own(deliveries: list[Delivery], name: str) -> Any:
    field = Delivery._meta.get_field(name)
    values = [getattr(delivery, field.attname) for delivery in deliveries]
    if all(value == values[0] for value in values):
        return values[0]
    field = getattr(field, "target_field", field)
    return Case(
        *(
            When(pk=delivery.pk, then=value if hasattr(value, "resolve_expression") else Value(value, field))
            for delivery, value in zip(deliveries, values, strict=True)
        ),
        default=F(name),
        output_field=field,
    )


class Dates:
    """When the posts of one publication are due. Asks for the posting times that are taken, of all accounts at once.

    :param expires_at: when posts that are due at once will be too late; a ``WINDOW`` from now if ``None``.
    """

    def __init__(self, page, accounts: list[Account], targets: Mapping[int, Target], expires_at=None):
        self.targets, self.expires_at = targets, expires_at
        self.window = timedelta(seconds=conf.get("WINDOW"))
        self.now = timezone.now()
        self.published_at = page.last_published_at or self.now
        self.taken = taken_slots([account.pk for account in accounts if targets[account.pk].when == NEXT_SLOT])

    def of(self, account: Account, delivery: Delivery | None = None) -> dict[str, Any]:
        """``due_at``, ``expires_at`` and ``reason`` of the delivery to an account.

        :param delivery: the one that is waiting already. It keeps its time while the same is chosen for it: a
            publication that corrects the page does not begin to count anew.
        """
        when = self.targets[account.pk].when
        moment = self.published_at
        if when and delivery is not None and delivery.when == when:
            moment = delivery.due_at or moment
        elif when:
            # A publication may be planned late; a posting time must still be ahead.
            after = max(self.published_at, self.now) if when == NEXT_SLOT else self.published_at
            moment = schedule.due_at(when, account, after, self.taken[account.pk])
            self.taken[account.pk].add(moment)
        return due(moment, self.now, self.expires_at or DatabaseNow() + self.window, self.window)


def due(moment: datetime, now: datetime, expires_at, window: timedelta) -> dict[str, Any]:
    """The values of a delivery that is due at ``moment``: at once when that is not ahead."""
    if moment <= now:
        return {"due_at": DatabaseNow(), "expires_at": expires_at, "reason": ""}
    return {"due_at": moment, "expires_at": moment + window, "reason": SCHEDULED}


def its_time() -> Case:
    """For an UPDATE: the reason of a delivery that waits for nothing but its time, "" when that has come."""
    return Case(When(due_at__gt=DatabaseNow(), then=Value(SCHEDULED)), default=Value(""))


def taken_slots(account_ids: list[int], lock: bool = True) -> defaultdict[int, set[datetime]]:
    """Moments at which these accounts have something to post already.

    :param lock: whether to lock their rows until the transaction ends, so that two publications do not take the same
        posting time.
    """
    taken: defaultdict[int, set[datetime]] = defaultdict(set)
    if account_ids and lock:
        list(Account.objects.select_for_update().filter(pk__in=account_ids).order_by("pk").values_list("pk"))
    if account_ids:
        ahead = Delivery.objects.filter(
            account__in=account_ids, state__in=(State.WAITING, State.APPROVAL), due_at__gt=DatabaseNow()
        )
        for account_id, moment in ahead.values_list("account_id", "due_at"):
            taken[account_id].add(moment)
    return taken
