"""What a person may do with a delivery. Each is one conditional UPDATE: a double click, or a worker that was quicker,
changes nothing twice."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from wagtail_syndicate import conf
from wagtail_syndicate.delivery import approval, chosen, plan, schedule
from wagtail_syndicate.delivery.afterwards import FROM_PAGE, can_delete, can_edit, now_that_it_is_there, stopped
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.keys import new_key
from wagtail_syndicate.models import Attempt, Delivery
from wagtail_syndicate.models.target import NEXT_SLOT


State, Wish = Delivery.State, Delivery.Wish

# What may be done in which state; of posts that are there see ``_with_a_post``.
ALLOWED = {
    State.WAITING: ("cancel",),
    State.APPROVAL: ("approve", "reject", "cancel"),
    State.FAILED: ("retry",),
    State.MISSED: ("retry",),
    State.CANCELLED: ("retry",),
    State.REHEARSED: ("retry",),
    State.UNKNOWN: ("confirm", "send_again"),
    State.ASSISTED: ("mark_posted", "cancel"),
}
WITH_A_POST = (State.SENT, State.POSTED, State.REMOVED)


def allowed(delivery: Delivery, latest: bool = True) -> tuple[str, ...]:
    """The names of the actions that make sense for this delivery now.

    :param latest: whether it is the last of the page's deliveries to the account; only that one is shared again.
    """
    if delivery.state in WITH_A_POST:
        return tuple(_with_a_post(delivery, latest))
    if delivery.account_id is None:
        return tuple(name for name in ALLOWED.get(delivery.state, ()) if name in ("confirm", "mark_posted", "cancel"))
    if delivery.state == State.CANCELLED and delivery.was_never_sent:
        return ()  # the page itself was changed; publishing it again decides
    if delivery.state == State.APPROVAL and delivery.payload is None:
        return ("cancel",)  # there is nothing to read yet
    if delivery.state == State.WAITING and delivery.reason == chosen.SCHEDULED:
        return ("send_now", "reschedule", "cancel")
    return ALLOWED.get(delivery.state, ())


def _with_a_post(delivery: Delivery, latest: bool):
    """What may be done about a post that is, or was, there."""
    is_there = delivery.state != State.REMOVED
    if is_there and not delivery.wish and delivery.page_id and can_edit(delivery):
        yield "edit"
    if is_there and delivery.wish != Wish.DELETE and can_delete(delivery):
        yield "delete"
    if is_there and delivery.wish == Wish.ASK:
        yield "mark_removed"
    if is_there and delivery.wish:
        yield "keep"
    if latest and not delivery.wish and delivery.page_id and delivery.account_id:
        yield "share_again"


def retry(delivery: Delivery, user=None) -> bool:
    """Send what failed, was missed, cancelled, rejected or rehearsed; page and wording are as last published.

    :returns: whether it is waiting now; ``False`` when its state had changed meanwhile.
    """
    # What was cancelled because the page changed is for the next publication to decide.
    by_person = {"reason__in": Delivery.DECIDED} if delivery.state == State.CANCELLED else None
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
        Delivery.UNSENT,
        user,
        "cancel",
        only={"maybe_sent": False},
        state=State.CANCELLED,
        reason="cancelled",
        detail="",
        due_at=None,
    )


@transaction.atomic
def approve(delivery: Delivery, user, mark: str = "") -> bool:
    """Somebody else has read the message: it is sent when it is due.

    :param mark: of the message that was read (``approval.mark_of``); another one is not approved.
    """
    stored = Delivery.objects.select_for_update().filter(pk=delivery.pk).first()
    if stored is None or not mark or approval.mark_of(stored) != mark or not approval.may_decide(user, stored):
        delivery.refresh_from_db()
        return False
    return _change(
        delivery,
        (State.APPROVAL,),
        user,
        "approve",
        only={"payload__isnull": False},
        state=State.WAITING,
        reason=chosen.its_time(),
        detail="",
        due_at=Coalesce("due_at", DatabaseNow()),
        approved_at=DatabaseNow(),
        approved_by=user,
        approved_payload=F("payload"),
    )


def reject(delivery: Delivery, user, note: str = "") -> bool:
    """Somebody else has read the message: it is not sent. Published again with other words, it can be approved.

    :param note: for whoever wrote it: what should be different.
    """
    if not approval.may_decide(user, delivery):
        return False
    return _change(
        delivery,
        (State.APPROVAL,),
        user,
        "reject",
        note=note,
        state=State.CANCELLED,
        reason="rejected",
        detail="",
        due_at=None,
    )


def send_now(delivery: Delivery, user=None) -> bool:
    """Do not wait for the time that was chosen."""
    return _change(delivery, (State.WAITING,), user, "send_now", only=IS_SCHEDULED, **_due())


def reschedule(delivery: Delivery, user=None, when: str = "") -> bool:
    """Choose another time for what waits for its own; minutes are counted from now.

    :param when: as for :class:`~wagtail_syndicate.models.Target`; ask ``schedule.validate`` first.
    """
    with transaction.atomic():
        taken = chosen.taken_slots([delivery.account_id] if when == NEXT_SLOT else [])[delivery.account_id]
        now = timezone.now()
        moment = schedule.due_at(when, delivery.account, now, taken)
        window = timedelta(seconds=conf.get("WINDOW"))
        dates = chosen.due(moment, now, DatabaseNow() + window, window)
        return _change(delivery, (State.WAITING,), user, "reschedule", only=IS_SCHEDULED, when=when, **dates)


def edit(delivery: Delivery, user=None) -> bool:
    """Let the post at the network say what the page says now; where posts need approval, this is one."""
    page = delivery.page
    if page is None or not approval.may_change(user, delivery, lambda: approval.authors_of(page)):
        return False
    return _wish(delivery, user, "edit", {"wish": ""}, Wish.EDIT, "editing")


def delete(delivery: Delivery, user=None) -> bool:
    """Delete the post at the network."""
    # Whoever is asked because the page is gone does not mean it for a page that is back.
    reason = "page_took_back" if delivery.wish == Wish.ASK and delivery.reason in FROM_PAGE else "deleting"
    return _wish(delivery, user, "delete", {"wish": delivery.wish}, Wish.DELETE, reason)


def keep(delivery: Delivery, user=None) -> bool:
    """Leave the post at the network as it is; what has been done by then is not undone."""
    return _change(delivery, (State.SENT, State.POSTED), user, "keep", only={"wish__gt": ""}, wish="", **stopped())


def mark_removed(delivery: Delivery, user=None) -> bool:
    """A person has deleted the post at the network."""
    gone = {"state": State.REMOVED, "wish": "", "reason": "", "detail": "", "due_at": None}
    return _change(delivery, (State.SENT, State.POSTED), user, "mark_removed", only={"wish": Wish.ASK}, **gone)


def share_again(delivery: Delivery, user=None) -> bool:
    """Post the page to the account once more, as it is now, with the wording that is ticked now: a new delivery.

    :returns: whether there is one; ``False`` when this was not the last one to the account any more.
    """
    with transaction.atomic():
        # This row first: of two people at the same moment one waits here, and then finds a later delivery.
        if not _change(delivery, WITH_A_POST, user, "share_again", only={"wish": ""}):
            return False
        if plan.once_more(delivery, user):
            return True
        transaction.set_rollback(True)
        return False


ACTIONS = {
    "approve": approve,
    "reject": reject,
    "retry": retry,
    "confirm": confirm,
    "send_again": send_again,
    "mark_posted": mark_posted,
    "cancel": cancel,
    "send_now": send_now,
    "reschedule": reschedule,
    "edit": edit,
    "delete": delete,
    "keep": keep,
    "mark_removed": mark_removed,
    "share_again": share_again,
}
WITH_PERMALINK = ("confirm", "mark_posted")
WITH_NOTE = ("reject",)
WITH_MARK = ("approve",)
WITH_WHEN = ("reschedule",)
MAKES_DUE = ("retry", "send_again", "approve", "send_now", "reschedule", "edit", "delete", "share_again")
"""Actions after which a worker has something to do."""

IS_SCHEDULED = {"reason": chosen.SCHEDULED, "maybe_sent": False}


def _wish(delivery: Delivery, user, what: str, only: dict, wish: str, reason: str) -> bool:
    values = {"wish": wish, "reason": reason, "detail": "", "due_at": DatabaseNow(), "attempts_made": 0}
    return _change(delivery, (State.SENT,), user, what, only=only, **values)


def _afresh() -> dict:
    return {**_due(), "state": State.WAITING, "wish": "", "detail": "", "notice": "", "payload": None}


def _due() -> dict:
    now = DatabaseNow()
    return {"reason": "", "due_at": now, "expires_at": now + timedelta(seconds=conf.get("WINDOW"))}


def _posted(permalink: str) -> dict:
    return {
        "state": State.POSTED,
        **now_that_it_is_there(deletable=False),
        "detail": "",
        "permalink": permalink,
        "sent_at": DatabaseNow(),
    }


@transaction.atomic
def _change(delivery: Delivery, states, user, what: str, only=None, note: str = "", **values) -> bool:
    changed = Delivery.objects.filter(pk=delivery.pk, state__in=states, **(only or {})).update(
        **values, updated_at=DatabaseNow()
    )
    if changed:
        Attempt.objects.create(
            delivery=delivery,
            kind=Attempt.Kind.PERSON,
            outcome=what,
            detail=note,
            user=user,
            finished_at=DatabaseNow(),
        )
    delivery.refresh_from_db()
    return bool(changed)
