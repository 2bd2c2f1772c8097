"""What Bluesky keeps of a post: its record key, its record, the marked parts of its text. Pure.

Sources: atproto.com/specs/tid and the lexicons app.bsky.feed.post, app.bsky.richtext.facet, app.bsky.embed.external
(bluesky-social/atproto, 2026-08-20); which words are links and hashtags as in @atproto/api 0.19.8.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import regex

from wagtail_syndicate.compose import counting
from wagtail_syndicate.keys import moment
from wagtail_syndicate.types import LINK_ENDS, Message


COLLECTION = "app.bsky.feed.post"
SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"
TAG_LENGTH = 64  # UTF-16 units; the lexicon takes as many graphemes

INVISIBLE = r"\u00ad\u2060\u200a-\u200d\u20e2"
TAG = rf"(?:^|(?<=\s))[#＃](?!\ufe0f)(?P<tag>[^\s{INVISIBLE}]*[^0-9\s\p{{P}}{INVISIBLE}][^\s{INVISIBLE}]*)"
ADDRESS = r"(?:^|(?<=[\s(]))(?P<address>https?://\S+)"
# The article's own address wherever it stands, also right after a character that is no space (Chinese, Japanese).
OWN = rf"(?P<own>\L<own>){LINK_ENDS}"
MARKED = rf"{OWN}|{ADDRESS}|{TAG}"
LAST_PUNCTUATION = regex.compile(r"\p{P}+$")
USABLE = regex.compile(r"https?://[^\s/]\S*")

AROUND_HANDLES = "@ \u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
LANGUAGE = regex.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", regex.IGNORECASE)


def bare_handle(given: str) -> str:
    """A handle without its page's address and what is copied along: the sign before it, marks of direction."""
    return regex.sub(r"^https?://.*/profile/", "", given).strip(AROUND_HANDLES)


def record_key(key: str) -> str:
    """The record key of a delivery's post: a TID of 13 characters, always the same for one ``key``.

    53 bits are the key's time in microseconds, whose last three digits and the 10 bits of the "clock id" are taken
    from the key's random part.
    """
    number = uuid.UUID(key).int
    random = number & (1 << 62) - 1
    microseconds = (number >> 80) * 1000 + random % 1000
    value = microseconds << 10 | random // 1000 % 1024
    return "".join(SORTABLE[value >> shift & 31] for shift in range(60, -1, -5))


def post_record(message: Message, thumb: Mapping[str, Any] | None, key: str) -> dict[str, Any]:
    """The record of a post. The same arguments give the same bytes: its date is that of the key.

    :param thumb: the picture of the card, as ``uploadBlob`` answered.
    """
    record: dict[str, Any] = {"$type": COLLECTION, "text": message.text, "createdAt": created_at(key)}
    if language := language_tag(message.language):
        record["langs"] = [language]
    if facets := list(find_facets(message.text, message.link)):
        record["facets"] = facets
    if message.link:
        card = {"uri": message.link, "title": message.title or message.link, "description": message.description}
        record["embed"] = {
            "$type": "app.bsky.embed.external",
            "external": {**card, "thumb": dict(thumb)} if thumb else card,
        }
    return record


def created_at(key: str) -> str:
    """When a delivery was planned, as records say it: ``2026-11-23T10:00:00.000Z``."""
    return moment(key).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def language_tag(language: str) -> str:
    """A language as BCP 47 writes it, ``zh-Hans`` for ``zh-hans``; "" for what is none."""
    if not LANGUAGE.fullmatch(language):
        return ""
    first, *others = language.split("-")
    forms = {2: str.upper, 4: str.title}
    return "-".join([first.lower(), *(forms.get(len(part), str.lower)(part) for part in others)])


def find_facets(text: str, link: str = "") -> Iterator[dict[str, Any]]:
    """The addresses and hashtags in ``text``, by UTF-8 bytes, in order and without overlap.

    Without a facet an address cannot be clicked and a hashtag does not lead anywhere. There are none for mentions:
    a post of ours notifies nobody.

    :param link: the article's own address.
    """
    for found in regex.finditer(MARKED, text, own=[link] if link else ["\0"]):
        if tag := found["tag"]:
            tag = LAST_PUNCTUATION.sub("", tag)
            start, end = found.start(), found.start("tag") + len(tag)
            feature = {"$type": "app.bsky.richtext.facet#tag", "tag": tag}
            if not 0 < counting.utf16(tag) <= TAG_LENGTH:
                continue
        else:
            address = found["own"] or without_ending(found["address"])
            start, end = found.start(), found.start() + len(address)
            feature = {"$type": "app.bsky.richtext.facet#link", "uri": address}
            if not USABLE.fullmatch(address):
                continue
        index = {"byteStart": len(text[:start].encode()), "byteEnd": len(text[:end].encode())}
        yield {"index": index, "features": [feature]}


def without_ending(address: str) -> str:
    """An address without the punctuation of the sentence that it ends."""
    if address[-1] in ".,;:!?":
        address = address[:-1]
    return address[:-1] if address.endswith(")") and "(" not in address else address


def claims(token: str) -> dict[str, Any]:
    """What a server's token says of itself (RFC 7519), unchecked; {} when it is no JWT."""
    try:
        payload = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def ends_at(token: str) -> datetime | None:
    """When a server's token ends, as it says itself."""
    end = claims(token).get("exp")
    return datetime.fromtimestamp(end, UTC) if isinstance(end, int) and 0 < end < 1 << 40 else None
