"""Whether posts still say what their page says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.core.cache import cache

from wagtail_syndicate.delivery import content
from wagtail_syndicate.delivery.chosen import target_of
from wagtail_syndicate.delivery.guards import page_obstacle
from wagtail_syndicate.exceptions import ComposeError
from wagtail_syndicate.models import Delivery
from wagtail_syndicate.types import Article


State = Delivery.State

KEPT = 3600  # seconds for which an answer is kept
MOST = 20  # posts that are composed anew for one answer, so that it comes at once; the others follow at the next look


def outdated(page, deliveries: Iterable[Delivery], most: int = MOST) -> set[int]:
    """Which of these posts would say something else if they were made of the page now.

    Only what was made of an earlier revision is composed anew, and only once for a revision; nobody is asked but the
    database and the cache.

    :param page: the specific page as it is live; anything else has no posts that could be out of date.
    :param deliveries: some of the page's, each with its account.
    :param most: how many posts may be composed for the answer; 0: only say what is known already.
    :returns: their primary keys.
    """
    made = [
        row
        for row in deliveries
        if row.state in (State.SENT, State.POSTED) and row.payload and row.account and row.backend_class
    ]
    earlier = {_key(page, row): row for row in made if row.revision_id != page.live_revision_id}
    if not earlier or page_obstacle(page):
        return set()
    known = cache.get_many(earlier)
    unknown = [key for key in earlier if key not in known][:most]
    if unknown:
        article = content.article_of(page)
        found = {key: _differs(article, page, earlier[key]) for key in unknown}
        cache.set_many(found, KEPT)
        known.update(found)
    return {earlier[key].pk for key, differs in known.items() if differs}


def with_its_pictures(article: Article, delivery: Delivery) -> Article:
    """The article with the pictures that the post has: how many there are decides how long it may be."""
    return replace(article, images=delivery.message.images if delivery.message else ())


def _differs(article: Article, page, delivery: Delivery) -> bool:
    # Words and link are compared: that is what a network lets us change, and what readers would be misled by.
    try:
        now = content.known_message_for(
            with_its_pictures(article, delivery), delivery.account, target_of(delivery, page).wording
        )
    except ComposeError:
        return True
    return (now.text, now.link) != (delivery.message.text, delivery.message.link)


def _key(page, delivery: Delivery) -> str:
    changed = int(delivery.updated_at.timestamp() * 1000)
    return f"wagtail_syndicate.outdated.{delivery.pk}.{changed}.{page.live_revision_id}"
