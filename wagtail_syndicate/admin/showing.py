"""What the panel shows of a page's posts while it is edited, as data for the browser. Nothing is kept or sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wagtail_syndicate.admin import warnings
from wagtail_syndicate.admin.pictures import Album, Variants
from wagtail_syndicate.admin.ticks import Chosen
from wagtail_syndicate.admin.warnings import Warning
from wagtail_syndicate.delivery import content, schedule
from wagtail_syndicate.delivery.chosen import taken_slots
from wagtail_syndicate.exceptions import ComposeError
from wagtail_syndicate.models import Account
from wagtail_syndicate.reasons import explain
from wagtail_syndicate.types import Article, Limits, LinkPlace, Message


MOST_PICTURES = 12
"""How many of the page's pictures can be chosen at a glance; all others through Wagtail's chooser."""


def show(page, chosen: Sequence[tuple[Account, Chosen]], parent=None) -> dict[str, Any]:
    """All that the panel needs to draw the posts for these accounts.

    The number of queries depends on the pictures that are chosen, not on the accounts.

    :param page: the page as it is in the form.
    :param parent: where a page will be that is not saved yet.
    :returns: ``warnings`` for the page, ``pictures`` to choose from, and by account (``accounts``) what
        :func:`_of_account` gives.
    """
    article = content.article_of(page)
    content.prepare(article, [(account, choice.wording) for account, choice in chosen])
    limits = {account.pk: _limits(account) for account, _choice in chosen}
    album = Album(found.images for found in limits.values())
    album.load({image.reference for image in article.images} | {choice.image for _account, choice in chosen})
    variants = Variants(article)
    asks_slot = [account.pk for account, choice in chosen if choice.when == schedule.NEXT_SLOT]
    taken = taken_slots(asks_slot, lock=False)
    published_at = page.go_live_at if warnings.goes_live_later(page) else timezone.now()
    return {
        "warnings": [warning._asdict() for warning in warnings.of_page(page, parent)],
        "pictures": [_choice_of(image, album) for image in article.images[:MOST_PICTURES]],
        "accounts": {
            str(account.pk): _of_account(
                page,
                account,
                choice,
                limits[account.pk],
                variants,
                album,
                published_at,
                schedule.due_at(choice.when, account, published_at, taken[account.pk]),
            )
            for account, choice in chosen
        },
    }


def _of_account(page, account, choice, limits, variants, album, published_at, due) -> dict[str, Any]:
    """One post: ``text``, ``words`` (what an editor may start from), ``count``, ``limit``, ``source``, ``error``,
    ``warnings``, ``pictures`` and ``card``, ``when_text``, and the same in words (``count_text``, ``source_text``)."""
    article, notice = variants.of(choice)
    count, limit = content.measure_for(article, account, choice.wording)
    result = {
        "text": "",
        "words": content.words_for(article, account),
        "count": count,
        "limit": limit,
        "count_text": _count_text(count, limit),
        "source": "",
        "source_text": "",
        "error": "",
        "pictures": [],
        "card": None,
        "alt": "",
        "alt_matters": False,
        "when_text": _when_text(choice.when, account, due, published_at),
        "chosen": _chosen(choice, album),
    }
    found = list(warnings.of_account(account, due))
    try:
        message = content.message_for(article, account, choice.wording)
    except ComposeError as error:
        backend = account.backend_class
        result["error"] = str(explain(error.reason, backend.label, backend.reasons))
    else:
        found += warnings.of_message(message, account, limits, notice)
        result |= {
            "text": message.text,
            "source": message.source,
            "source_text": _source_text(page, message.source),
            # What describes the picture unless the editor writes something else here.
            "alt": variants.of(choice._replace(alt=""))[0].images[0].alt if message.images else "",
            "alt_matters": bool(message.images),
            **_pictures_and_card(message, article, limits, album),
        }
    try:
        schedule.validate(choice.when, account, timezone.now())
    except ValidationError as error:
        found += (Warning(warnings.CRITICAL, message) for message in error.messages)
    if remark := schedule.remark(choice.when, account):
        found.append(Warning(warnings.INFO, str(remark)))
    result |= {"warnings": [warning._asdict() for warning in found], **_facts(result, found)}
    return result


def _limits(account: Account) -> Limits:
    return account.backend_class(account.public_connection).get_limits()


def _pictures_and_card(message: Message, article: Article, limits: Limits, album: Album) -> dict[str, Any]:
    """What readers see below the text: pictures, or the card of the first link. Networks seldom show both."""
    has_card = limits.link == LinkPlace.CARD or not message.images
    pictures = [
        {**album.fitted(image, limits.images)._asdict(), "alt": image.alt}
        for image in message.images
        if not has_card or limits.link != LinkPlace.CARD
    ]
    return {"pictures": pictures, "card": _card(message, article, limits, album) if has_card else None}


def _card(message: Message, article: Article, limits: Limits, album: Album) -> dict[str, Any] | None:
    link = warnings.first_link(message)
    if not link:
        return None
    host = (urlsplit(link).hostname or "").removeprefix("www.")
    if not warnings.leads_to(link, message.link):
        # What another page says of itself is not known here.
        return {"host": host, "title": link, "description": "", "src": "", "alt": ""}
    image = next(iter(message.images or article.images), None)
    shown = album.fitted(image, limits.images) if image else None
    return {
        "host": host,
        "title": message.title,
        "description": message.description,
        "src": shown.src if shown else "",
        "alt": image.alt if image else "",
    }


def _choice_of(image, album: Album) -> dict[str, Any]:
    thumb = album.thumb(image.reference)
    title = album.title(image.reference)
    return {"id": image.reference, "title": title, "alt": image.alt, "src": thumb.src}


def _chosen(choice: Chosen, album: Album) -> dict[str, Any] | None:
    """The picture that was chosen, which may be none of the page's."""
    title = album.title(choice.image)
    return {"id": choice.image, "title": title, "src": album.thumb(choice.image).src} if title else None


