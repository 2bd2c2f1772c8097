"""What became of posts that did not go as they should: one mail to each person, with all there is to say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from django.urls import reverse

from wagtail_syndicate import conf
from wagtail_syndicate.accounts import environment
from wagtail_syndicate.delivery.monitor import database_time
from wagtail_syndicate.delivery.telling import is_worth_telling
from wagtail_syndicate.mails import recipients
from wagtail_syndicate.mails.post import admin_url
from wagtail_syndicate.models import Delivery


MOST = 500  # deliveries in one go
LISTED = 30  # in one mail; the others are counted


class Item(NamedTuple):
    """One delivery as a mail shows it; ``link`` leads to where something can be done about it."""

    delivery: Delivery
    link: str


def tell(post: Callable) -> int:
    """Tell people of deliveries whose time to be told of has come, together with those that are about to come.

    A delivery is done when everybody was written to. If the mail server fails in between, all of its people are
    written to again.

    :param post: sends a mail, see ``post.turn``.
    :returns: how many mails were sent.
    :raises Exception: the mail server cannot be used now; what was not told stays to be told.
    """
    now = database_time()
    soon = now + timedelta(seconds=conf.get("MAIL_DELAY"))
    pending = Delivery.objects.filter(tell_at__lte=soon).order_by("tell_at", "pk")
    pending = list(pending.select_related("account__connected_by", "published_by")[:MOST])
    if not pending or pending[0].tell_at > now:
        return 0
    here = environment.fingerprint()
    told_to: dict[str, list[Delivery]] = {}
    left: dict[int, int] = {}
    for delivery in pending:
        addresses = recipients.of_delivery(delivery) if _is_ours(delivery, here) else []
        left[delivery.pk] = len(addresses)
        for address in addresses:
            told_to.setdefault(address, []).append(delivery)
    _done([delivery for delivery in pending if not left[delivery.pk]])
    sent = 0
    for address, recipient in recipients.known(told_to).items():
        deliveries = told_to[address]
        sent += post(recipient, "failures", _context(deliveries))
        for delivery in deliveries:
            left[delivery.pk] -= 1
        _done([delivery for delivery in deliveries if not left[delivery.pk]])
    return sent


def _is_ours(delivery: Delivery, here: str) -> bool:
    """Whether there is still something to tell, and this is the site to tell it: a copy tells nobody."""
    if delivery.account and delivery.account.environment not in ("", here):
        return False
    return is_worth_telling(delivery.state, delivery.reason, delivery.due_at)


def _done(deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        # One that failed again meanwhile has a new time.
        Delivery.objects.filter(pk=delivery.pk, tell_at=delivery.tell_at).update(tell_at=None)


def _context(deliveries: list[Delivery]) -> dict:
    listed = [Item(delivery, _link(delivery)) for delivery in deliveries[:LISTED]]
    return {
        "items": listed,
        "first": deliveries[0],
        "count": len(deliveries),
        "more": len(deliveries) - len(listed),
    }


def _link(delivery: Delivery) -> str:
    if delivery.page_id is None:
        return ""
    return admin_url(reverse("wagtailadmin_pages:edit", args=[delivery.page_id]))
