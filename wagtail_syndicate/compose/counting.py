"""How the networks count the length of a text.

Where a rule is not public, or a case of it is not certain, these count too much rather than too little: a post that is
a few characters shorter than it could be reads the same, one that is too long is refused.
"""

from __future__ import annotations

import unicodedata

import regex

from wagtail_syndicate.compose.tlds import COUNTRIES, GENERIC, INTERNATIONAL


X_URL = 23
MAX_URL = 4096
"""Longer ones are no links to twitter-text and Mastodon, and count in full."""

# The characters that twitter-text takes into a path or query; Mastodon takes these and more.
PATH_CHARACTER = r"[a-z0-9!*';:=+,.$/%#\[\]\-\u2013_~@|&\u00c0-\u024f\u0400-\u04ff]"
PATH_END = r"[a-z0-9+\-=_#/\u00c0-\u024f\u0400-\u04ff]"
PARENTHESES = rf"\({PATH_CHARACTER}++\)"
PORT = r"(?::[0-9]++)?+"
PATH = rf"/(?:(?:{PATH_CHARACTER}|{PARENTHESES})*(?:{PATH_END}|{PARENTHESES}))?+"
QUERY = r"(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/])?+"
TAIL = rf"{PORT}(?:{PATH})?+{QUERY}"
# After a bare name, a port or query is part of the address only where there is a path too.
BARE_TAIL = rf"(?:{PORT}{PATH}{QUERY})?+"
# An address without a known name does not reach into the next one.
MAYBE_PATH = rf"/(?:(?:(?!https?://){PATH_CHARACTER})*(?!https?://){PATH_END})?+"
MAYBE_TAIL = rf"{PORT}(?:{MAYBE_PATH})?+{QUERY}"
# In "http://a:1.example.com" the second name is an address, and the first is none.
NO_NAME_AS_PORT = r"(?!:[0-9]+\.?[\w-])"
KNOWN_TLD = r"(?:\L<tlds>|xn--[a-z0-9-]+)"
TLD_ENDS = r"(?![0-9a-z@+-])"
# Behind anything else, an address may be no link.
BEGINS = r"(?<![^\s\p{Ps}\p{Pi}\p{Lo}:：，。、；！？\"'»…–—])"
LETTER = r"[^\s\p{C}!-/:-@\[-`{-~]"
LABEL = rf"(?:{LETTER}|[-_])++"
ASCII_LABEL = r"[a-z0-9\u00c0-\u024f-]{1,64}+"
SURE_LABEL = r"[a-z0-9\u00c0-\u024f](?:[a-z0-9\u00c0-\u024f-]{0,61}[a-z0-9\u00c0-\u024f])?"

NAME = rf"{LETTER}(?:(?:{LETTER}|[-_])*{LETTER})?"

LINK = rf"{BEGINS}https?://(?:{NAME}\.){{1,16}}{KNOWN_TLD}{TLD_ENDS}{TAIL}"
# Addresses with a scheme that may be no link to the network: on one machine, in a private network, a new domain.
MAYBE_LINK = rf"(?<![a-z0-9@＠$\#＃])https?://{LABEL}(?:\.{LABEL})*{NO_NAME_AS_PORT}{MAYBE_TAIL}"
BARE = rf"{BEGINS}(?:{SURE_LABEL}\.){{1,16}}{KNOWN_TLD}{TLD_ENDS}{BARE_TAIL}"
MAYBE_BARE = (
    rf"(?<![a-z0-9@＠$\#＃/])(?:{ASCII_LABEL}\.){{1,16}}(?:{KNOWN_TLD}|[a-z]{{3,}}){TLD_ENDS}(?!://){BARE_TAIL}"
)
EMOJI_PART = r"(?:\p{Emoji_Modifier_Base}\p{Emoji_Modifier}|\p{Extended_Pictographic})\ufe0f?"
EMOJI = rf"""
    [0-9\#*]\ufe0f?\u20e3 | \U0001f3f4[\U000e0020-\U000e007e]+\U000e007f
    | {EMOJI_PART}(?:\u200d{EMOJI_PART}){{0,3}}
"""
FLAGS = regex.VERBOSE | regex.IGNORECASE
# Two regional indicators are one emoji where they are a country's flag; some domains have none.
COUNTRY_FLAGS = frozenset(
    "".join(chr(0x1F1E6 + ord(letter) - ord("a")) for letter in code) for code in COUNTRIES - {"an", "su", "tp", "uk"}
)
TLDS = COUNTRIES | GENERIC | INTERNATIONAL

