"""What people are told of by mail: noted with the state, in the same statement, and sent later (``mails``)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from wagtail_syndicate import conf
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.models import Delivery


State = Delivery.State

# Somebody did that to the page on purpose, and sees it there.
EXPECTED = ("not_live", "page_expired", "page_gone", "private", "unpublished")
# The software goes on with it.
UNFINISHED = ("unplanned",)
# A post is there, and what is wished for it is under way, asked of people in the admin, or was settled on purpose.
SETTLED = (
    *("", "editing", "deleting", "page_took_back", "ask_delete", "delete_there"),
    *("edit_pointless", "wish_rehearsed"),
)


def is_worth_telling(state: str, reason: Any, due_at: datetime | None) -> bool:
    """Whether a person has to act, or at least to know: nothing more will happen by itself.

    :param due_at: when software goes on with it.
    """
    if state == State.SKIPPED:
        return reason not in EXPECTED
    if state == State.UNKNOWN:
        return due_at is None
    if state == State.SENT:
        # What was wished for it goes back to people. An expression is the database's to work out: a wish that begins.
        return due_at is None and isinstance(reason, str) and reason not in SETTLED
    return state in (State.FAILED, State.MISSED) and reason not in UNFINISHED


def telling(state: str, reason: str, due_at: Any = None) -> dict[str, Any]:
    """What to write together with a new state, so that people are told of it; nothing when there is nothing to tell.

    :returns: values for an UPDATE or a new row.
    """
    delay = conf.get("MAIL_DELAY")
    if delay is None or not is_worth_telling(state, reason, due_at):
        return {}
    return {"tell_at": DatabaseNow() + timedelta(seconds=delay)}
