"""Reading text the way networks do: links in it, and its length by each network's own rule."""

import math
import re

import regex
from markupsafe import Markup, escape
from twitter_text import extract_urls_with_indices, parse_tweet

from .state import host_of


_NOT_IN_LINKS = r"\s<>\"“”«»‘’\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef"
_LINK = re.compile(rf"https?://[^{_NOT_IN_LINKS}]+", re.IGNORECASE)
_ASCII_LINK = re.compile(r"https?://[!#-;=?-~]+", re.IGNORECASE)
_LOOPBACK_LINK = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?=[/?#\s]|$)", re.IGNORECASE)
_REMOTE_MENTION = re.compile(r"(?<![\w/])@(\w+)@[\w.-]+\w")
_HASHTAG = re.compile(r"(?<![\w/&])#(\w*[^\W\d_]\w*)")
_WEIBO_HOSTS = ("weibo.com", "weibo.cn", "sina.com.cn", "sina.cn", "t.cn")


def find_links(text: str) -> list[tuple[int, int, str]]:
    """The http(s) links in ``text`` as (start, end, link), punctuation after a link left out."""
    found = []
    for match in _LINK.finditer(text):
        link = match.group().rstrip(".,;:!?'…*_")
        if link.endswith(")") and "(" not in link:
            link = link.rstrip(").,;:!?")
        found.append((match.start(), match.start() + len(link), link))
    return found


def first_link(text: str) -> str | None:
    """The first http(s) link in ``text``."""
    return next((link for _, _, link in find_links(text)), None)


def hashtags(text: str) -> list[str]:
    """Hashtags without their sign, in order of appearance."""
    return _HASHTAG.findall(text)


def linkify(text: str) -> Markup:
    """``text`` as HTML: links clickable, line breaks kept by CSS."""
    parts, position = [], 0
    for start, end, link in find_links(text):
        parts.append(escape(text[position:start]))
        parts.append(Markup('<a href="{0}" rel="nofollow">{0}</a>').format(link))
        position = end
    parts.append(escape(text[position:]))
    return Markup("").join(parts)


def mastodon_length(text: str, spoiler: str = "") -> int:
    """Grapheme clusters of warning and text; a link counts 23, a remote mention only its local part.

    Source: mastodon/mastodon status_length_validator.rb and docs user/posting.md (read 2026-07).
    """
    shortened, position = [], 0
    for start, end, _ in find_links(text):
        shortened += [text[position:start], "x" * 23]
        position = end
    shortened.append(text[position:])
    counted = _REMOTE_MENTION.sub(r"@\1", "".join(shortened))
    return len(regex.findall(r"\X", spoiler + counted))


def x_weighted_length(text: str) -> int:
    """The weighted length of twitter-text's config v3.

    Loopback addresses count as links, because here they stand for the site's public address.
    """
    return parse_tweet(_with_public_hosts(text)).weightedLength


def x_text_is_valid(text: str, limit: int) -> bool:
    """Whether X takes ``text``: not empty, no forbidden character, at most ``limit`` weighted characters."""
    parsed = parse_tweet(_with_public_hosts(text))
    return 0 < parsed.weightedLength <= limit and (parsed.valid or parsed.weightedLength > 280)


def x_links(text: str) -> list[tuple[int, int, str]]:
    """What X turns into t.co links: (start, end, link as written), bare domains included."""
    found = {(start, end): link for start, end, link in find_links(text) if _LOOPBACK_LINK.match(link)}
    for url in extract_urls_with_indices(text):
        start, end = url["indices"]
        if not any(start < other_end and end > other_start for other_start, other_end in found):
            found[start, end] = url["url"]
    return sorted((start, end, link) for (start, end), link in found.items())


def _with_public_hosts(text: str) -> str:
    return _LOOPBACK_LINK.sub("https://site.example.com", text)


def weibo_links(text: str) -> list[str]:
    """The links in a Weibo text: ASCII only, so that Chinese may follow without a space."""
    return [match.group().rstrip(".,;:!?)'") for match in _ASCII_LINK.finditer(text)]


def weibo_length(text: str) -> int:
    """Weibo's length: a wide character 1, an ASCII character 1/2, a link 10 (more above 140 bytes), rounded up.

    Source: Weibo's own web counting script, reproduced in zythum/new-relationship-list (about 2012); that https
    counts like http is an assumption.
    """
    half_widths = 0
    rest = text
    for link in weibo_links(text):
        rest = rest.replace(link, "", 1)
        host = host_of(link)
        own_host = any(host == known or host.endswith("." + known) for known in _WEIBO_HOSTS)
        if host == "t.cn":
            continue
        half_widths += len(link) if own_host and len(link) <= 41 else 20 + max(len(link) - 140, 0)
    half_widths += sum(1 if ord(character) < 128 else 2 for character in rest)
    return math.ceil(half_widths / 2)


def utf16_length(text: str) -> int:
    """UTF-16 code units, in which Telegram counts."""
    return len(text.encode("utf-16-le")) // 2