FIRST_NAMES = regex.compile(r"^(?:https?://)?[^.]*(?:\.[a-z0-9-]*)?", FLAGS)
HOST = regex.compile(r"^(?:https?://)?[^/?:]*", FLAGS)
INNER_NAME = regex.compile(r"\w\.\w")
SHORTENED = regex.compile(r"https?://t\.co/", FLAGS)
X_ENTITY = regex.compile(
    rf"(?P<link>{LINK})|(?P<maybe>{MAYBE_LINK})|(?P<bare>{BARE})|(?P<maybe_bare>{MAYBE_BARE})|(?P<emoji>\L<countries>|{EMOJI})",
    FLAGS,
    tlds=TLDS,
    countries=COUNTRY_FLAGS,
)
WEB_LINK = regex.compile(rf"(?P<link>{LINK})|(?P<maybe>{MAYBE_LINK})", FLAGS, tlds=TLDS)
# As Mastodon's Account::MENTION_RE, but with plain host names only.
REMOTE_MENTION = regex.compile(r"(?<![=/\w])(@[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*)@[a-z0-9]+(?:[.-]+[a-z0-9]+)+", FLAGS)
ANY_EMOJI = regex.compile(
    rf"(?:\p{{Regional_Indicator}}{{2}}|{EMOJI}|\p{{Emoji_Presentation}}|\p{{Extended_Pictographic}}|[\ufe0f\u200d])",
    FLAGS,
)
# learn.microsoft.com, Posts API, little text format (read 2026-11).
LINKEDIN_RESERVED = regex.compile(r"[|{}@\[\]()<>#\\*_~]")
WEIBO_HOST = regex.compile(r"https?://(?:[\w-]+\.)*(?:weibo|sina)\.", FLAGS)


def characters(text: str) -> int:
    """Unicode code points: what "characters" means where a network says no more (VK, XING; 2026-11)."""
    return len(text)


def graphemes(text: str) -> int:
    """Extended grapheme clusters, what a reader takes for one character (Unicode annex 29; Bluesky, 2026-11)."""
    if text.isascii() and "\r" not in text:
        return len(text)
    return sum(1 for _ in regex.finditer(r"\X", text))


def utf16(text: str) -> int:
    """UTF-16 code units, in which Telegram and LINE measure texts and offsets (Bot API documents, 2026-11)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def x_weighted(text: str) -> int:
    """The weighted length of a post on X; 280 is the most.

    After twitter-text's configuration v3 (repository twitter/twitter-text, last changed 2021-10; read 2026-11): the
    text in NFC; an address counts 23, also a bare ``example.com``; an emoji 2 however many code points it has; Latin,
    Cyrillic, Arabic and other characters below U+1100 and common punctuation 1; everything else 2.
    """
    text = unicodedata.normalize("NFC", text)
    total = end = 0
    for match in X_ENTITY.finditer(text):
        total += x_plain(text[end : match.start()]) + x_entity(match)
        end = match.end()
    return total + x_plain(text[end:])


def x_entity(match: regex.Match) -> int:
    """The weight of one address or emoji."""
    found = match.group()
    if match["emoji"]:
        return 2
    # twitter-text takes an accented first letter for the character before the address.
    url = X_URL + (found[0] > "\x7f")
    if match["maybe"] or match["maybe_bare"] or SHORTENED.match(found):
        # Any of its names may end the address, so that the rest would count in full, with addresses of its own.
        inner = len(INNER_NAME.findall(HOST.sub("", found)))
        return max(url + x_plain(FIRST_NAMES.sub("", found)), x_plain(found)) + X_URL * inner
    if len(found) > MAX_URL or overlong_label(found):
        return max(url, x_plain(found))
    return url


def overlong_label(address: str) -> bool:
    """Whether a part of the address's host is longer than a name may be: 63 octets, in its ASCII form."""
    host = regex.split(r"[/?:]", address.partition("://")[2] or address, maxsplit=1)[0]
    try:
        host.encode("idna")
    except UnicodeError:
        return True
    return False


