"""Reddit: a person submits the article's link. Since November 2025 new apps need Reddit's approval, site by site.

Facts: announcement in r/redditdev (2025-11, as mirrored) on the Responsible Builder Policy; the address as in
bradvin/social-share-urls (not tried live in 2026); 300 characters of a title as in production clients
(gitroomhq/postiz-app, 2026-08).
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.base import BaseBackend, link_to
from wagtail_syndicate.backends.by_hand import presence
from wagtail_syndicate.compose import counting
from wagtail_syndicate.types import Limits, LinkPlace, Message, Reach, Region, Shape, Style


TITLE_LENGTH = 300


class Backend(BaseBackend):
    """A subreddit or profile: the link and its title are handed over, a person submits them."""

    name = "reddit"
    label = "Reddit"
    icon = "syndicate-reddit"
    shape = Shape.LINK
    region = Region.GLOBAL
    reach = Reach.ASSISTED
    auth = (
        presence(
            _("Name of the subreddit or profile"),
            _("Address of the subreddit or profile"),
            _("For example https://www.reddit.com/r/your-subreddit/. It is where the post is looked for."),
        ),
    )
    conditions = (
        _("Reddit approves new apps one by one. For every article a person opens Reddit with the button and submits."),
        _("Subreddits have rules of their own about links to one's own site. Read them before you post."),
    )
    hosts = {"web": "https://www.reddit.com"}
    limits = Limits(length=TITLE_LENGTH, count=counting.characters, link=LinkPlace.CARD)
    style = Style(title="", target=TITLE_LENGTH)

    def share_link(self, message: Message) -> str:
        """Reddit's page for a new post, filled in. On Reddit a link's title is the post: the editor's wording where
        there is one, else the article's title; a generated summary is for the field below it."""
        if not message.link:
            return ""
        words = message.text if message.source == "account" else message.title
        title = " ".join(words.split())[:TITLE_LENGTH]
        return link_to(self.url("{web}/submit"), url=message.link, title=title)
