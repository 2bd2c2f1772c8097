"""XING: no way for software to post since its API was closed on 1 April 2019; a person shares the link.

Facts: the share address as collected in bradvin/social-share-urls and XING's share button page (not tried live in
2026); 420 characters and no hashtags as in the client xing/xing_api of the API's days.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.base import BaseBackend, link_to
from wagtail_syndicate.backends.by_hand import presence
from wagtail_syndicate.compose import counting
from wagtail_syndicate.types import Limits, LinkPlace, Message, Reach, Region, Style


class Backend(BaseBackend):
    """A profile or company page at XING: the text is composed and kept here, a person posts it."""

    name = "xing"
    label = "XING"
    icon = "syndicate-xing"
    region = Region.DACH
    reach = Reach.ASSISTED
    auth = (
        presence(
            _("Name of the company page or profile"),
            _("Address of the company page or profile"),
            _("For example https://www.xing.com/pages/your-company. It is where the post is looked for."),
        ),
    )
    conditions = (
        _(
            "XING closed its interface for software in 2019. For every article a person opens XING with the button, "
            "posts the text and marks it as posted."
        ),
        _("XING takes only the link from us and shows the page's own title and picture; the text has to be pasted."),
    )
    hosts = {"web": "https://www.xing.com"}
    limits = Limits(length=420, count=counting.characters, link=LinkPlace.CARD)
    style = Style(target=400, sentences=2, body=True)

    def share_link(self, message: Message) -> str:
        """The share dialog with the article's address: the only thing that it takes."""
        return link_to(self.url("{web}/spi/shares/new"), url=message.link) if message.link else ""
