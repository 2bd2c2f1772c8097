"""What VK makes of text and what it shows of a post: mentions, attachments, likeness.

Sources: dev.vk.com (wall.post, wall.get), the official VK schema 5.199 (VKCOM/vk-api-schema), June 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

from wagtail_syndicate.backends.likeness import same_text
from wagtail_syndicate.types import Message


# An address, a mention in brackets, or a mention that begins with @ or *.
MARKUP = re.compile(
    r"(?P<address>https?://\S+)"
    r"|(?P<bracket>\[)(?=(?:id|club|public|event)\d+(?::[^|\]]*)?\|)"
    r"|(?<![\w/])(?P<at>@)(?=[A-Za-z0-9_])"
    r"|(?<!\w)(?P<star>\*)(?=(?:id|club|public|event)\d)"
)
WORD_JOINER = "\u2060"
HOST = re.compile(r"(?:https?://)?(?:m\.|www\.)?vk\.(?:com|ru)(?:/|$)")
NUMBER = re.compile(r"(?:-|club|public|event)?(\d+)")
NAME = re.compile(r"[A-Za-z_][\w.]+", re.ASCII)


def without_mentions(text: str) -> str:
    """``text`` as it reads, with nothing in it that VK takes for a mention: an invisible sign breaks the markup."""
    return MARKUP.sub(lambda found: found[0] if found["address"] else found[0] + WORD_JOINER, text)


def community_name(given: str) -> str:
    """A community as VK's methods name it, digits or a short name, from its number or address; "" for neither."""
    last = re.split(r"[?#]", HOST.sub("", given.strip()))[0].rstrip("/").rpartition("/")[2]
    if number := NUMBER.fullmatch(last):
        return number[1]
    return last.lower() if NAME.fullmatch(last) else ""


def photo_name(photo: Any) -> str:
    """A photo as it is attached to a post; "" for what is no photo."""
    return _name("photo", photo) if isinstance(photo, Mapping) else ""


def kept_attachments(post: Mapping[str, Any]) -> tuple[list[str], bool]:
    """What is attached to a post: the names of all but links, and whether there is a link."""
    kept, has_link = [], False
    for attachment in _attachments(post):
        kind = attachment.get("type", "")
        if kind == "link":
            has_link = True
        elif name := _name(kind, attachment.get(kind) or {}):
            kept.append(name)
    return kept, has_link


def shows(post: Mapping[str, Any], message: Message) -> bool:
    """Whether a post of a wall is the message: the same words, and no card of another link.

    A post without any card counts too: VK may drop one, and a message that is taken for absent is sent twice.
    """
    text = unescape(post.get("text") or "")
    if same_text(message.text_with_link, text):
        return True
    links = [str((attachment.get("link") or {}).get("url", "")) for attachment in _attachments(post)]
    links = [link for link in links if link]
    known = any(same_text(message.link, link) for link in links) if message.link and links else bool(message.text)
    return known and same_text(message.text, text)


def _attachments(post: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (attachment for attachment in post.get("attachments") or () if isinstance(attachment, Mapping))


def _name(kind: str, item: Mapping[str, Any]) -> str:
    if not item.get("owner_id") or not item.get("id"):
        return ""
    key = item.get("access_key")
    return f"{kind}{item['owner_id']}_{item['id']}" + (f"_{key}" if key else "")