def x_plain(text: str) -> int:
    """The weight of text that holds no addresses and no emoji."""
    if text.isascii():
        return len(text)
    return sum(
        1 if code <= 0x10FF or 0x2000 <= code <= 0x200D or 0x2010 <= code <= 0x201F or 0x2032 <= code <= 0x2037 else 2
        for code in map(ord, text)
    )


def mastodon(text: str, url_length: int = 23) -> int:
    """The length of a status: graphemes, with ``http(s)`` addresses at a fixed cost and remote mentions without host.

    After StatusLengthValidator in mastodon/mastodon and the API documents on posting (2026-11).

    :param url_length: what an address costs on the account's server: ``characters_reserved_per_url`` of its instance
        document (23 on all unmodified servers).
    """
    total = end = 0
    for match in WEB_LINK.finditer(text):
        total += mastodon_plain(text[end : match.start()])
        certain = match["link"] and len(match.group()) <= MAX_URL and not overlong_label(match.group())
        total += url_length if certain else max(url_length, graphemes(match.group()))
        end = match.end()
    return total + mastodon_plain(text[end:])


def mastodon_plain(text: str) -> int:
    return graphemes(REMOTE_MENTION.sub(r"\1", text))


def weibo(text: str) -> int:
    """The length of a Weibo post as its web editor counts; ``statuses/share`` takes 140.

    A Chinese character is 1, an ASCII character a half, an address 10 and, from 141 bytes, a half for each byte more;
    an address on Weibo's own hosts is never less than its true length. ``https`` is taken to cost as much as ``http``,
    and an emoji as much as its two UTF-16 units. After the counting script that Sina's staff published (repository
    zythum/new-relationship-list, about 2012; read 2026-11): the interface itself is not documented to count so.
    """
    total = end = 0
    for match in WEB_LINK.finditer(text):
        found = match.group()
        cost = 20 + max(0, len(found.encode("utf-8", "surrogatepass")) - 140)
        total += half_widths(text[end : match.start()])
        total += cost if match["link"] and not WEIBO_HOST.match(found) else max(cost, half_widths(found))
        end = match.end()
    return -(-(total + half_widths(text[end:])) // 2)


def half_widths(text: str) -> int:
    return sum(1 if character < "\x80" else 2 * utf16(character) for character in text)


def bluesky(text: str) -> int:
    """The length of a Bluesky post: graphemes, or tenths of its UTF-8 bytes where that is more.

    A record takes 300 graphemes and 3,000 bytes (lexicon app.bsky.feed.post; read 2026-11), so 300 is the most here.
    """
    return max(graphemes(text), -(-len(text.encode("utf-8", "surrogatepass")) // 10))


def threads(text: str) -> int:
    """The length of a post on Threads: 1 for a character, an emoji its bytes in UTF-8; 500 is the most.

    After "emoji are counted as the number of UTF-8 bytes" (developers.facebook.com/docs/threads, read 2026-11). What
    else counts more than 1 is not documented, so only code points are certain to be counted right.
    """
    extra = sum(
        len(found.encode("utf-8", "surrogatepass")) - len(found)
        for found in (match.group() for match in ANY_EMOJI.finditer(text))
    )
    return len(text) + extra


def linkedin(text: str) -> int:
    """The length of a LinkedIn commentary as it is sent: with a backslash before each reserved character.

    Microsoft names no limit; clients agree on 3,000. Whether the backslashes count is not documented (2026-11), and
    so they do here.
    """
    return utf16(text) + len(LINKEDIN_RESERVED.findall(text))
