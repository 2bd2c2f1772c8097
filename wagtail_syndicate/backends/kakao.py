"""KakaoStory, Korea: a person shares the link. Its interface for posting is no longer among Kakao's documents.

Facts: the address as collected in bradvin/social-share-urls (whether it still answers is not known, 2026-11); texts of
more than 2,000 characters as in articles about its editor (2015). KakaoTalk has a share button for visitors and paid
messages for companies, but no posts.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.base import BaseBackend, link_to
from wagtail_syndicate.backends.by_hand import presence
from wagtail_syndicate.compose import counting
from wagtail_syndicate.types import Limits, LinkPlace, Message, Reach, Region, Shape, Style


class Backend(BaseBackend):
    """A story or channel at KakaoStory: the text is composed here, a person posts it."""

    name = "kakao"
    label = "KakaoStory"
    icon = "syndicate-kakao"
    shape = Shape.CHAT
    region = Region.KOREA
    reach = Reach.ASSISTED
    auth = (
        presence(
            _("Name of the story or channel"),
            _("Address of the story or channel"),
            _("For example https://story.kakao.com/ch/your-channel. It is where the post is looked for."),
        ),
    )
    conditions = (
        _("Kakao no longer offers a way for software to post. For every article a person opens KakaoStory and posts."),
        _("Whether KakaoStory's share dialog still works is not known. The copied text and the link are enough."),
    )
    hosts = {"web": "https://story.kakao.com"}
    limits = Limits(length=2000, count=counting.characters, link=LinkPlace.CARD)
    style = Style(title="", target=300, hashtags=3, paragraphs=True)

    def share_link(self, message: Message) -> str:
        """The share dialog with the article's address: the only thing that it takes."""
        return link_to(self.url("{web}/share"), url=message.link) if message.link else ""
