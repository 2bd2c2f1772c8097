"""A second pair of eyes: posts of some accounts wait until somebody else has read and approved them.

Approval belongs to the message. A delivery keeps the one that was approved beside the one that will be sent; whoever
composes anew, for whatever reason, need not think of it: the worker compares before it sends.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection

from wagtail.models import PageLogEntry

from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.models import Delivery


ACTIONS = ("approve", "reject")
"""What of ``delivery.actions`` is for those who manage the account."""


def is_missing(delivery: Delivery) -> bool:
    """Whether somebody has to read the delivery's message, as it is frozen now, before it may be sent."""
    return delivery.account.needs_approval and not _covers(delivery.approved_payload, delivery.payload)


def may_decide(user, delivery: Delivery) -> bool:
    """Whether ``user`` may approve or reject: who manages the account, and is neither whose version of the page was
    published nor who ticked the account."""
    if user.pk in (delivery.published_by_id, delivery.ticked_by_id) or delivery.account is None:
        return False
    return permissions.can_manage(user, delivery.account)


def may_change(user, delivery: Delivery, authors: Callable[[], Collection[int | None]]) -> bool:
    """Whether ``user`` may let a post that is there say what its page says now. Where posts need approval, the second
    pair of eyes is whoever asks for that.

    :param authors: :func:`authors_of` its page; asked only where that matters.
    """
    if delivery.account is None or not delivery.account.needs_approval:
        return True
    return user is not None and may_decide(user, delivery) and user.pk not in authors()


def authors_of(page) -> set[int | None]:
    """The primary keys of who wrote what the page says and who published it, as far as that is known."""
    published = PageLogEntry.objects.filter(page=page.pk, action="wagtail.publish").order_by("-timestamp", "-pk")
    wrote = page.live_revision.user_id if page.live_revision else None
    return {wrote, published.values_list("user_id", flat=True).first()}


def mark_of(delivery: Delivery) -> str:
    """A short mark of the message as it is now, "" as long as there is none.

    What is approved is named by it: a message that was composed anew since somebody read it is another.
    """
    if delivery.payload is None:
        return ""
    return hashlib.sha256(json.dumps(delivery.payload, sort_keys=True).encode()).hexdigest()[:16]


def _covers(approved: dict | None, payload: dict | None) -> bool:
    """Whether this is what was approved. Pictures may be fewer: a network may have refused one."""
    if not approved or not payload:
        return False
    pictures = approved.get("images", [])
    return {**approved, "images": []} == {**payload, "images": []} and all(
        picture in pictures for picture in payload.get("images", [])
    )
