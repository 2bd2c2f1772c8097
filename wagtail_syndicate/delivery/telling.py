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


def is_worth_telling(state: str, reason: str, due_at: datetime | None) -> bool:
    """Whether a person has to act, or at least to know: nothing more will happen by itself.

    :param due_at: when software goes on with it.
    """
    if state == State.SKIPPED:
        return reason not in EXPECTED
    if state == State.UNKNOWN:
        return due_at is None
    return state in (State.FAILED, State.MISSED) and reason not in UNFINISHED


def telling(state: str, reason: str, due_at: Any = None) -> dict[str, Any]:
    """What to write together with a new state, so that people are told of it; nothing when there is nothing to tell.

    :returns: values for an UPDATE or a new row.
    """
    delay = conf.get("MAIL_DELAY")
    if delay is None or not is_worth_telling(state, reason, due_at):
        return {}
    return {"tell_at": DatabaseNow() + timedelta(seconds=delay)}
