"""The one way from a page to an account's message. The panel's preview and the sending both come through here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import translation

from wagtail_syndicate import summarisers
from wagtail_syndicate.compose import article as articles
from wagtail_syndicate.compose import message as messages
from wagtail_syndicate.types import Article, Message


def article_of(page) -> Article:
    """What the page says, read once for all accounts.

    :param page: the specific page, saved or not.
    """
    with translation.override(page.locale.language_code):
        return articles.read(page)


def message_for(article: Article, account, wording: str = "") -> Message:
    """The message that ``account`` gets of ``article``; the same bytes for the same input.

    :param wording: the editor's words for this account, "" for generated ones.
    :raises ComposeError: nothing can be made that fits.
    """
    return messages.compose(
        article, wording=wording, summariser=summarisers.of(account.network), **_ways(account, article)
    )


def measure_for(article: Article, account, wording: str = "") -> tuple[int, int]:
    """The length of what would go out and the limit, both counted as the network counts."""
    return messages.measure(
        article, wording=wording, summariser=summarisers.of(account.network), **_ways(account, article)
    )


def words_for(article: Article, account) -> str:
    """What an editor starts from who wants to word the post herself: the generated text, without what is added to hers
    as well."""
    return messages.generated_words(article, summariser=summarisers.of(account.network), **_ways(account, article))


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
