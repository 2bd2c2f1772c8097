"""A page's tags as hashtags."""

from __future__ import annotations

from collections.abc import Iterable

import regex

from wagtail_syndicate.compose.text import clean


WORD = regex.compile(r"[\p{L}\p{M}\p{N}_]+")
# "Children's books" is no #ChildrenSBooks, but "qualité de l'eau" is #QualitéDeLEau; elsewhere it is a letter's sign.
ELISION = regex.compile(r"(?<=\p{Latin})['’](?=\p{Latin}{3})")
APOSTROPHE = regex.compile(r"(?<=\p{L})['’ʼ](?=\p{L})")
CASELESS = regex.compile(r"[\p{Lo}--[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]]", regex.VERSION1)
HAS_LETTER = regex.compile(r"\p{L}")
# A topic may not reach into what follows, and "#" opens one; a sharp names C# and F# without it.
SHARP = regex.compile(r"(?<=\b\p{Lu})[#＃](?![\p{L}\p{N}_])")
HASH = regex.compile(r"[#＃]")


def hashtags(tags: Iterable[str], pattern: str) -> list[str]:
    """The tags as hashtags, in order, each once whatever its case; those without any letter are left out.

    Several words are run together with capitals ("water quality" -> "#WaterQuality"), so that screen readers can tell
    them apart, see :func:`joined`; networks end a hashtag at anything but letters, digits and the underscore.

    :param pattern: how the network writes one: ``#{}`` or ``#{}#``.
    """
    found = {}
    for tag in tags:
        words = WORD.findall(APOSTROPHE.sub("", ELISION.sub(" ", clean(tag))))
        name = words[0] if len(words) == 1 else joined(words)
        if name and HAS_LETTER.search(name):
            found.setdefault(name.casefold(), pattern.format(name))
    return list(found.values())


def joined(words: list[str]) -> str:
    """Several words as one that can still be read: with capitals, or underscores in scripts that have none.

    Chinese, Japanese and Korean tags need neither.
    """
    if any(CASELESS.match(word) for word in words):
        return "_".join(words)
    return "".join(word[:1].upper() + word[1:] for word in words)


def without_hashes(text: str) -> str:
    """The text without any number sign, for networks that refuse posts with topics."""
    return HASH.sub("", SHARP.sub("♯", text))
