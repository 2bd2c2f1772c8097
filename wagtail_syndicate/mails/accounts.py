"""Accounts that need a person: whose access ends soon, or no longer works."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, F, Q
from django.urls import reverse

from wagtail_syndicate.accounts import environment, health
from wagtail_syndicate.mails import recipients
from wagtail_syndicate.mails.post import admin_url
from wagtail_syndicate.models import Account, Delivery


class Item(NamedTuple):
    """One account as a mail shows it: ``ends`` is when access does, ``None`` when it no longer works; ``problem`` says
    why; so many posts are ``waiting`` for it; ``link`` leads to where it is connected."""

    account: Account
    ends: datetime | None
    problem: str
    waiting: int
    link: str


def tell(post: Callable) -> int:
    """Tell an account's people once for each end of its access, and once when it stopped working.

    :param post: sends a mail, see ``post.turn``.
    :returns: how many mails were sent.
    :raises Exception: the mail server cannot be used now; what was not told stays to be told.
    """
    items = [*_broken(), *_ending()]
    told_to: dict[str, list[Item]] = {}
    for item in items:
        for address in recipients.of_account(item.account):
            told_to.setdefault(address, []).append(item)
    sent = 0
    left = {item.account.pk: sum(item in told for told in told_to.values()) for item in items}
    for address, recipient in recipients.known(told_to).items():
        context = {"items": told_to[address], "first": told_to[address][0], "count": len(told_to[address])}
        sent += post(recipient, "accounts", context)
        for item in told_to[address]:
            left[item.account.pk] -= 1
            if not left[item.account.pk]:
                _done(item)
    return sent


def _watched():
    """Accounts that software posts for, and that are at home here: a copy tells nobody."""
    waiting = Count("deliveries", filter=Q(deliveries__state=Delivery.State.WAITING))
    watched = Account.objects.filter(environment.at_home(), active=True, by_hand=False)
    return watched.select_related("connected_by").annotate(waiting=waiting).order_by("label", "pk")


def _broken() -> list[Item]:
    broken = _watched().filter(status=Account.Status.RECONNECT, problem_announced=False)
    return [_item(account, None, health.problem_of(account)) for account in broken if health.is_known(account)]


def _ending() -> list[Item]:
    new = Q(expiry_announced=None) | ~Q(expiry_announced=F("credentials_expire_at"))
    ending = _watched().filter(new, health.ending())
    return [_item(account, ends, "") for account in ending if (ends := health.ends_soon(account))]


def _item(account: Account, ends: datetime | None, problem: str) -> Item:
    link = admin_url(reverse("wagtail_syndicate:connect", args=[account.pk]))
    return Item(account, ends, problem, account.waiting, link)


def _done(item: Item) -> None:
    same = Account.objects.filter(pk=item.account.pk)
    if item.ends:
        same.filter(credentials_expire_at=item.ends).update(expiry_announced=item.ends)
    else:
        same.filter(status=Account.Status.RECONNECT).update(problem_announced=True)
