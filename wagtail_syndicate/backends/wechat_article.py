"""An article as WeChat takes it, and whether one that it lists is the one that was sent.

Sources: developers.weixin.qq.com (draft/add, draft/batchget, freepublish/batchget), as stored in November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.encoding import iri_to_uri
from django.utils.html import escape

from wagtail_syndicate.backends.likeness import same_text
from wagtail_syndicate.compose.cutting import cut
from wagtail_syndicate.types import Message, names_link


TITLE = 32  # characters; so says the document of draft/add, and the title is cut to it
DIGEST = 120  # characters; documents name 120 and 128
SOURCE_URL = 1024  # bytes
CONTENT = 20_000  # characters of HTML, tags included (answer of the network's staff, December 2024)
FRAME = 2_500  # of these, for the picture and the link


def paragraphs(text: str) -> str:
    """The text as HTML: a blank line parts paragraphs, any other line break stays one."""
    parts = [part.strip() for part in text.replace("\r\n", "\n").split("\n\n")]
    return "".join(f"<p>{escape(part)}</p>".replace("\n", "<br>") for part in parts if part)


def written(text: str) -> int:
    """The length of a text as WeChat counts it: with its markup."""
    return len(paragraphs(text))


def article(message: Message, picture: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The article as ``draft/add`` takes it; its digest, which readers see first, is the beginning of the text.

    The link stands in the article as text, because most accounts may not link to other sites, and behind "read the
    original", which is where readers look for it.
    """
    link = iri_to_uri(message.link)
    is_there = not link or names_link(message.text, link) or names_link(message.text, message.link)
    # What readers of Chinese look for; an address alone says as much to all others.
    source = f"原文：{link}" if message.language.lower().partition("-")[0] == "zh" else link
    fields = {
        "article_type": "news",
        "title": cut(message.title or " ".join(message.text.split()), TITLE, len),
        "digest": cut(" ".join(message.text.split()), DIGEST, len),
        "content": paragraphs(message.text if is_there else f"{message.text}\n\n{source}"),
    }
    if picture:
        shown = f'<p><img src="{escape(picture["url"])}" alt="{escape(picture["alt"])}"></p>'
        fields |= {"thumb_media_id": picture["cover"], "content": shown + fields["content"]}
    if link and len(link.encode()) < SOURCE_URL:
        fields["content_source_url"] = link
    return fields


def is_listed(item: Mapping[str, Any], sent: Mapping[str, Any], since: datetime) -> bool:
    """Whether a list's item is the article that was sent, and changed after ``since``.

    :raises LookupError, TypeError, ValueError: the item is not what WeChat documents.
    """
    news = item["content"]["news_item"][0]
    same = same_text(sent["title"], news["title"]) and same_text(sent["digest"], news["digest"])
    # WeChat's times are whole seconds.
    return same and changed_at(item) >= since.replace(microsecond=0)


def changed_at(item: Mapping[str, Any]) -> datetime:
    """When a list's item changed; :raises LookupError, TypeError, ValueError: it does not say."""
    return datetime.fromtimestamp(int(item["update_time"]), UTC)