def _when_text(when: str, account: Account, due, published_at) -> str:
    if not when:
        return ""
    shown = schedule.times(due, account)
    zones = {"there": shown.there, "there_zone": shown.there_zone, "here": shown.here, "here_zone": shown.here_zone}
    if when.startswith("+") or when == schedule.NEXT_SLOT:
        text = _("If the page is published now: %(there)s (%(there_zone)s)")
    elif due <= published_at:
        text = _("This is before the page is published, so it is posted then: %(there)s (%(there_zone)s)")
    else:
        text = _("%(there)s (%(there_zone)s)")
    text %= zones
    return text if shown.same else text + _(", for you %(here)s (%(here_zone)s)") % zones


def _facts(result: dict[str, Any], found: Sequence[Warning]) -> dict[str, Any]:
    """What stands beside a card that is closed."""
    grave = [warning for warning in found if warning.level != warnings.INFO]
    facts = [result["count_text"]]
    if result["error"] or grave:
        number = len(grave) + bool(result["error"])
        facts.append(ngettext("%d warning", "%d warnings", number) % number)
    return {"facts": " · ".join(facts), "is_alarming": len(facts) > 1}


def _count_text(count: int, limit: int) -> str:
    if count > limit:
        excess = count - limit
        return ngettext("%d too long", "%d too long", excess) % excess
    return _("%(count)d of %(limit)d") % {"count": count, "limit": limit}


def _source_text(page, source: str) -> str:
    if source == "account":
        return _("Your own text")
    if source == "body":
        return _("Generated from the text of the page")
    if source == "summariser":
        return _("Written from the text of the page by the summariser in the site’s settings")
    try:
        name = page._meta.get_field(source).verbose_name
    except (FieldDoesNotExist, AttributeError):
        return _("Generated text") if source else ""
    return _("Generated from the field “%s”") % capfirst(name)
