"""Hatena Bookmark, Japan: a person bookmarks the article with a comment.

Facts: the address of the panel from Hatena's own page on its button (``url``, ``btitle``); 100 characters of a comment
and the tags in brackets at its beginning are general knowledge (2026-11, not confirmed in a document). Its REST
interface (OAuth 1.0a) would allow more, but a site that bookmarks all of its own articles breaks Hatena's customs.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.base import BaseBackend, link_to
from wagtail_syndicate.backends.by_hand import presence
from wagtail_syndicate.compose import counting
from wagtail_syndicate.types import Limits, LinkPlace, Message, Reach, Region, Shape, Style


class Backend(BaseBackend):
    """Somebody's bookmarks: the comment is composed here, a person adds the bookmark."""

    name = "hatena"
    label = _("Hatena Bookmark")
    icon = "syndicate-hatena"
    shape = Shape.LINK
    region = Region.JAPAN
    reach = Reach.ASSISTED
    auth = (
        presence(
            _("Hatena ID"),
            _("Address of the bookmarks"),
            _("For example https://b.hatena.ne.jp/your-id/. It is where the bookmark is looked for."),
        ),
    )
    conditions = (
        _("For every article a person opens Hatena with the button, pastes the comment and saves the bookmark."),
        _("Bookmarks live from readers. Many of a site's own articles in a row are taken for advertising there."),
    )
    hosts = {"web": "https://b.hatena.ne.jp"}
    limits = Limits(length=100, count=counting.characters, link=LinkPlace.CARD)
    style = Style(title="", target=100)

    def share_link(self, message: Message) -> str:
        """The panel for a new bookmark: it takes address and title; the comment has to be pasted."""
        return link_to(self.url("{web}/entry/panel/"), url=message.link, btitle=message.title) if message.link else ""
