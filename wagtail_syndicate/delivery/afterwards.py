"""What becomes of posts that are there when their page goes, or comes back: wishes, which workers or people fulfil."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.db.models import Case, F, Q, Value, When

from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.models import Account, Delivery


State, Wish = Delivery.State, Delivery.Wish
OnUnpublish = Account.OnUnpublish

# What is there, or may be there: of the latter it is decided when that is known.
MADE = (State.SENT, State.POSTED, State.SENDING, State.UNKNOWN)

# Reasons of wishes that come from the page, and end when it is public again.
FROM_PAGE = ("ask_delete", "delete_there", "page_took_back")


def page_is_gone(page) -> bool:
    """Wish for each post of a page that is not public any more what its account is set up for: nothing, that it is
    deleted, or that people are asked; in a fixed number of queries.

    :returns: whether anything is to be deleted now.
    """
    rows = list(Delivery.objects.filter(page_id=page.pk, state__in=MADE).select_related("account"))
    kept, asked, by_hand, deleted = [], [], [], []
    for row in rows:
        policy = row.account.on_unpublish if row.account else OnUnpublish.ASK
        if row.wish == Wish.DELETE:
            continue
        if policy == OnUnpublish.KEEP:
            if row.wish:
                kept.append(row.pk)
        elif not can_delete(row):
            by_hand.append(row.pk)
        else:
            (deleted if policy == OnUnpublish.DELETE else asked).append(row.pk)
    _wish(kept, "", "")
    _wish(asked, Wish.ASK, "ask_delete")
    _wish(by_hand, Wish.ASK, "delete_there")
    return bool(_wish(deleted, Wish.DELETE, "page_took_back"))


def page_is_back(page, deliveries: Iterable[Delivery]) -> None:
    """A page is public again: what was not deleted yet stays, unless a person wanted it to go.

    :param deliveries: what is known of the page; it tells whether there is anything to do.
    """
    if any(row.wish for row in deliveries):
        theirs = Q(reason__in=FROM_PAGE) | ~Q(state__in=(State.SENT, State.POSTED))
        Delivery.objects.filter(theirs, page_id=page.pk, wish__in=(Wish.ASK, Wish.DELETE)).update(
            wish="", updated_at=DatabaseNow(), **unless_open(**stopped())
        )


def stopped() -> dict[str, Any]:
    """For the UPDATE that ends a wish: the post stays; where a worker had begun, nobody knows whether it did."""
    begun = Q(wish__in=(Wish.EDIT, Wish.DELETE), attempts_made__gt=0) | Q(reason__in=("wish_gave_up", "internal"))
    return {
        "due_at": None,
        "reason": "",
        "detail": "",
        "notice": Case(When(begun, then=Value("wish_stopped")), default=F("notice")),
    }


@cache  # so that rows can be written together: they are given the same expressions
def now_that_it_is_there(deletable: bool) -> dict[str, Any]:
    """For the UPDATE that records a post: its page may have gone while nobody knew whether there is one.

    :param deletable: whether software can delete it.
    """
    deletes, asks = Q(wish=Wish.DELETE), Q(wish=Wish.ASK)
    tries = Case(When(wish="", then=F("attempts_made")), default=Value(0))
    if not deletable:
        return {
            "attempts_made": tries,
            "wish": Case(When(deletes, then=Value(Wish.ASK)), default=F("wish")),
            "reason": Case(When(deletes | asks, then=Value("delete_there")), default=Value("")),
            "due_at": None,
        }
    return {
        "attempts_made": tries,
        "reason": Case(
            When(deletes, then=Value("page_took_back")), When(asks, then=Value("ask_delete")), default=Value("")
        ),
        "due_at": Case(When(deletes, then=DatabaseNow()), default=Value(None, Delivery._meta.get_field("due_at"))),
    }


def can_delete(delivery: Delivery) -> bool:
    """Whether software can delete this post at its network."""
    return _offers(delivery, "delete")


def can_edit(delivery: Delivery) -> bool:
    """Whether software can change this post at its network."""
    return _offers(delivery, "edit")


def _offers(delivery: Delivery, method: str) -> bool:
    # A post that a person made has no id by which the network knows it.
    if delivery.account_id is None or delivery.state == State.POSTED or delivery.backend_class is None:
        return False
    return delivery.backend_class.offers(method)


def unless_open(**values: Any) -> dict[str, Any]:
    """For an UPDATE: these values for rows that rest; a row whose fate is open needs its own for that."""
    fields = {name: Delivery._meta.get_field(name) for name in values}
    return {
        name: Case(
            When(
                state__in=(State.SENT, State.POSTED),
                then=value if hasattr(value, "resolve_expression") else Value(value, fields[name]),
            ),
            default=F(name),
            output_field=fields[name],
        )
        for name, value in values.items()
    }


def _wish(pks: list[int], wish: str, reason: str) -> int:
    if not pks:
        return 0
    due_at = DatabaseNow() if wish == Wish.DELETE else None
    return Delivery.objects.filter(pk__in=pks, state__in=MADE).update(
        wish=wish,
        updated_at=DatabaseNow(),
        **unless_open(due_at=due_at, reason=reason, detail="", attempts_made=0),
    )
