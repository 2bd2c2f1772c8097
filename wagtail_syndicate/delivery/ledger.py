"""Writing what happened. Every write names the state it expects and the fence it was made under; a write that finds
another state or fence changes nothing and stops the one who tried."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Expression, Field
from django.db.models.functions import Coalesce

from wagtail_syndicate import database, signals
from wagtail_syndicate.delivery import afterwards, lanes
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.delivery.lanes import Lane, LaneLost
from wagtail_syndicate.delivery.logs import about
from wagtail_syndicate.delivery.telling import telling
from wagtail_syndicate.exceptions import NetworkError
from wagtail_syndicate.models import Attempt, Delivery
from wagtail_syndicate.types import Receipt


logger = logging.getLogger("wagtail_syndicate.delivery")

State = Delivery.State
Change = tuple[Lane, Delivery, Mapping[str, Any]]
"""A lane that we hold, one of its deliveries, and what is to be written there."""

# Made once: rows that are given the same expression can be written together.
NOW = DatabaseNow()
FIRST_OR_NOW = Coalesce("first_sent_at", NOW)

OUTCOME = Attempt._meta.get_field("outcome").max_length


def write(lane: Lane, delivery: Delivery, expected: Mapping[str, Any] | None = None, /, **values) -> None:
    """Change a delivery that we hold the lane of, in the database and on the object.

    What the database works out, and the account, are read again when somebody asks the object for them.

    :param expected: what else must not have been changed.
    :raises LaneLost: it was changed by someone else (its state, or it has to be composed anew), or the lane is not
        ours any more.
    """
    values |= _mail(delivery, values)
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
    _tell([(delivery, values)])


def write_all(changes: Sequence[Change], also: Callable[[], None] = lambda: None) -> None:
    """Change deliveries of several lanes that we hold, one of each, in one transaction: all of them, or none.

    :param also: what else belongs into the transaction.
    :raises LaneLost: one of them was changed by someone else, or one of the lanes is not ours any more.
    """
    changes = [(lane, delivery, {**values, **_mail(delivery, values)}) for lane, delivery, values in changes]
    with transaction.atomic(durable=True):
        if not lanes.are_ours([lane for lane, _delivery, _values in changes]):
            raise LaneLost("One of the lanes was taken over.")
        alike = defaultdict(list)
        for _lane, delivery, values in changes:
            expected = (delivery.state, delivery.maybe_sent, delivery.payload is None)
            # One statement has one expression for all of its rows.
            worked_out = [(name, id(value)) for name, value in values.items() if hasattr(value, "resolve_expression")]
            alike[expected, tuple(values), tuple(worked_out)].append((delivery.pk, values))
        for ((state, maybe_sent, is_bare), *_), rows in alike.items():
            found = Delivery.objects.filter(pk__in=[pk for pk, _values in rows], state=state, maybe_sent=maybe_sent)
            changed = found.filter(payload__isnull=is_bare).update(**_merged(rows), updated_at=DatabaseNow())
            if changed != len(rows):
                raise LaneLost("One of the deliveries was changed by someone else.")
        also()
    _tell([(delivery, values) for _lane, delivery, values in changes])


def _merged(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> dict[str, Any]:
    """The values of one UPDATE that gives each of these rows its own."""
    merged = {}
    for name, first in rows[0][1].items():
        own = {pk: values[name] for pk, values in rows}
        alike = all(value is first or value == first for value in own.values())
        merged[name] = first if alike else _OfItsRow(own, Delivery._meta.get_field(name))
    return merged


class _OfItsRow(Expression):
    """Each row's own value. ``Case`` and ``When`` say the same, and take as long as all else that is done for a row.

    :param values: by primary key; plain ones.
    """

    def __init__(self, values: Mapping[int, Any], field: Field):
        super().__init__(output_field=field)
        self.values = values

    def as_sql(self, compiler, connection):
        params = []
        for pk, value in self.values.items():
            params += [pk, self.output_field.get_db_prep_save(value, connection)]
        column = connection.ops.quote_name(Delivery._meta.pk.column)
        return f"CASE {column} {'WHEN %s THEN %s ' * len(self.values)}END", params


def _mail(delivery: Delivery, values: Mapping[str, Any]) -> dict[str, Any]:
    if "state" not in values:
        return {}
    # Not by ``get``: what the database worked out would be read for nothing.
    reason = values["reason"] if "reason" in values else delivery.reason
    due_at = values["due_at"] if "due_at" in values else delivery.due_at
    return telling(values["state"], reason, due_at)


def _tell(written: Sequence[tuple[Delivery, Mapping[str, Any]]]) -> None:
    """Make these objects what their rows are now, and tell who listens."""
    changes = []
    for delivery, values in written:
        before = delivery.state
        _note(delivery, {**values, "updated_at": DatabaseNow()})
        if delivery.state != before:
            logger.info("Delivery %s: %s, was %s", delivery.pk, delivery.state, before, extra=about(delivery))
            changes.append((delivery, before))
    if changes:
        # At once, unless a transaction is open: a receiver must not be able to break the intent.
        transaction.on_commit(partial(signals.announce, changes))


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
        write(lane, delivery, **_intent(lane, delivery))
        attempt = Attempt.objects.create(delivery=delivery, fence=lane.fence)
    lane.check_margin()
    return attempt


def intend_all(composed: Sequence[tuple[Lane, Delivery, Mapping[str, Any]]]) -> list[Attempt]:
    """As :func:`intend`, for several lanes at once: all of them, or none.

    :param composed: each with what was composed for it, if anything: the same names of values.
    :returns: the attempts, in the same order.
    """
    attempts = [Attempt(delivery=delivery, fence=lane.fence) for lane, delivery, _values in composed]
    for lane, _delivery, _values in composed:
        lane.check_margin()
    write_all(
        [(lane, delivery, {**_intent(lane, delivery), **values}) for lane, delivery, values in composed],
        also=lambda: Attempt.objects.bulk_create(attempts),
    )
    return attempts


def _intent(lane: Lane, delivery: Delivery) -> dict[str, Any]:
    return {
        "state": State.SENDING,
        "maybe_sent": True,
        "fence": lane.fence,
        "reason": "",
        "detail": "",
        "due_at": None,
        "attempts_made": delivery.attempts_made + 1,
        "first_sent_at": FIRST_OR_NOW,
    }


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
    write(lane, delivery, **_there(delivery, receipt))


def sent_all(landed: Sequence[tuple[Lane, Delivery, Attempt, Receipt]], also: Callable[[], None]) -> None:
    """As :func:`finish` and :func:`sent`, for several lanes at once: all of them, or none."""

    def finish_all():
        Attempt.objects.filter(pk__in=[attempt.pk for _lane, _delivery, attempt, _receipt in landed]).update(
            outcome="Sent", finished_at=DatabaseNow()
        )
        also()

    write_all(
        [(lane, delivery, _there(delivery, receipt)) for lane, delivery, _attempt, receipt in landed], also=finish_all
    )


def _there(delivery: Delivery, receipt: Receipt) -> dict[str, Any]:
    return {
        "state": State.SENT,
        **afterwards.now_that_it_is_there(afterwards.can_delete(delivery)),
        "detail": "",
        "notice": receipt.notice or delivery.notice,
        "remote_id": receipt.remote_id[:255],
        "permalink": receipt.permalink if is_link(receipt.permalink) else "",
        "sent_at": NOW,
    }


def is_link(permalink: str) -> bool:
    """Whether it is an address that can be kept and followed."""
    return permalink.startswith(("https://", "http://")) and len(permalink) <= 500


def rest(lane: Lane, delivery: Delivery, state: str, reason: str, detail: str = "") -> None:
    """The delivery ends here, or waits for a person."""
    write(lane, delivery, state=state, reason=reason, detail=detail[:1000], due_at=None)
