"""Which posts are plain: a text that may leave now, by access that is good for a while.

The same guards as everywhere, asked for many posts at once. What any of them stops, or what needs more than a call
(pictures to hand over, a look, a change, a person), is not plain, and why is for ``send`` to find out and to say.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

import swapper
from django.utils.functional import cached_property

from wagtail_syndicate import conf, database, summarisers
from wagtail_syndicate.accounts import environment, permissions, refresh
from wagtail_syndicate.accounts.connection import connection_of
from wagtail_syndicate.delivery import content, guards, lanes
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.delivery.lanes import Lane
from wagtail_syndicate.delivery.posting import BACKOFF_CAP, Flight
from wagtail_syndicate.models import Account, Delivery, Target, site_id_of, targets_of
from wagtail_syndicate.types import Article


logger = logging.getLogger("wagtail_syndicate.delivery")

State = Delivery.State
Answer = TypeVar("Answer")

Composed = tuple[Flight, dict[str, Any]]
"""A post that is ready to leave, and what is to be written of it together with the intent."""


def is_possible() -> bool:
    """Whether posts of this site can be plain: not where each of them needs a look, or none may leave."""
    return not (conf.get("PROBE") or conf.is_dry_run())


def next_of_each(held: Mapping[int, Lane]) -> tuple[list[Composed], set[int]]:
    """The next post of each of these accounts, as far as it is plain.

    Takes a number of queries that does not grow with that of the accounts, but with that of the pages.

    :param held: the lanes, by account.
    :returns: the posts; and the accounts that have something due which is not plain.
    """
    due = lanes.next_of_each(held)
    long_ago = DatabaseNow() - timedelta(seconds=BACKOFF_CAP)  # an account that is not used any more stays as it was
    troubled = Account.objects.filter(failures__gt=0).exclude(blocked_until__lte=long_ago)
    troubled = set(troubled.order_by().values_list("network", "host").distinct())
    simple = [delivery for delivery in due if _or_not(_is_simple, delivery, troubled)]
    pages = {page.pk: _Page(page) for page in _pages({delivery.page_id for delivery in simple})}
    public = [d for d in simple if d.page_id in pages and _or_not(getattr, pages[d.page_id], "is_public")]
    by = {d.account: guards.ticker_of(d, lambda page=pages[d.page_id]: page.targets) for d in public}
    stopped = permissions.not_permitted(by, permissions.people(set(by.values()) - {""}))
    composed = [
        _or_not(_composed, held[d.account_id], d, pages[d.page_id]) for d in public if d.account_id not in stopped
    ]
    plain = [one for one in composed if one]
    return plain, {d.account_id for d in due} - {flight.lane.account_id for flight, _values in plain}


def _or_not(question: Callable[..., Answer], *args) -> Answer | None:
    """What ``question`` answers; ``None`` when it fails: whoever takes the post alone meets the same, and writes it
    down.

    :raises database.AWAY: nobody can tell.
    """
    try:
        return question(*args)
    except database.AWAY:
        raise
    except Exception as error:
        # Not silent: a mistake of this way alone would make everything slow, and nothing else would show it.
        logger.warning("A post is taken alone, because %s failed: %s", question.__name__, type(error).__name__)
        return None


def _is_simple(delivery: Delivery, troubled: Collection[tuple[str, str]]) -> bool:
    """Whether nothing that is known of the delivery and its account makes it a case of its own.

    :param troubled: networks, each with its server, that something went wrong at.
    """
    account = delivery.account
    return (
        delivery.state == State.WAITING
        and not (delivery.maybe_sent or delivery.is_overdue or delivery.reason == lanes.TROUBLE)
        and environment.is_home(account)
        and not (account.needs_approval or account.is_assisted or guards.cap_wait(account))
        # One account is to find out for all whether the server is back (``lanes.block_neighbours``).
        and not (account.backend_class.shares_server and (account.network, account.host) in troubled)
        and refresh.is_lasting(account)
        # A summariser of the site's may take its time, and others would wait for it.
        and (delivery.payload is not None or summarisers.of(delivery.network) is None)
    )


def _pages(keys: Iterable[int | None]):
    return swapper.load_model("wagtailcore", "Page")._default_manager.filter(pk__in=set(keys) - {None}).specific()


class _Page:
    """What is asked of a page once for all of its posts.

    By Django's ``cached_property``: in Python 3.11 the standard library's is computed by one thread at a time,
    whatever the page, and here it asks the database.
    """

    def __init__(self, page):
        self.page = page

    @cached_property
    def is_public(self) -> bool:
        return not guards.page_obstacle(self.page)

    @cached_property
    def site_id(self) -> int | None:
        return site_id_of(self.page)

    @cached_property
    def targets(self) -> list[Target]:
        return targets_of(self.page)

    @cached_property
    def article(self) -> Article:
        return content.article_of(self.page)


def _composed(lane: Lane, delivery: Delivery, page: _Page) -> Composed | None:
    account = delivery.account
    if guards.account_obstacle(account, page.page, page.site_id):
        return None
    delivery.page = page.page  # so that nobody asks for it again
    values, message = {}, delivery.message
    if message is None:
        article, notice = content.with_picture(page.article, delivery.image, delivery.alt)
        message = content.message_for(article, account, delivery.wording)
        values = {"payload": message.to_dict(), "notice": notice}
    backend = account.backend_class(connection_of(account))
    if message.images and backend.get_limits().images:
        return None
    return Flight(lane, delivery, account, backend), values
