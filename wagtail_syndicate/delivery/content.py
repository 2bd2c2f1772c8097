"""The one way from a page to an account's message. The panel's preview and the sending both come through here."""

from __future__ import annotations

from django.utils import translation

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
    backend = _backend(account)
    voice = account.voice(article.language)
    return messages.compose(article, backend.get_limits(), backend.style, wording=wording, voice=voice)


def measure_for(article: Article, account, wording: str = "") -> tuple[int, int]:
    """The length of what would go out and the limit, both counted as the network counts."""
    backend = _backend(account)
    voice = account.voice(article.language)
    return messages.measure(article, backend.get_limits(), backend.style, wording=wording, voice=voice)


def _backend(account):
    # Limits may depend on the account's server, never on its secrets.
    return account.backend_class(account.public_connection)
