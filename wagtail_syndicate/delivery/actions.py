"""What a person may do with a delivery. Each is one conditional UPDATE: a double click, or a worker that was quicker,
changes nothing twice."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from wagtail_syndicate import conf
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.keys import new_key
from wagtail_syndicate.models import Attempt, Delivery


State = Delivery.State

# What may be done in which state.
ALLOWED = {
    State.WAITING: ("cancel",),
    State.FAILED: ("retry",),
    State.MISSED: ("retry",),
    State.CANCELLED: ("retry",),
    State.REHEARSED: ("retry",),
    State.UNKNOWN: ("confirm", "send_again"),
    State.ASSISTED: ("mark_posted", "cancel"),
}


def allowed(delivery: Delivery) -> tuple[str, ...]:
    """The names of the actions that make sense for this delivery now."""
    if delivery.account_id is None:
        return tuple(name for name in ALLOWED.get(delivery.state, ()) if name in ("confirm", "mark_posted", "cancel"))
    if delivery.state == State.CANCELLED and delivery.was_never_sent:
        return ()  # the page itself was changed; publishing it again decides
    return ALLOWED.get(delivery.state, ())


def retry(delivery: Delivery, user=None) -> bool:
    """Send a failed, missed, cancelled or rehearsed delivery after all; page and wording are as last published.

    :returns: whether it is waiting now; ``False`` when its state had changed meanwhile.
    """
    # What was cancelled because the page changed is for the next publication to decide.
    by_person = {"reason": "cancelled"} if delivery.state == State.CANCELLED else None
    return _change(
        delivery,
        (delivery.state,) if "retry" in ALLOWED.get(delivery.state, ()) else (),
        user,
        "retry",
        only=by_person,
        **_afresh(),
        maybe_sent=False,
        attempts_made=0,
    )


def confirm(delivery: Delivery, user=None, permalink: str = "") -> bool:
    """A person has looked: an unknown post is there."""
    return _change(delivery, (State.UNKNOWN,), user, "confirm", **_posted(permalink))


def send_again(delivery: Delivery, user=None) -> bool:
    """A person has looked: an unknown post is not there. It is sent anew, under a new key."""
    return _change(
        delivery,
        (State.UNKNOWN,),
        user,
        "send_again",
        **_afresh(),
        maybe_sent=False,
        key=new_key(),
        first_sent_at=None,
        looks=0,
        looked_at=None,
    )


def mark_posted(delivery: Delivery, user=None, permalink: str = "") -> bool:
    """A person has posted an assisted delivery."""
    return _change(delivery, (State.ASSISTED,), user, "mark_posted", **_posted(permalink))


def cancel(delivery: Delivery, user=None) -> bool:
    """Do not send what has not left."""
    return _change(
        delivery,
        (State.WAITING, State.ASSISTED),
        user,
        "cancel",
        only={"maybe_sent": False},
        state=State.CANCELLED,
        reason="cancelled",
        detail="",
        due_at=None,
    )


ACTIONS = {
    "retry": retry,
    "confirm": confirm,
    "send_again": send_again,
    "mark_posted": mark_posted,
    "cancel": cancel,
}
WITH_PERMALINK = ("confirm", "mark_posted")


def _afresh() -> dict:
    now = DatabaseNow()
    return {
        "state": State.WAITING,
        "reason": "",
        "detail": "",
        "notice": "",
        "payload": None,
        "due_at": now,
        "expires_at": now + timedelta(seconds=conf.get("WINDOW")),
    }


def _posted(permalink: str) -> dict:
    return {
        "state": State.POSTED,
        "reason": "",
        "detail": "",
        "permalink": permalink,
        "due_at": None,
        "sent_at": DatabaseNow(),
    }


@transaction.atomic
def _change(delivery: Delivery, states, user, what: str, only=None, **values) -> bool:
    changed = Delivery.objects.filter(pk=delivery.pk, state__in=states, **(only or {})).update(
        **values, updated_at=DatabaseNow()
    )
    if changed:
        Attempt.objects.create(
            delivery=delivery, kind=Attempt.Kind.PERSON, outcome=what, user=user, finished_at=DatabaseNow()
        )
    delivery.refresh_from_db()
    return bool(changed)
