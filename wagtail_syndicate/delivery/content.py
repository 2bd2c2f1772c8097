"""The one way from a page to an account's message. The panel's preview and the sending both come through here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.utils import translation
from wagtail.images import get_image_model

from wagtail_syndicate import summarisers
from wagtail_syndicate.compose import article as articles
from wagtail_syndicate.compose import message as messages
from wagtail_syndicate.compose.body import picture
from wagtail_syndicate.compose.text import one_line
from wagtail_syndicate.models.target import NO_IMAGE
from wagtail_syndicate.types import Article, Message


def article_of(page) -> Article:
    """What the page says, read once for all accounts.

    :param page: the specific page, saved or not.
    """
    with translation.override(page.locale.language_code):
        return articles.read(page)


def message_for(article: Article, account, wording: str = "", image: str = "", alt: str = "") -> Message:
    """The message that ``account`` gets of ``article``; the same bytes for the same input.

    :param wording: the editor's words for this account, "" for generated ones; :param image: :param alt: the picture
        that she chose and its description, as :class:`~wagtail_syndicate.models.Target` keeps them.
    :raises ComposeError: nothing can be made that fits.
    """
    article, _notice = with_picture(article, image, alt)
    return messages.compose(
        article, wording=wording, summariser=summarisers.of(account.network), **_ways(account, article)
    )


def known_message_for(article: Article, account, wording: str = "") -> Message:
    """As :func:`message_for`, at once: a summariser of the site's is not asked, what it said before is used.

    :raises ComposeError: nothing can be made that fits.
    """
    return messages.compose(
        article, wording=wording, summariser=summarisers.kept(account.network), **_ways(account, article)
    )


def measure_for(article: Article, account, wording: str = "", image: str = "", alt: str = "") -> tuple[int, int]:
    """The length of what would go out and the limit, both counted as the network counts; the limit may depend on
    whether there is a picture."""
    article, _notice = with_picture(article, image, alt)
    return messages.measure(
        article, wording=wording, summariser=summarisers.of(account.network), **_ways(account, article)
    )


def words_for(article: Article, account) -> str:
    """What an editor starts from who wants to word the post herself: the generated text, without what is added to hers
    as well."""
    return messages.generated_words(article, summariser=summarisers.of(account.network), **_ways(account, article))


def with_picture(article: Article, image: str = "", alt: str = "") -> tuple[Article, str]:
    """The article with the picture that was chosen for an account, instead of its own.

    :param image: the picture's primary key as text, ``NO_IMAGE`` for none, "" for the page's own choice.
    :param alt: what describes the picture (with "" as ``image``: the page's first one) instead of its own description.
    :returns: the article, and the reason of what people should know: that the picture is gone.
    """
    if image == NO_IMAGE:
        return replace(article, images=()), ""
    pictures = article.images
    if image:
        model = get_image_model()
        try:
            pictures = (picture(model.objects.get(pk=image)),)
        except (model.DoesNotExist, ValueError):
            return article, "image_gone"
    if pictures and (alt := one_line(alt)):
        pictures = (replace(pictures[0], alt=alt), *pictures[1:])
    return replace(article, images=pictures), ""


def prepare(article: Article, chosen: Iterable[tuple[Any, str]]) -> None:
    """Ask the site's summarisers, where it has any, for all these posts at the same time; what they say is kept.

    Only a matter of time: composing asks for what is not there, one after the other.

    :param chosen: accounts with their wordings.
    """
    asked = []
    for account, wording in chosen:
        if one := summarisers.of(account.network):

            def note(request, one=one):
                asked.append((one, request))
                return ""

            messages.measure(article, wording=wording, summariser=note, **_ways(account, article))
    if asked:
        summarisers.answers(asked)


def _ways(account, article: Article) -> dict[str, Any]:
    # Limits may depend on the account's server, never on its secrets.
    backend = account.backend_class(account.public_connection)
    return {"limits": backend.get_limits(), "style": backend.style, "voice": account.voice(article.language)}
