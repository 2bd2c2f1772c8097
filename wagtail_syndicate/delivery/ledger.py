"""Writing what happened. Every write names the state it expects and the fence it was made under; a write that finds
another state or fence changes nothing and stops the one who tried."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.functions import Coalesce

from wagtail_syndicate import database, signals
from wagtail_syndicate.delivery import afterwards
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.delivery.lanes import Lane, LaneLost
from wagtail_syndicate.delivery.logs import about
from wagtail_syndicate.delivery.telling import telling
from wagtail_syndicate.exceptions import NetworkError
from wagtail_syndicate.models import Attempt, Delivery
from wagtail_syndicate.types import Receipt


logger = logging.getLogger("wagtail_syndicate.delivery")

State = Delivery.State
OUTCOME = Attempt._meta.get_field("outcome").max_length


def write(lane: Lane, delivery: Delivery, expected: Mapping[str, Any] | None = None, /, **values) -> None:
    """Change a delivery that we hold the lane of, in the database and on the object.

    What the database works out, and the account, are read again when somebody asks the object for them.

    :param expected: what else must not have been changed.
    :raises LaneLost: it was changed by someone else (its state, or it has to be composed anew), or the lane is not
        ours any more.
    """
    if "state" in values:
        reason = values["reason"] if "reason" in values else delivery.reason
        due_at = values["due_at"] if "due_at" in values else delivery.due_at
        values |= telling(values["state"], reason, due_at)
    tries = 0

    def update() -> int:
        nonlocal tries
        tries += 1
        return (
            Delivery.objects.filter(
                pk=delivery.pk, state=delivery.state, maybe_sent=delivery.maybe_sent, **(expected or {})
            )
            .filter(payload__isnull=delivery.payload is None)
            .filter(lane.is_ours())
            .update(**values, updated_at=DatabaseNow())
        )

    if not database.insist(update) and not (tries > 1 and _is_written(lane, delivery, {**(expected or {}), **values})):
        raise LaneLost(f"Delivery {delivery.pk} was changed by someone else.")
    before = delivery.state
    _note(delivery, {**values, "updated_at": DatabaseNow()})
    if delivery.state != before:
        logger.info("Delivery %s: %s, was %s", delivery.pk, delivery.state, before, extra=about(delivery))
        # At once, unless a transaction is open: a receiver must not be able to break the intent.
        transaction.on_commit(partial(signals.announce, delivery, before))


def _note(delivery: Delivery, values: Mapping[str, Any]) -> None:
    """Make the object what the row is now; half of the queries of a delivery would only read back what was written."""
    for name, value in values.items():
        if hasattr(value, "resolve_expression"):
            delivery.__dict__.pop(name, None)  # Django reads it when it is asked for
        else:
            setattr(delivery, name, value)
    delivery._state.fields_cache.pop("account", None)


def _is_written(lane: Lane, delivery: Delivery, values: dict) -> bool:
    """Whether an update whose answer was lost with the connection had been made.

    :param values: what was to be written, and what must have stayed as it was.
    """
    plain = {name: value for name, value in values.items() if not hasattr(value, "resolve_expression")}
    written = Delivery.objects.filter(pk=delivery.pk, **plain).filter(lane.is_ours())
    return database.insist(written.exists)


def intend(lane: Lane, delivery: Delivery) -> Attempt:
    """Commit "about to send" before the first byte leaves: from here on a crash means "unknown", never "not sent".

    :raises LaneLost: somebody else has the delivery now, or too little of the lease is left.
    """
    lane.check_margin()
    with transaction.atomic(durable=True):
        write(
            lane,
            delivery,
            state=State.SENDING,
            maybe_sent=True,
            fence=lane.fence,
            reason="",
            detail="",
            due_at=None,
            attempts_made=delivery.attempts_made + 1,
            first_sent_at=Coalesce("first_sent_at", DatabaseNow()),
        )
        attempt = Attempt.objects.create(delivery=delivery, fence=lane.fence)
    lane.check_margin()
    return attempt


def begin(lane: Lane, delivery: Delivery, kind: str) -> Attempt:
    """Commit that a post which is there is about to be changed or deleted.

    :raises LaneLost: somebody else has the delivery now, nobody wishes it any more, or the lease is too short.
    """
    lane.check_margin()
    with transaction.atomic(durable=True):
        write(lane, delivery, {"wish": delivery.wish}, fence=lane.fence, attempts_made=delivery.attempts_made + 1)
        attempt = Attempt.objects.create(delivery=delivery, kind=kind, fence=lane.fence)
    lane.check_margin()
    return attempt


def finish(attempt: Attempt, outcome: str, error: NetworkError | None = None) -> None:
    """Complete the record of one try."""
    attempt.outcome = outcome[:OUTCOME]
    if error is not None:
        attempt.reason, attempt.detail, attempt.status_code = error.reason, error.detail[:1000], error.status
    database.insist(
        Attempt.objects.filter(pk=attempt.pk).update,
        outcome=attempt.outcome,
        reason=attempt.reason,
        detail=attempt.detail,
        status_code=attempt.status_code,
        finished_at=DatabaseNow(),
    )


def note(lane: Lane, delivery: Delivery, error: NetworkError) -> None:
    """Keep the record of a try that ended before the irreversible call, at a refresh or an upload."""
    write(lane, delivery, attempts_made=delivery.attempts_made + 1)
    finish(Attempt.objects.create(delivery=delivery, fence=lane.fence), type(error).__name__, error)


def sent(lane: Lane, delivery: Delivery, receipt: Receipt) -> None:
    """The network has the post, and said under which id."""
    write(
        lane,
        delivery,
        state=State.SENT,
        **afterwards.now_that_it_is_there(afterwards.can_delete(delivery)),
        detail="",
        notice=receipt.notice or delivery.notice,
        remote_id=receipt.remote_id[:255],
        permalink=receipt.permalink if is_link(receipt.permalink) else "",
        sent_at=DatabaseNow(),
    )


def is_link(permalink: str) -> bool:
    """Whether it is an address that can be kept and followed."""
    return permalink.startswith(("https://", "http://")) and len(permalink) <= 500


def rest(lane: Lane, delivery: Delivery, state: str, reason: str, detail: str = "") -> None:
    """The delivery ends here, or waits for a person."""
    write(lane, delivery, state=state, reason=reason, detail=detail[:1000], due_at=None)
